"""What a simulated meter has in its registers: the sums are done by hand."""

import struct

import pytest

from sim.board.meter_map import Measured, SimMap, UnknownMapError, read_map

MEASURED = Measured((229.5, 230.0, 230.5), (2295.0, 0.0, 461.0), 1_234_567.8)


def of(kind: str, **import_register: object) -> SimMap:
    power = {"at": 100, "type": "int32", "word_order": "little", "scale": 0.5}
    table = {"function": 3, "resolution_dwh": 10, "power_w": power}
    return SimMap({**table, "import_dwh": {"at": 0, "type": kind, **import_register}})


def words(meter: SimMap, at: int, count: int, measured: Measured = MEASURED) -> list[int]:
    held = meter.registers(measured)
    return [held[meter.function, address] for address in range(at, at + count)]


def test_values_are_where_the_sdm630_has_them() -> None:
    registers = SimMap(read_map("eastron_sdm630_v2")).registers(MEASURED)

    def at(address: int) -> float:
        pair = registers[4, address], registers[4, address + 1]
        value: float = struct.unpack(">f", struct.pack(">2H", *pair))[0]
        return value

    assert [at(0x00), at(0x02), at(0x04)] == [229.5, 230.0, 230.5]
    assert [at(0x06), at(0x08), at(0x0A)] == [10.0, 0.0, 2.0]
    assert at(0x34) == 2756.0
    assert at(0x48) == struct.unpack("f", struct.pack("f", 1234.5678))[0]


def test_a_counter_shows_what_is_full_and_its_words_stand_as_the_map_says() -> None:
    # 12,345,678 dWh in steps of 100: 123,456 = 0x0001_E240
    assert words(of("uint32", scale=100), 0, 2) == [0x0001, 0xE240]
    assert words(of("int32", scale=100, word_order="little"), 0, 2) == [0xE240, 0x0001]
    assert words(of("uint64", scale=100), 0, 4) == [0, 0, 0x0001, 0xE240]


def test_power_is_rounded_and_may_be_negative() -> None:
    # -3.2 W in steps of 0.5 W: -6 = 0xFFFF_FFFA, the low word first
    fed_in = Measured((230.0, 230.0, 230.0), (-3.2, 0.0, 0.0), 0.0)
    assert words(of("uint32"), 100, 2, fed_in) == [0xFFFA, 0xFFFF]


def test_a_decimal_exponent_stands_in_its_own_register() -> None:
    # resolution 10 dWh, a unit is 1 Wh (scale 10): exponent 0; a unit of 1 kWh (10,000): exponent -3
    assert words(of("uint32", scale=10, exponent_at=7), 0, 8) == [0x12, 0xD687, 0, 0, 0, 0, 0, 0]
    assert words(of("uint32", scale=10_000, exponent_at=7), 0, 8) == [0x12, 0xD687, 0, 0, 0, 0, 0, 0xFFFD]


def test_t6_is_an_exponent_of_8_bits_and_a_signed_value_of_24() -> None:
    table = read_map("iskra_wm3m4")
    drawn = Measured((230.0, 230.0, 230.0), (-100.0, 0.0, 0.0), 0.0)
    at = table["power_w"]["at"]
    # -100 W = -1,000,000 × 10^-4: FC, and 0x1000000 - 1,000,000 = 0xF0BDC0
    assert words(SimMap(table), at, 2, drawn) == [0xFCF0, 0xBDC0]


def test_transformer_ratios_stand_in_their_registers_and_divide_the_count() -> None:
    meter = SimMap(
        {
            "function": 3,
            "resolution_dwh": 100,
            "import_dwh": {"at": 0, "type": "uint32", "scale": 100, "ratio_at": [5, 6]},
            "power_w": {"at": 20, "type": "int32"},
        },
        ratios=(10, 4),
    )
    assert words(meter, 0, 7) == [0, 3086, 0, 0, 0, 10, 4]  # 12,345,678 dWh / 100 / 40 = 3086.4


def test_a_register_rolls_over_where_the_map_says() -> None:
    table = {**read_map("eastron_sdm630_v2"), "rollover_dwh": 10_000_000}
    high, low = words(SimMap(table), 0x48, 2)
    assert struct.unpack(">f", struct.pack(">2H", high, low))[0] == pytest.approx(234.5678)


def test_it_answers_within_its_map_and_refuses_the_rest() -> None:
    meter = SimMap(read_map("eastron_sdm630_v2"))
    assert meter.answers(4, 0, 74)
    assert meter.answers(3, 0xFC00, 2)
    assert not meter.answers(3, 0, 2)
    assert not meter.answers(4, 0x48, 4)
    assert not meter.answers(4, 0xFC00, 2)


@pytest.mark.parametrize("name", ["nothing", "../boards/bench"])
def test_an_unknown_map_is_told_with_those_there_are(name: str) -> None:
    with pytest.raises(UnknownMapError, match=r"no such meter map; there are .*eastron_sdm630_v2"):
        read_map(name)
