from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import DataItem, Dlt645Map
from drivers.meter.dlt645_decode import decode, number_text, sample_of
from drivers.meter.errors import MeterValueError
from drivers.meter.maps import Sample

ENERGY = DataItem(id=0x00010000, bytes=4, scale=Decimal(100))
POWER = DataItem(id=0x02030000, bytes=3, scale=Decimal("0.1"), signed=True)
CURRENT = DataItem(id=0x02020100, bytes=3, signed=True)
VOLTAGE = DataItem(id=0x0201FF00, bytes=2, scale=Decimal(100))


def of(item: DataItem, digits: str) -> int:
    return decode({item.id: bytes.fromhex(digits)[::-1]}, item, "value")[0]


@given(st.integers(0, 99_999_999))
def test_every_energy_is_exact(hundredths_kwh: int) -> None:
    assert of(ENERGY, f"{hundredths_kwh:08}") == hundredths_kwh * 100


@pytest.mark.parametrize(
    ("digits", "power_w"),
    [("069000", 6900), ("869000", -6900), ("000004", 0), ("000005", 1), ("799999", 80_000)],
)
def test_power_has_a_sign_and_is_rounded_once(digits: str, power_w: int) -> None:
    assert of(POWER, digits) == power_w


def test_a_block_brings_each_phase_in_its_order() -> None:
    sent = {VOLTAGE.id: bytes.fromhex("9522 0223 0923")}
    assert decode(sent, VOLTAGE, "voltage", 3) == (229_500, 230_200, 230_900)


@pytest.mark.parametrize("digits", ["0A000000", "F0000000", "0000000F"])
def test_what_is_no_decimal_number_is_no_value(digits: str) -> None:
    with pytest.raises(MeterValueError, match="no decimal number"):
        of(ENERGY, digits)


def test_an_energy_with_a_sign_is_a_number_beyond_the_standard_and_none_of_ours() -> None:
    assert of(ENERGY, "80000000") == 8_000_000_000  # the highest digit is a digit: 800,000 kWh


def test_a_value_that_the_meter_has_not_is_told() -> None:
    with pytest.raises(MeterValueError, match="it has no such value"):
        of(VOLTAGE, "FFFF")


def test_too_few_bytes_are_told() -> None:
    with pytest.raises(MeterValueError, match=r"2 bytes where the map says 3 × 2"):
        decode({VOLTAGE.id: b"\x00\x22"}, VOLTAGE, "voltage", 3)


def test_a_reading_has_power_with_its_sign_and_currents_without(dlt645: Dlt645Map) -> None:
    sent = {
        0x00010000: bytes.fromhex("56341200"),
        0x02030000: bytes.fromhex("009086"),
        0x0201FF00: bytes.fromhex("952202230923"),
        0x0202FF00: bytes.fromhex("220081 000001 989980"),
    }
    volts, milliamps = (229_500, 230_200, 230_900), (10_022, 10_000, 9_998)
    assert sample_of(dlt645, sent, full=True) == Sample(12_345_600, 100, -6900, volts, milliamps)


def test_a_meter_number_is_digits() -> None:
    assert number_text(bytes.fromhex("114700000000")) == "4711"
    with pytest.raises(MeterValueError, match="no digits"):
        number_text(b"\xff" * 6)
