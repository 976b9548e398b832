from decimal import Decimal

import pytest

from config.schema import MeterMap, Register
from drivers.meter.errors import MeterMapError
from drivers.meter.maps import Block, plan_reads


def meter(power_at: int = 0x34, import_at: int = 0x48, kind: str = "float32") -> MeterMap:
    energy = Register(at=import_at, type=kind, scale=Decimal(10_000))  # type: ignore[arg-type]
    power = Register(at=power_at, type=kind)  # type: ignore[arg-type]
    return MeterMap(name="M", source="test", function=4, resolution_dwh=1, import_dwh=energy, power_w=power)


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


def test_power_and_energy_in_the_same_registers_are_refused() -> None:
    with pytest.raises(MeterMapError, match="the same registers"):
        plan_reads(meter(power_at=0x48))


def test_the_wire_time_of_a_full_read_at_9600_baud() -> None:
    # 8 characters of request, 3.5 of silence, 3 + 148 + 2 of reply, 10 bits each
    assert Block(0, 74).wire_s(9600) == pytest.approx(164.5 * 10 / 9600)
