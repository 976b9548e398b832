"""The connector lock: a motor on an H-bridge, driven by pulses, with a feedback switch."""

from hal.ports import Input, Output


class ConnectorLock:
    """One lock motor. ``forward`` locks, ``reverse`` releases; the feedback is active when locked."""

    def __init__(self, forward: Output, reverse: Output, feedback: Input) -> None:
        self._forward = forward
        self._reverse = reverse
        self._feedback = feedback

    def drive(self, direction: int) -> None:
        """Drive towards locked (1), towards released (-1), or stop (0); never both sides at once.

        Raises BoardLostError.
        """
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
