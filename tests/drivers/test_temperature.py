"""The thermometer: read once a second; one that fails gives no value, and no lost board."""

from drivers.temperature import EVERY_MS, Temperature
from hal.ports import BoardLostError


class Sensor:
    def __init__(self, *values: int | None) -> None:
        self._values = list(values)

    def read_mc(self) -> int:
        value = self._values.pop(0)
        if value is None:
            raise BoardLostError("the sensor does not answer")
        return value


def test_it_is_read_once_a_second() -> None:
    temperature = Temperature(Sensor(20_000, 21_000))
    times = (0, 1, EVERY_MS - 1, EVERY_MS, 2 * EVERY_MS - 1)
    assert [temperature.value_mc(1_000_000 + at_ms) for at_ms in times] == [20_000] * 3 + [21_000] * 2


def test_one_that_fails_is_not_known_until_it_answers_again() -> None:
    temperature = Temperature(Sensor(20_000, None, 22_000))
    values = [temperature.value_mc(second * EVERY_MS) for second in (1, 2, 3)]
    assert values == [20_000, None, 22_000]
