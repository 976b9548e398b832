"""The temperature at the connector: it changes in seconds, so it is read once a second and not each time."""

from hal.ports import BoardLostError, Thermometer

EVERY_MS = 1_000


class Temperature:
    """One thermometer. A sensor that fails is no lost board: its value is not known, no more."""

    def __init__(self, thermometer: Thermometer) -> None:
        self._thermometer = thermometer
        self._value_mc: int | None = None
        self._due_ms = 0

    def value_mc(self, at_ms: int) -> int | None:
        """Return thousandths of a degree Celsius, not older than a second; None when they are not known."""
        if at_ms >= self._due_ms:
            self._due_ms = at_ms + EVERY_MS
            self._value_mc = self._read_mc()
        return self._value_mc

    def _read_mc(self) -> int | None:
        try:
            return self._thermometer.read_mc()
        except BoardLostError:
            return None
