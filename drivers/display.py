"""The customer display: whole pictures on a framebuffer, each only once."""

from hal.ports import Framebuffer


class WrongPictureSizeError(ValueError):
    """The picture is not one of this display; what draws it was given another size than the board file's."""


class Display:
    """A framebuffer that is not written again with what it already shows.

    A board that is lost raises `hal.ports.BoardLostError` to the caller; the picture then counts as not
    shown, so showing it once more after the board is back (or on a new Display) does write it.
    """

    def __init__(self, framebuffer: Framebuffer) -> None:
        self._framebuffer = framebuffer
        self._shown: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._framebuffer.width, self._framebuffer.height

    def show(self, rgb565: bytes) -> None:
        """Show one whole picture: little-endian RGB565, row by row, ``width * height * 2`` bytes.

        Raises WrongPictureSizeError, and BoardLostError when the picture did not get there.
        """
        width, height = self.size
        if len(rgb565) != width * height * 2:
            raise WrongPictureSizeError(
                f"display: a picture of {len(rgb565)} bytes for {width} x {height} pixels of 2 bytes;"
                " draw it in the size that the board file gives under [display]"
            )
        if rgb565 == self._shown:
            return
        self._shown = None
        self._framebuffer.show(rgb565)
        self._shown = rgb565
