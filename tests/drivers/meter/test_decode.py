import struct
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import Register, SerialNumber
from drivers.meter.decode import decode, decode_energy, round_half_up, serial_text, step_dwh
from drivers.meter.errors import MeterValueError

KWH = Register(at=0, type="float32", scale=Decimal(10_000))
INTEGERS = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q"}


def words(layout: str, value: float, *, little: bool = False) -> dict[int, int]:
    """What the registers from 0 on hold."""
    data = struct.pack(f">{layout}", value)
    held = struct.unpack(f">{len(data) // 2}H", data)
    return dict(enumerate(held[::-1] if little else held))


def register(kind: str, **keys: Any) -> Register:
    return Register(at=0, type=kind, **keys)  # type: ignore[arg-type]


# floats


@given(st.floats(0, 900_000, width=32))
def test_a_float_register_becomes_the_nearest_tenth_of_a_watt_hour_of_exactly_that_float(kwh: float) -> None:
    dwh = decode(words("f", kwh), KWH, "import register")
    assert abs(Fraction(kwh) * 10_000 - dwh) <= Fraction(1, 2)


@given(st.floats(0, 9e8))
def test_a_float64_register_too(kwh: float) -> None:
    dwh = decode(words("d", kwh), register("float64", scale=Decimal(10_000)), "import register")
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
@pytest.mark.parametrize(("kind", "layout"), [("float32", "f"), ("float64", "d")])
def test_what_no_meter_can_mean_is_an_error_and_not_a_number(kind: str, layout: str, broken: float) -> None:
    with pytest.raises(MeterValueError, match="import register"):
        decode_energy(words(layout, broken), register(kind, scale=Decimal(10_000)), "import register")


def test_power_may_be_negative() -> None:
    assert decode(words("f", -1500.5), register("float32"), "power") == -1501


# integers


@given(st.sampled_from(sorted(INTEGERS)), st.booleans(), st.data())
def test_an_integer_is_itself_in_either_word_order(kind: str, little: bool, data: st.DataObject) -> None:
    bits = min(int(kind.lstrip("uint")), 53)
    least = 0 if kind.startswith("u") else -(2 ** (bits - 1))
    value = data.draw(st.integers(least, least + 2**bits - 1))
    order = "little" if little else "big"
    held = words(INTEGERS[kind], value, little=little)
    assert decode(held, register(kind, word_order=order), "r") == value


def test_the_words_stand_where_the_map_says() -> None:
    # 700,012 = 0x000A_AE6C
    assert decode({7: 0x000A, 8: 0xAE6C}, Register(at=7, type="uint32"), "r") == 700_012
    assert decode({7: 0xAE6C, 8: 0x000A}, Register(at=7, type="uint32", word_order="little"), "r") == 700_012
    little = Register(at=0, type="uint64", word_order="little")
    assert decode({0: 0xD03B, 1: 0x6A, 2: 0, 3: 0}, little, "r") == 7_000_123


def test_a_count_beyond_what_any_meter_reaches_is_an_error() -> None:
    with pytest.raises(MeterValueError, match="which no meter reaches"):
        decode(words("Q", 2**53 + 1), register("uint64"), "import register")


@given(st.integers(0, 2**32 - 1), st.decimals("0.001", "1000", places=3))
def test_a_scale_is_exact(raw: int, scale: Decimal) -> None:
    assert decode(words("I", raw), register("uint32", scale=scale), "r") == round_half_up(
        raw * Fraction(scale)
    )


# a decimal exponent in the value (Iskra) or beside it (SunSpec)


@given(st.integers(-6, 3), st.integers(-(2**23), 2**23 - 1))
def test_t6_is_a_decimal_exponent_and_a_signed_value(exponent: int, value: int) -> None:
    held = words("I", (exponent & 0xFF) << 24 | value & 0xFFFFFF)
    assert decode(held, register("t6"), "r") == round_half_up(value * Fraction(10) ** exponent)


@given(st.integers(-6, 3), st.integers(0, 2**24 - 1))
def test_t5_is_a_decimal_exponent_and_an_unsigned_value(exponent: int, value: int) -> None:
    held = words("I", (exponent & 0xFF) << 24 | value)
    assert decode(held, register("t5"), "r") == round_half_up(value * Fraction(10) ** exponent)


@given(st.integers(-10, 10), st.integers(-(2**15), 2**15 - 1), st.integers(1, 10))
def test_a_scale_factor_is_a_signed_power_of_ten_in_its_own_register(
    exponent: int, raw: int, scale: int
) -> None:
    held = words("h", raw) | {9: exponent & 0xFFFF}
    value = round_half_up(raw * scale * Fraction(10) ** exponent)
    assert decode(held, register("int16", scale=Decimal(scale), exponent_at=9), "r") == value


@pytest.mark.parametrize("factor", [0x8000, 11, 0xFFF5])
def test_a_scale_factor_that_is_none_is_an_error(factor: int) -> None:
    with pytest.raises(MeterValueError, match=r"power: its scale factor \(register 9\)"):
        decode({0: 1, 9: factor}, register("int16", exponent_at=9), "power")


# transformers, and what a meter calls invalid


def test_transformer_ratios_multiply() -> None:
    energy = register("uint32", scale=Decimal(100), ratio_at=(5, 6))
    assert decode({0: 0, 1: 3086, 5: 10, 6: 4}, energy, "r") == 3086 * 100 * 40


def test_a_ratio_of_0_is_an_error_and_no_energy_of_0() -> None:
    with pytest.raises(MeterValueError, match=r"import register: its transformer ratio \(register 6\) is 0"):
        decode_energy({0: 0, 1: 1, 6: 0}, register("uint32", ratio_at=(6,)), "import register")


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("int16", 0x8000),
        ("uint16", 0xFFFF),
        ("int32", 0x7FFF_FFFF),
        ("uint64", 2**64 - 1),
        ("float32", 0x7F80_0001),
    ],
)
@pytest.mark.parametrize("order", ["big", "little"])
def test_what_a_meter_calls_invalid_is_an_error_and_its_neighbour_is_none(
    kind: str, pattern: int, order: str
) -> None:
    count = {"16": 1, "32": 2, "64": 4}[kind[-2:]]
    big = [pattern >> 16 * shift & 0xFFFF for shift in reversed(range(count))]
    held = dict(enumerate(big if order == "big" else big[::-1]))
    marked = register(kind, word_order=order, invalid=(1, pattern))
    with pytest.raises(MeterValueError, match="voltage of L1: the meter says that it has no such value"):
        decode(held, marked, "voltage of L1")
    assert decode(dict.fromkeys(range(count), 0), marked, "voltage of L1") == 0


# the step of a register


@pytest.mark.parametrize(
    ("kwh", "step"),
    [(0.0, 1), (1234.5, 2), (16_383.0, 10), (16_384.0, 20), (65_536.0, 79), (131_072.0, 157)],
)
def test_a_floats_step_is_the_distance_to_the_next_number_rounded_up(kwh: float, step: int) -> None:
    # 24 bits: at 1234.5 = 1.2 × 2^10 the next float is 2^-13 kWh away: 1.2 dWh
    assert step_dwh(words("f", kwh), KWH, 1) == step


@given(st.floats(0, 900_000, width=32))
def test_the_next_float_is_one_step_away(kwh: float) -> None:
    bits = struct.unpack(">I", struct.pack(">f", abs(kwh)))[0]
    next_kwh = struct.unpack(">f", struct.pack(">I", bits + 1))[0]
    apart_dwh = (Fraction(next_kwh) - Fraction(abs(kwh))) * 10_000
    assert step_dwh(words("f", kwh), KWH, 1) == max(1, ceil(apart_dwh))


def test_a_step_is_never_finer_than_the_meter_counts() -> None:
    assert step_dwh(words("f", 1234.5), KWH, 100) == 100
    assert step_dwh(words("f", 131_072.0), KWH, 100) == 157


def test_an_integers_step_is_what_scale_exponent_and_ratios_make_of_one() -> None:
    assert step_dwh(words("I", 5), register("uint32", scale=Decimal(100)), 1) == 100
    assert step_dwh(words("I", 5), register("uint32", scale=Decimal("0.5")), 1) == 1
    assert step_dwh(words("I", 5) | {9: 1}, register("uint32", scale=Decimal(10), exponent_at=9), 1) == 100
    assert (
        step_dwh(words("I", 5) | {9: 0xFFFE}, register("uint32", scale=Decimal(10), exponent_at=9), 10) == 10
    )
    assert step_dwh(words("I", 5) | {9: 20}, register("uint32", scale=Decimal(100), ratio_at=(9,)), 1) == 2000
    assert step_dwh({0: 0x0200, 1: 7}, register("t5", scale=Decimal(10)), 1) == 1000


# serial numbers, and rounding


def test_a_serial_number_is_text_a_number_or_decimal_digits() -> None:
    text = SerialNumber(at=3, count=3)
    assert serial_text({3: 0x5734, 4: 0x3120, 5: 0x0000}, text) == "W41"
    number = SerialNumber(at=0, count=2, type="unsigned")
    assert serial_text({0: 0x00BC, 1: 0x614E}, number) == "12345678"
    digits = SerialNumber(at=0, count=3, type="bcd")
    assert serial_text({0: 0x0000, 1: 0x1234, 2: 0x5678}, digits) == "12345678"
    swapped = SerialNumber(at=0, count=2, type="unsigned", word_order="little")
    assert serial_text({0: 0x614E, 1: 0x00BC}, swapped) == "12345678"


@pytest.mark.parametrize(("value", "nearest"), [("0.5", 1), ("-0.5", -1), ("1.4999", 1), ("2.5", 3)])
def test_halves_go_away_from_zero(value: str, nearest: int) -> None:
    assert round_half_up(Fraction(value)) == nearest
