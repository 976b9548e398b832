"""The ports of a board behind a socket: a name, and the message that reads or drives it."""

import contextlib
from typing import Any, Protocol

from hal.ports import BoardLostError

STEADY_HIGH_E4 = 10_000


class Wire(Protocol):
    """The board's connection (`hal.remote.board.RemoteBoard`)."""

    def value(self, kind: str, name: str) -> Any: ...
    def send(self, message: dict[str, Any]) -> None: ...


def safe_duty_e4(name: str) -> int:
    """Return the duty that a PWM channel falls to: off for a contactor's coil, else steady high."""
    return 0 if name.endswith(".contactor") else STEADY_HIGH_E4


class RemoteOutput:
    """A digital output of the board."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def set(self, active: bool) -> None:
        """Drive the line. Raises BoardLostError."""
        self._wire.send({"out": self._name, "value": active})


class RemotePwm:
    """A PWM channel of the board."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def set_duty(self, duty_e4: int) -> None:
        """Set the duty in 1/10000. Raises BoardLostError, ValueError outside 0 to 10000."""
        if not 0 <= duty_e4 <= STEADY_HIGH_E4:
            raise ValueError(f"{self._name}: a duty of {duty_e4}/10000 is outside 0 to {STEADY_HIGH_E4}")
        self._wire.send({"pwm": self._name, "duty_e4": duty_e4})


class RemoteInput:
    """A digital input of the board."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def read(self) -> bool:
        """Return whether the line was active at the last refresh. Raises BoardLostError."""
        return bool(self._wire.value("in", self._name))


class RemoteAdc:
    """An analogue input of the board."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def read_mv(self) -> int:
        """Return the voltage at the last refresh in millivolts. Raises BoardLostError."""
        return int(self._wire.value("adc", self._name))


class RemoteThermometer:
    """A temperature sensor of the board; ``null`` on the wire is a sensor that fails."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire, self._name = wire, name

    def read_mc(self) -> int:
        """Return thousandths of a degree Celsius. Raises BoardLostError when board or sensor is lost."""
        value = self._wire.value("temp", self._name)
        if value is None:
            raise BoardLostError(f"{self._name} does not answer")
        return int(value)


class RemoteWatchdog:
    """The board's watchdog for this connection: without ``feed()`` for ``timeout_ms`` it makes all safe.

    Armed from the constructor on, which raises BoardLostError.
    """

    def __init__(self, wire: Wire, timeout_ms: int) -> None:
        self.timeout_ms = timeout_ms
        self._wire = wire
        self._wire.send({"watchdog_ms": timeout_ms})

    def feed(self) -> None:
        """Show that the process works. Raises BoardLostError."""
        self._wire.send({"feed": True})

    def close(self) -> None:
        """Disarm it; the end of the connection does so too."""
        with contextlib.suppress(BoardLostError):
            self._wire.send({"watchdog_ms": 0})
