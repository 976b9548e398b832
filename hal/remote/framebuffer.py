"""The board's display over a Unix stream socket (docs/BOARD_WIRE.md)."""

import socket
import struct
from typing import Any

from hal.ports import BoardLostError

HEADER = struct.Struct("!HH")
_PATIENCE_S = 1.0


class RemoteFramebuffer:
    """`hal.ports.Framebuffer` over the socket ``<address>.fb``, RGB565 little-endian.

    ``io`` gives the ``address`` and the ``width`` and ``height`` of its ``display``.

    The connection is made when a picture is shown and made again after a loss, so a display that comes
    back shows the next picture.
    """

    def __init__(self, io: dict[str, Any]) -> None:
        self.width: int = io["display"]["width"]
        self.height: int = io["display"]["height"]
        self._address = f"{io['address']}.fb"
        self._socket: socket.socket | None = None

    def show(self, rgb565: bytes) -> None:
        """Put one whole picture on the display: width × height × 2 bytes, row by row.

        Raises BoardLostError when the board does not take it, ValueError when its size is wrong.
        """
        expected = self.width * self.height * 2
        if len(rgb565) != expected:
            raise ValueError(f"a picture of {len(rgb565)} bytes, {self.width} × {self.height} has {expected}")
        frame = HEADER.pack(self.width, self.height) + rgb565
        try:
            self._connected().sendall(frame)
        except OSError as error:
            self.close()
            raise BoardLostError(f"display at {self._address} does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection; the display keeps its last picture."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(_PATIENCE_S)
            self._socket.connect(self._address)
        return self._socket
