from decimal import Decimal

import pytest

from config.meter_fitness import fine_up_to_dwh, fitness
from config.schema import Register

KWH = 10_000


@pytest.mark.parametrize(
    ("step_dwh", "fit"),
    [
        (1, "good"),
        (12, "good"),
        (13, "usable"),
        (100, "usable"),
        (123, "usable"),
        (124, "coarse"),
        (1000, "coarse"),
    ],
)
def test_a_step_is_held_against_a_minute_of_7_4_kw(step_dwh: int, fit: str) -> None:
    assert fitness(step_dwh) == fit  # 1 % of 123.3 Wh is 12.3 dWh, 10 % are 123.3


def test_a_float_of_kwh_is_good_up_to_16384_kwh_and_usable_up_to_131072() -> None:
    # 24 bits: below 2^14 kWh a step is 2^-10 kWh = 9.8 dWh, below 2^17 kWh it is 2^-7 kWh = 78 dWh
    register = Register(at=0, type="float32", scale=Decimal(KWH))
    assert fine_up_to_dwh(register, "good") == 16_384 * KWH
    assert fine_up_to_dwh(register, "usable") == 131_072 * KWH


def test_a_float_of_wh_is_good_up_to_16777_kwh() -> None:
    register = Register(at=0, type="float32", scale=Decimal(10))
    assert fine_up_to_dwh(register, "good") == 2**24 * 10


def test_an_integers_step_stays() -> None:
    assert fine_up_to_dwh(Register(at=0, type="uint32", scale=Decimal(100)), "good") is None
