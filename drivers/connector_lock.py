"""The connector lock: a motor driven by pulses, a solenoid that is held, or none."""

from typing import Protocol

from hal.ports import Input, Output


class ConnectorLock(Protocol):
    """What keeps a plug in its socket, or a tethered connector in its holster."""

    def drive(self, direction: int) -> None:
        """Drive towards locked (1), towards released (-1), or stop (0). Raises BoardLostError."""

    def locked(self) -> bool:
        """Return whether the plug cannot be pulled. Raises BoardLostError."""


class MotorLock:
    """A motor on an H-bridge. ``forward`` locks, ``reverse`` releases; the feedback is active when locked.

    Without power the bolt stays where it is.
    """

    def __init__(self, forward: Output, reverse: Output, feedback: Input) -> None:
        self._forward = forward
        self._reverse = reverse
        self._feedback = feedback

    def drive(self, direction: int) -> None:
        """Drive one side of the bridge, or none; never both sides at once. Raises BoardLostError."""
        for side, wanted in ((self._reverse, -1), (self._forward, 1)):
            if direction != wanted:
                side.set(False)
        if direction == 1:
            self._forward.set(True)
        elif direction == -1:
            self._reverse.set(True)

    def locked(self) -> bool:
        """Return whether the feedback switch says locked. Raises BoardLostError."""
        return self._feedback.read()


class SolenoidLock:
    """A solenoid that locks while it is powered; a spring releases. The feedback is active when locked."""

    def __init__(self, hold: Output, feedback: Input) -> None:
        self._hold = hold
        self._feedback = feedback

    def drive(self, direction: int) -> None:
        """Hold it locked (1), or let the spring release it. Raises BoardLostError."""
        self._hold.set(direction == 1)

    def locked(self) -> bool:
        """Return whether the feedback switch says locked. Raises BoardLostError."""
        return self._feedback.read()


class NoLock:
    """A tethered cable without a lock: there is no plug that could be pulled on this side."""

    def drive(self, direction: int) -> None:
        """Do nothing."""

    def locked(self) -> bool:
        """Return True: what is bolted on holds."""
        return True
