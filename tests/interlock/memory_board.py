"""A board of plain values in this process, for the interlock's loop without sockets: `hal.ports.Board`."""

import os
from dataclasses import dataclass, field
from typing import Any

from hal.ports import BoardLostError, PortKind

IDLE: dict[str, Any] = {
    "evse1.contactor_mirror": True,
    "evse1.lock_feedback": True,
    "emergency_stop": False,
    "evse1.pilot_high": 12_000,
    "evse1.pilot_low": 12_000,
}


@dataclass
class Port:
    """One port of any kind: reading gives the board's value, driving keeps it there."""

    board: "MemoryBoard"
    name: str

    def read(self) -> bool:
        return bool(self.board.value(self.name))

    def read_mv(self) -> int:
        return int(self.board.value(self.name))

    read_mc = read_mv

    def set(self, active: bool) -> None:
        self.board.drive(self.name, active)

    def set_duty(self, duty_e4: int) -> None:
        self.board.drive(self.name, duty_e4)


@dataclass
class MemoryWatchdog:
    """Counts how often it was fed."""

    timeout_ms: int = 1_000
    fed: int = 0
    armed: bool = True

    def feed(self) -> None:
        self.fed += 1

    def close(self) -> None:
        self.armed = False


@dataclass
class MemoryBoard:
    """Values by name; what is driven is kept in ``driven``, each command in ``said``. ``lost`` fails it all.

    ``stuck`` is called at each reading: a part that takes its time.
    """

    values: dict[str, Any] = field(default_factory=lambda: dict(IDLE))
    driven: dict[str, Any] = field(default_factory=dict)
    said: list[tuple[str, Any]] = field(default_factory=list)
    outputs: tuple[str, ...] = ("evse1.contactor", "evse1.lock_forward", "evse1.lock_reverse")
    dog: MemoryWatchdog | None = None
    lost: bool = False
    closed: bool = False

    def __post_init__(self) -> None:
        self._readable, self._writable = os.pipe()
        self.tell()

    def tell(self, **values: Any) -> None:
        """Change values, and say so."""
        self.values.update(values)
        os.write(self._writable, b"!")

    def value(self, name: str) -> Any:
        self._require_life()
        return self.values[name]

    def drive(self, name: str, value: Any) -> None:
        self._require_life()
        self.driven[name] = value
        self.said.append((name, value))

    def _port(self, name: str, known: Any) -> Any:
        if name not in known:
            raise KeyError(f'the board has no port "{name}"')
        return Port(self, name)

    def output(self, name: str) -> Any:
        return self._port(name, self.outputs)

    def input(self, name: str) -> Any:
        return self._port(name, self.values)

    def pwm(self, name: str) -> Any:
        return Port(self, name)

    def adc(self, name: str) -> Any:
        return self._port(name, self.values)

    thermometer = adc

    def watchdog(self) -> MemoryWatchdog | None:
        return self.dog

    def names(self) -> dict[PortKind, tuple[str, ...]]:
        return {"output": self.outputs, "input": tuple(self.values), "pwm": (), "adc": (), "thermometer": ()}

    def fileno(self) -> int:
        return self._readable

    def refresh(self) -> None:
        self._require_life()
        os.set_blocking(self._readable, False)
        try:
            os.read(self._readable, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        if not self.closed:
            os.close(self._readable)
            os.close(self._writable)
        self.closed = True

    def _require_life(self) -> None:
        if self.lost:
            raise BoardLostError("the board does not answer")
