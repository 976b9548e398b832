"""The temperature at the connector."""

from hal.ports import BoardLostError, Thermometer


class Temperature:
    """One thermometer. A sensor that fails is no lost board: its value is not known, no more."""

    def __init__(self, thermometer: Thermometer) -> None:
        self._thermometer = thermometer

    def read_mc(self) -> int | None:
        """Return thousandths of a degree Celsius, None when they are not known."""
        try:
            return self._thermometer.read_mc()
        except BoardLostError:
            return None
