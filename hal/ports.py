"""The board's I/O as small ports; a board file names the backend that provides them.

Values are physical: ``True`` on a line means *active* (the backend hides inverted wiring), voltages are
millivolts at the terminal (dividers are the backend's business), a duty is in 1/10000 of the period.
Every output has a safe value, and a backend sets it when the port is closed or its process is gone.
"""

from typing import Literal, Protocol


class BoardLostError(OSError):
    """The board does not answer any more: every reading is void, outputs are at their safe values."""


class Output(Protocol):
    """A digital output; inactive is its safe value."""

    def set(self, active: bool) -> None:
        """Drive the line. Raises BoardLostError."""


class Input(Protocol):
    """A digital input."""

    def read(self) -> bool:
        """Return whether the line is active now. Raises BoardLostError."""


class Pwm(Protocol):
    """A PWM channel at the frequency its board file gives. Its safe duty is the board file's: a control
    pilot's is steady high (10000), a coil's is 0.
    """

    def set_duty(self, duty_e4: int) -> None:
        """Set the duty in 1/10000, 0 to 10000. Raises BoardLostError, ValueError outside that."""


class Adc(Protocol):
    """An analogue input."""

    def read_mv(self) -> int:
        """Return the voltage at the terminal in millivolts. Raises BoardLostError."""


class Thermometer(Protocol):
    """A temperature sensor."""

    def read_mc(self) -> int:
        """Return the temperature in thousandths of a degree Celsius. Raises BoardLostError."""


class Watchdog(Protocol):
    """Hardware that makes the board safe (outputs to their safe values, or a reset) when it is not fed."""

    timeout_ms: int

    def feed(self) -> None:
        """Show that the process works. Raises BoardLostError."""

    def close(self) -> None:
        """Disarm it: the process ends in good order, its outputs safe already."""


class Framebuffer(Protocol):
    """A display of width × height pixels."""

    width: int
    height: int

    def show(self, rgb565: bytes) -> None:
        """Put one whole picture on the display: little-endian RGB565, row by row. Raises BoardLostError."""


class Rtc(Protocol):
    """A battery-backed clock, in UTC and whole seconds."""

    def read_utc_s(self) -> int:
        """Return seconds since 1970. Raises BoardLostError; ValueError when its battery was empty."""

    def set_utc_s(self, utc_s: int) -> None:
        """Set it. Raises BoardLostError."""


PortKind = Literal["output", "input", "pwm", "adc", "thermometer"]


class Board(Protocol):
    """Opens the named ports of one board and tells when an input may have changed.

    ``fileno()`` is readable when inputs may have changed; then ``refresh()`` takes the changes in. Ports
    whose hardware cannot announce a change make it readable often enough for the board file's
    ``sample_every_ms``. Names are those of the board file, such as ``evse1.contactor``; an unknown name
    raises KeyError. ``watchdog`` arms the board's own, None where the board file names none.
    """

    def output(self, name: str) -> Output: ...
    def input(self, name: str) -> Input: ...
    def pwm(self, name: str) -> Pwm: ...
    def adc(self, name: str) -> Adc: ...
    def thermometer(self, name: str) -> Thermometer: ...
    def watchdog(self) -> Watchdog | None: ...
    def names(self) -> dict[PortKind, tuple[str, ...]]: ...
    def fileno(self) -> int: ...
    def refresh(self) -> None: ...
    def close(self) -> None: ...
