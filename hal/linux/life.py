"""A board's ports live and die together: one that fails takes the board with it, and makes it safe."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from hal.ports import Adc, BoardLostError, Input, Output, Pwm, Thermometer

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Life:
    """Whether the board is there. ``end`` is called once: when a part fails, or when it is closed."""

    def __init__(self, end: Callable[[], None]) -> None:
        self._end = end
        self._over = ""

    @property
    def over(self) -> bool:
        """Whether the board is lost or closed."""
        return bool(self._over)

    def require(self) -> None:
        """Raise BoardLostError, with what ended it, unless the board is there."""
        if self._over:
            raise BoardLostError(self._over)

    def use(self, do: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
        """Use a part. Raises BoardLostError when the board is lost; if the part fails, by that."""
        self.require()
        try:
            return do(*args, **named)
        except BoardLostError as error:
            self.end(str(error))
            raise

    def end(self, why: str) -> None:
        """Let it be over; the first reason is the one that is told."""
        if not self._over:
            self._over = why
            self._end()


class LivingOutput:
    """An output of a board that can be lost."""

    def __init__(self, life: Life, port: Output) -> None:
        self._life, self._port = life, port

    def set(self, active: bool) -> None:
        self._life.use(self._port.set, active)


class LivingPwm:
    """A PWM channel of a board that can be lost."""

    def __init__(self, life: Life, port: Pwm) -> None:
        self._life, self._port = life, port

    def set_duty(self, duty_e4: int) -> None:
        self._life.use(self._port.set_duty, duty_e4)


class LivingInput:
    """An input of a board that can be lost."""

    def __init__(self, life: Life, port: Input) -> None:
        self._life, self._port = life, port

    def read(self) -> bool:
        return self._life.use(self._port.read)


class LivingAdc:
    """An analogue input of a board that can be lost."""

    def __init__(self, life: Life, port: Adc) -> None:
        self._life, self._port = life, port

    def read_mv(self) -> int:
        return self._life.use(self._port.read_mv)


class LivingThermometer:
    """A sensor of a board that can be lost. It fails alone: the board lives without it."""

    def __init__(self, life: Life, port: Thermometer) -> None:
        self._life, self._port = life, port

    def read_mc(self) -> int:
        self._life.require()
        return self._port.read_mc()
