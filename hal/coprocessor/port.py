"""A serial port in raw mode that never waits, straight on termios.

Not pyserial: of a serial library the interlock, which counts its memory, would use open, read and write.
"""

import fcntl
import os
import termios

from hal.ports import BoardLostError

_SPEEDS = {
    int(name[1:]): value
    for name, value in vars(termios).items()
    if name[0] == "B" and name[1:].isdigit() and name != "B0"
}


class SerialPort:
    """``device`` at ``baudrate``, 8N1, no flow control, for this process alone; what waited there is dropped.

    Raises BoardLostError when it cannot be opened or set, ValueError for a baud rate that no port has.
    """

    def __init__(self, device: str, baudrate: int) -> None:
        if baudrate not in _SPEEDS:
            known = ", ".join(map(str, sorted(_SPEEDS)))
            raise ValueError(f"{device}: {baudrate} baud: a serial port has no such speed; there is {known}")
        self._descriptor = -1
        try:
            self._descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _make_raw(self._descriptor, _SPEEDS[baudrate])
        except BlockingIOError as error:
            self.close()
            raise BoardLostError(f"{device} is in use by another process") from error
        except (OSError, termios.error) as error:
            self.close()
            raise BoardLostError(f"{device} cannot be opened as a serial port: {error.args[1]}") from error

    def fileno(self) -> int:
        """Return the descriptor, readable when bytes have come or the port is gone; -1 after `close`."""
        return self._descriptor

    def read(self, most: int) -> bytes:
        """Return up to ``most`` bytes that have come, nothing when none have. Raises BoardLostError."""
        try:
            data = os.read(self._descriptor, most)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise BoardLostError(f"has lost its port ({error.strerror})") from error
        if not data:
            raise BoardLostError("has lost its port (hung up)")
        return data

    def write(self, data: bytes) -> None:
        """Send all of ``data``. Raises BoardLostError, also when the port takes it only in part."""
        try:
            written = os.write(self._descriptor, data)
        except BlockingIOError:
            written = 0
        except OSError as error:
            raise BoardLostError(f"has lost its port ({error.strerror})") from error
        if written != len(data):
            raise BoardLostError("does not take what is sent (the port's buffer is full)")

    def close(self) -> None:
        """Close it; what was written still goes out."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _make_raw(descriptor: int, speed: int) -> None:
    """Set 8N1, no flow control, bytes as they come; a read without bytes says so (VMIN 1, O_NONBLOCK)."""
    _, _, _, _, _, _, control = termios.tcgetattr(descriptor)
    control[termios.VMIN], control[termios.VTIME] = 1, 0
    local_line = termios.CS8 | termios.CREAD | termios.CLOCAL
    termios.tcsetattr(descriptor, termios.TCSANOW, [0, 0, local_line, 0, speed, speed, control])
    termios.tcflush(descriptor, termios.TCIOFLUSH)
