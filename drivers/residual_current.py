"""The residual current device: 6 mA DC and 30 mA AC (IEC 62955), with an output that tests it."""

from hal.ports import Input, Output


class ResidualCurrent:
    """A monitor that says *tripped* by itself, and that can be told to, to see that it still would."""

    def __init__(self, test: Output, trip: Input) -> None:
        self._test = test
        self._trip = trip

    def test(self, active: bool) -> None:
        """Begin or end the self-test: while it runs the device must trip. Raises BoardLostError."""
        self._test.set(active)

    def tripped(self) -> bool:
        """Return whether the device says that residual current flows, or flowed. Raises BoardLostError."""
        return self._trip.read()
