"""The simulated meters: Eastron SDM630 v2 units on one serial line, served by pymodbus.

Register addresses: Eastron SDM630-Modbus V2 user manual, "Modbus Protocol Register Map", input registers.
"""

import logging
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerRTU
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

REGISTERS = 80
_READ_INPUT_REGISTERS = 4

Health = Literal["ok", "silent", "junk"]

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs each bad frame; they are made on purpose


@dataclass(frozen=True)
class Measured:
    """What a meter measures at one moment; three phases each."""

    voltage_v: tuple[float, float, float]
    power_w: tuple[float, float, float]
    import_wh: float
    frequency_hz: float = 50.0


def input_registers(measured: Measured) -> list[int]:
    """Return input registers 0 to 79: big-endian float32, the high word first; unused ones are 0."""
    total_w = sum(measured.power_w)
    amperes = [w / v if v else 0.0 for w, v in zip(measured.power_w, measured.voltage_v, strict=True)]
    values = dict(zip((0x00, 0x02, 0x04), measured.voltage_v, strict=True))
    values |= zip((0x06, 0x08, 0x0A), amperes, strict=True)
    values |= zip((0x0C, 0x0E, 0x10), measured.power_w, strict=True)
    values |= {0x2A: sum(measured.voltage_v) / 3, 0x30: sum(amperes), 0x34: total_w, 0x3E: 1.0}
    values |= {0x46: measured.frequency_hz, 0x48: measured.import_wh / 1000}
    registers = [0] * REGISTERS
    for at, value in values.items():
        registers[at : at + 2] = struct.unpack(">HH", struct.pack(">f", value))
    return registers


class MeterBus:
    """Meters on the device side of a serial line. ``units`` gives, per unit, what it measures when asked.

    ``health`` of a unit may be set: a silent one does not answer; a junk one answers with, in turn, a wrong
    checksum, another unit's number, a reply cut short, and noise.
    """

    def __init__(self, tty: str, units: Mapping[int, Callable[[], Measured]]) -> None:
        self.health: dict[int, Health] = dict.fromkeys(units, "ok")
        self._junk_count = 0
        self._server = ModbusSerialServer(
            [_device(unit, measure) for unit, measure in units.items()],
            port=tty,
            trace_packet=self._trace_packet,
        )

    async def start(self) -> None:
        """Serve until `stop`."""
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Leave the line."""
        await self._server.shutdown()  # type: ignore[no-untyped-call]

    def _trace_packet(self, sending: bool, data: bytes) -> bytes:
        if not sending:
            return data
        match self.health.get(data[0], "silent"):
            case "ok":
                return data
            case "junk":
                self._junk_count += 1
                return _junk(data, self._junk_count)
            case _:
                return b""


def _device(unit: int, measure: Callable[[], Measured]) -> SimDevice:
    async def refresh(
        function: int,
        _start: int,
        _address: int,
        _count: int,
        registers: list[int],
        _values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if function != _READ_INPUT_REGISTERS:
            return ExcCodes.ILLEGAL_FUNCTION
        registers[:REGISTERS] = input_registers(measure())
        return None

    blank = SimData(0, count=REGISTERS, values=0, datatype=DataType.REGISTERS)
    return SimDevice(id=unit, simdata=[blank], action=refresh)


def _junk(frame: bytes, count: int) -> bytes:
    match count % 4:
        case 1:
            return frame[:-1] + bytes([frame[-1] ^ 0x55])
        case 2:
            other = bytes([frame[0] % 247 + 1]) + frame[1:-2]
            return other + FramerRTU.compute_CRC(other).to_bytes(2, "big")
        case 3:
            return frame[: len(frame) // 2]
        case _:
            return bytes((byte * 31 + count) & 0xFF for byte in frame)
