"""The kernel's RS-485 mode: the bytes it takes, and a port whose driver has none."""

import asyncio
import struct

import pytest
from modbus_far_end import ScriptedMeter

from config.schema import MeterMap, Rs485
from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterPortError
from drivers.meter.meter import Meter
from drivers.meter.rs485 import packed
from drivers.meter.serial_line import SerialLine

SER_RS485_ENABLED, SER_RS485_RTS_ON_SEND, SER_RS485_RTS_AFTER_SEND = 1, 2, 4  # linux/serial.h


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        (Rs485(), SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND),
        (Rs485(rts_on_send=False, rts_after_send=True), SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND),
        (Rs485(rts_on_send=False), SER_RS485_ENABLED),
    ],
)
def test_the_flags_are_the_kernels(settings: Rs485, flags: int) -> None:
    data = packed(settings)
    assert len(data) == 32
    assert struct.unpack_from("=I", data) == (flags,)


def test_the_delays_follow_in_milliseconds() -> None:
    data = packed(Rs485(delay_before_send_ms=3, delay_after_send_ms=7))
    assert struct.unpack_from("=III", data)[1:] == (3, 7)


def test_a_port_whose_driver_has_no_such_mode_says_what_to_change(
    far_end: ScriptedMeter, sdm630: MeterMap
) -> None:
    """A pseudo terminal has none."""

    async def run() -> None:
        far_end.listen()
        bus = MeterBus(SerialLine(str(far_end.link), rs485=Rs485()))
        with pytest.raises(MeterPortError, match=r"no RS-485 mode .*; leave out rs485 in the board file"):
            await Meter(bus, 1, sdm630).sample(full=True)
        await bus.close()

    asyncio.run(run())
