"""The contactor: a coil, plain or with an economiser, and the mirror contact that says where it is."""

from typing import Protocol

from hal.ports import Input, Output, Pwm

FULL_E4, OFF_E4 = 10_000, 0


class Coil(Protocol):
    """What pulls the contacts closed; without power they fall open."""

    def drive(self, closed: bool, economised: bool) -> None:
        """Pull in, hold (``economised``: with less current, where it can), let go. Raises BoardLostError."""


class PlainCoil:
    """A coil on a switched output: full current as long as it is closed."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def drive(self, closed: bool, economised: bool) -> None:
        """Energise or release the coil. Raises BoardLostError."""
        self._output.set(closed)


class EconomisedCoil:
    """A coil on a PWM: full duty pulls it in, ``hold_e4`` (1/10000) holds it and keeps it cool."""

    def __init__(self, pwm: Pwm, hold_e4: int) -> None:
        self._pwm = pwm
        self._hold_e4 = hold_e4

    def drive(self, closed: bool, economised: bool) -> None:
        """Pull in, hold or release. Raises BoardLostError."""
        held_e4 = self._hold_e4 if economised else FULL_E4
        self._pwm.set_duty(held_e4 if closed else OFF_E4)


class Contactor:
    """One contactor; its mirror contact (IEC 60947-4-1, Annex F) is active while main contacts are open."""

    def __init__(self, coil: Coil, mirror: Input) -> None:
        self._coil = coil
        self._mirror = mirror

    def drive(self, closed: bool, economised: bool = False) -> None:
        """Close or open; ``economised`` once the contacts have pulled in. Raises BoardLostError."""
        self._coil.drive(closed, economised)

    def mirror_open(self) -> bool:
        """Return whether the mirror contact says that the main contacts are open. Raises BoardLostError."""
        return self._mirror.read()
