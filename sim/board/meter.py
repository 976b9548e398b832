"""The simulated Modbus meters: units of one meter map on one serial line, served by pymodbus."""

import logging
from collections import deque
from collections.abc import Callable, Mapping

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerRTU
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from sim.board.meter_map import DEFAULT, Health, Measured, SimMap, read_map
from sim.board.signing_meter import Signer

_ADDRESSES = 65536
_REMEMBERED = 32

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs each bad frame; they are made on purpose


class MeterBus:
    """Meters on the device side of a serial line. ``units`` gives, per unit, what it measures when asked.

    ``health`` of a unit may be set: a silent one does not answer; a junk one answers with, in turn, a wrong
    checksum, another unit's number, a reply cut short, and noise. ``signers`` are the signing registers of
    those that sign. ``asked`` are the last reads and writes: unit, function, address, count.
    """

    def __init__(
        self,
        tty: str,
        units: Mapping[int, Callable[[], Measured]],
        kind: SimMap | None = None,
        signers: Mapping[int, Signer] | None = None,
    ) -> None:
        self.health: dict[int, Health] = dict.fromkeys(units, "ok")
        self.asked: deque[tuple[int, int, int, int]] = deque(maxlen=_REMEMBERED)
        self._kind = kind or SimMap(read_map(DEFAULT))
        self._signers = signers or {}
        self._junk_count = 0
        self._server = ModbusSerialServer(
            [self._device(unit, measure) for unit, measure in units.items()],
            port=tty,
            trace_packet=self._trace_packet,
        )

    async def start(self) -> None:
        """Serve until `stop`."""
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Leave the line."""
        await self._server.shutdown()  # type: ignore[no-untyped-call]

    def _device(self, unit: int, measure: Callable[[], Measured]) -> SimDevice:
        async def serve(
            function: int,
            _start: int,
            address: int,
            count: int,
            registers: list[int],
            written: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            self.asked.append((unit, function, address, count))
            signer = self._signers.get(unit)
            if signer is not None and function != 4 and signer.holds(address, count):
                if written is not None:
                    signer.write(address, [int(word) for word in written])
                else:
                    registers[address : address + count] = signer.read(address, count)
                return None
            if not self._kind.answers(function, address, count):
                return ExcCodes.ILLEGAL_ADDRESS
            held = self._kind.registers(measure(), unit)
            registers[address : address + count] = [
                held[function, at] for at in range(address, address + count)
            ]
            return None

        blank = SimData(0, count=_ADDRESSES, values=0, datatype=DataType.REGISTERS)
        return SimDevice(id=unit, simdata=[blank], action=serve)

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
