"""The kernel's RS-485 mode: the serial driver itself turns the transceiver to talk and to listen."""

import fcntl
import struct

from config.schema import Rs485

_TIOCSRS485 = 0x542F
_ENABLED, _RTS_ON_SEND, _RTS_AFTER_SEND = 1, 2, 4
_LAYOUT = struct.Struct("@III20x")
"""``struct serial_rs485``: flags, delays before and after sending in ms (linux/serial.h)."""


def switch_on(descriptor: int, settings: Rs485) -> None:
    """Put an open port into the mode. Raises OSError when its kernel driver has none."""
    fcntl.ioctl(descriptor, _TIOCSRS485, packed(settings))


def packed(settings: Rs485) -> bytes:
    """Return ``struct serial_rs485`` as the kernel takes it."""
    flags = _ENABLED
    flags |= _RTS_ON_SEND if settings.rts_on_send else 0
    flags |= _RTS_AFTER_SEND if settings.rts_after_send else 0
    return _LAYOUT.pack(flags, settings.delay_before_send_ms, settings.delay_after_send_ms)
