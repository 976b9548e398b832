"""The emergency stop button: one input, active when pressed or when its loop is broken."""

from hal.ports import Input


class EmergencyStop:
    """A latching mushroom button (ISO 13850) on a normally closed loop."""

    def __init__(self, loop: Input) -> None:
        self._loop = loop

    def pressed(self) -> bool:
        """Return whether the button is pressed now. Raises BoardLostError."""
        return self._loop.read()
