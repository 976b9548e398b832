import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Register
from drivers.meter.decode import decode, decode_energy, round_half_up
from drivers.meter.errors import MeterValueError

KWH = Register(at=0, type="float32", scale=Decimal(10_000))


def words(layout: str, value: float, *, little: bool = False) -> dict[int, int]:
    """What the registers from 0 on hold."""
    data = struct.pack(f">{layout}", value)
    held = struct.unpack(f">{len(data) // 2}H", data)
    return dict(enumerate(held[::-1] if little else held))


@given(st.floats(0, 900_000, width=32))
def test_a_float_register_becomes_the_nearest_tenth_of_a_watt_hour_of_exactly_that_float(kwh: float) -> None:
    dwh = decode(words("f", kwh), KWH, "import register")
    assert abs(Fraction(kwh) * 10_000 - dwh) <= Fraction(1, 2)


@given(st.floats(0, 900_000, width=32), st.floats(0, 900_000, width=32))
def test_a_register_that_grows_never_decodes_to_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert decode(words("f", low), KWH, "r") <= decode(words("f", high), KWH, "r")


@pytest.mark.parametrize(
    ("kwh", "dwh"), [(0.0, 0), (1234.5, 12_345_000), (0.0001, 1), (1234.5678, 12_345_677), (1e-45, 0)]
)
def test_known_values(kwh: float, dwh: int) -> None:
    assert decode_energy(words("f", kwh), KWH, "import register") == dwh


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), -float("inf"), -0.5, 3.4e38])
def test_what_no_meter_can_mean_is_an_error_and_not_a_number(broken: float) -> None:
    with pytest.raises(MeterValueError, match="import register"):
        decode_energy(words("f", broken), KWH, "import register")


def test_power_may_be_negative() -> None:
    assert decode(words("f", -1500.5), Register(at=0, type="float32"), "power") == -1501


@given(st.integers(-(2**31), 2**31 - 1))
def test_low_word_first_is_the_same_value_with_its_words_swapped(value: int) -> None:
    big = Register(at=0, type="int32")
    little = Register(at=0, type="int32", word_order="little")
    assert decode(words("i", value), big, "p") == value
    assert decode(words("i", value, little=True), little, "p") == value


@pytest.mark.parametrize(
    ("kind", "layout", "value"),
    [("uint16", "H", 65_535), ("int16", "h", -2), ("uint32", "I", 4_000_000_000), ("uint64", "Q", 2**52)],
)
def test_integer_registers(kind: str, layout: str, value: int) -> None:
    register = Register(at=0, type=kind)  # type: ignore[arg-type]
    assert decode(words(layout, value), register, "r") == value


@pytest.mark.parametrize(("value", "nearest"), [("0.5", 1), ("-0.5", -1), ("1.4999", 1), ("2.5", 3)])
def test_halves_go_away_from_zero(value: str, nearest: int) -> None:
    assert round_half_up(Fraction(value)) == nearest
