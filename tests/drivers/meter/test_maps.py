from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.schema import REGISTER_WORDS, MeterMap, Register, SerialNumber
from drivers.meter.maps import Block, ReadPlan, plan_reads

KWH = {"scale": Decimal(10_000)}


def meter(power_at: int = 0x34, import_at: int = 0x48, kind: str = "float32", **keys: Any) -> MeterMap:
    energy = Register(at=import_at, type=kind, **KWH)  # type: ignore[arg-type]
    power = Register(at=power_at, type=kind)  # type: ignore[arg-type]
    whole = {"import_dwh": energy, "power_w": power, **keys}
    return MeterMap(name="M", source="test", function=4, resolution_dwh=1, **whole)


def reads(plan: ReadPlan) -> set[int]:
    return {at for block in plan.full for at in range(block.at, block.end)}


def test_the_sdm630_is_read_in_one_request_of_74_registers(sdm630: MeterMap) -> None:
    plan = plan_reads(sdm630)
    assert plan.full == (Block(0, 74),)
    assert plan.register == (Block(0x48, 2),)


def test_probes_lie_within_the_map_each_in_a_length_of_its_own(sdm630: MeterMap) -> None:
    plan = plan_reads(sdm630)
    counts = [probe.count for probe in plan.probes]
    assert len(counts) == len(set(counts)) > 10
    assert all(probe.at >= 0 and probe.at + probe.count <= 74 for probe in plan.probes)


def test_what_lies_far_apart_is_asked_in_two_requests_the_import_register_first() -> None:
    plan = plan_reads(meter(power_at=0, import_at=500))
    assert plan.full == (Block(500, 2), Block(0, 2))
    assert plan.register == (Block(500, 2),)


def test_unused_registers_are_read_through_only_as_far_as_the_meter_lets() -> None:
    assert plan_reads(meter(0, 40, read_through=38)).full == (Block(0, 42),)
    assert plan_reads(meter(0, 40, read_through=37)).full == (Block(40, 2), Block(0, 2))
    assert plan_reads(meter(0, 40, most_registers=41)).full == (Block(40, 2), Block(0, 2))


def test_exponent_and_ratios_are_read_with_the_register_that_they_belong_to() -> None:
    energy = Register(at=10, type="uint32", exponent_at=14, ratio_at=(200,))
    plan = plan_reads(meter(power_at=20, import_dwh=energy))
    assert plan.register == (Block(10, 5), Block(200, 1))
    assert plan.full == (Block(10, 12), Block(200, 1))


def test_requests_after_each_other_differ_in_length_where_they_can() -> None:
    # 2, then 6 and 6 and 2 of which no two of one length stand beside each other
    phases = [tuple(Register(at=at + 2 * n, type="int32") for n in range(3)) for at in (0, 100)]
    plan = plan_reads(meter(200, 300, "int32", voltage_mv=phases[0], current_ma=phases[1], read_through=0))
    assert [block.count for block in plan.full] == [2, 6, 2, 6]


def test_the_number_on_the_plate_is_read_with_its_own_function_if_it_has_one() -> None:
    same = plan_reads(meter(serial_number=SerialNumber(at=900, count=7))).identity
    assert same is not None
    assert (same.function, same.blocks) == (4, (Block(900, 7),))
    assert len(same.probes) > 1
    other = plan_reads(meter(serial_number=SerialNumber(at=900, count=2, function=3))).identity
    assert other is not None
    assert (other.function, other.probes) == (3, (Block(900, 2),))
    assert plan_reads(meter()).identity is None


REGISTERS = st.lists(
    st.tuples(st.integers(0, 600), st.sampled_from(sorted(REGISTER_WORDS))),
    min_size=2,
    max_size=8,
    unique_by=lambda r: r[0],
)


@given(REGISTERS, st.integers(4, 125), st.integers(0, 124))
def test_every_value_is_read_whole_and_no_request_is_too_long(
    where: list[tuple[int, str]], most: int, through: int
) -> None:
    values = [Register(at=at, type=kind) for at, kind in where]  # type: ignore[arg-type]
    own = MeterMap(
        name="M",
        source="test",
        function=3,
        resolution_dwh=1,
        most_registers=most,
        read_through=through,
        import_dwh=values[0],
        power_w=values[1],
        voltage_mv=tuple(values[2:]),
    )
    plan = plan_reads(own)
    for value in values:
        assert set(value.addresses) <= reads(plan)
    assert all(block.count <= max(most, 4) for block in plan.full)
    first = plan.full[0]
    assert first.at <= own.import_dwh.at < first.end


def test_the_wire_time_of_a_full_read_at_9600_baud() -> None:
    # 8 characters of request, 3.5 of silence, 3 + 148 + 2 of reply, 10 bits each
    assert Block(0, 74).wire_s(9600) == pytest.approx(164.5 * 10 / 9600)
