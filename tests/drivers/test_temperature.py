"""The thermometer: one that fails gives no value, and no lost board."""

from drivers.temperature import Temperature
from hal.ports import BoardLostError


class Sensor:
    def __init__(self, *values: int | None) -> None:
        self._values = list(values)

    def read_mc(self) -> int:
        value = self._values.pop(0)
        if value is None:
            raise BoardLostError("the sensor does not answer")
        return value


def test_one_that_fails_is_not_known_until_it_answers_again() -> None:
    temperature = Temperature(Sensor(-3_500, None, 22_000))
    assert [temperature.read_mc() for _ in range(3)] == [-3_500, None, 22_000]
