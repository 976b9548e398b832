"""Each packaged scenario through the real processes: its expectations, its bill, its seals, its pictures."""

import re
import tomllib
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from pyocmf import OCMF

from firmware.core.tariff_type import parse
from firmware.ledger.price_list import PriceList
from firmware.ledger.reprice import Repricer
from firmware.ledger.verify import verify
from sim.scenario import PACKAGED
from tests.scenario.bill import costs, half_up, readings, tariff_from
from tests.scenario.conftest import Run
from tests.support.verifiers import one_file

EVERY = sorted(path.stem for path in PACKAGED.glob("*.toml"))
CAPS = {"ten-yuan": 10}

every_scenario = pytest.mark.parametrize("run", EVERY, indirect=True)


def only(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("run", names, indirect=True)


@every_scenario
def test_its_expectations_hold(run: Run) -> None:
    assert run.code == 0, run.said


@every_scenario
def test_its_bill_is_what_an_independent_calculation_gives(run: Run) -> None:
    tariff, total = tariff_from(run.out / "tariff.toml"), Fraction(0)
    for charge in readings(run.out / "records.ocmf").values():
        expected = costs(tariff, charge, CAPS.get(run.name))
        assert [reading.stated_cost for reading in charge] == expected
        total = half_up(expected[-1], Fraction(1, 100))
    assert Fraction(run.receipt["total"]) == total


@every_scenario
def test_its_energy_is_the_difference_of_the_registers(run: Run) -> None:
    charges = list(readings(run.out / "records.ocmf").values())
    energy_wh = charges[-1][-1].register_wh - charges[-1][0].register_wh if charges else Fraction(0)
    assert Fraction(str(run.receipt["energy_wh"])) == energy_wh


@every_scenario
def test_a_third_party_verifies_every_record_and_each_pair(run: Run) -> None:
    charges = readings(run.out / "records.ocmf")
    texts = iter(run.records)
    for charge in charges.values():
        sealed = [OCMF.from_string(next(texts), strict=True) for _ in charge]
        assert all(record.verify(run.public_key) for record in sealed)
        assert (charge[0].kind, charge[-1].kind) == ("B", "E")
        assert sealed[0].verify(run.public_key, other=sealed[-1])


@every_scenario
def test_both_verifiers_find_its_records_whole_and_rightly_priced(run: Run) -> None:
    """The artifact has them charge by charge, the station made them in the order of their pages."""
    texts = sorted(run.records, key=lambda text: int(re.findall(r'"PG":"T([0-9]+)"', text)[0]))
    if not texts:
        return
    tariff = tomllib.loads((run.out / "tariff.toml").read_text(), parse_float=Decimal)
    pricing = Repricer(PriceList([parse(tariff)]))
    verdict = verify((text.encode() for text in texts), bytes.fromhex(run.public_key), pricing=pricing)
    assert not any("not priced" in note for note in verdict.notes)
    one_by_one = one_file().Verifier(run.public_key, [one_file().Tariff(tariff)])
    assert all(one_by_one.feed(text).priced_e4 is not None for text in texts)
    assert one_by_one.running == []


@every_scenario
def test_its_timeline_and_receipt_are_complete(run: Run) -> None:
    assert {"energy_wh", "total", "currency", "minutes", "settled_ms", "verified"} <= run.receipt.keys()
    assert {"scan_to_unlock_ms", "plug_to_power_ms", "end_to_settled_ms", "marks"} <= run.timeline.keys()
    assert run.timeline["scan_to_unlock_ms"] > 0
    assert (run.out / "frames.jsonl").stat().st_size > 0
    assert run.screens[:2] == ["scan", "plug-in"]


@only(*(name for name in EVERY if name != "no-vehicle"))
def test_it_settles_while_the_driver_still_stands_there(run: Run) -> None:
    assert 0 < run.receipt["settled_ms"] < 60_000
    assert run.receipt["settled"]
    assert run.receipt["verified"]


@only("one-hour")
def test_an_hour_is_an_hour_and_is_cut_at_ten_o_clock(run: Run) -> None:
    (charge,) = readings(run.out / "records.ocmf").values()
    assert charge[-1].charging_min == pytest.approx(60, abs=3)
    (boundary,) = [reading for reading in charge if reading.kind == "T"]
    assert boundary.at.strftime("%H:%M") == "10:00"


@only("one-hour")
def test_a_phone_reads_the_code_off_the_first_screen(run: Run) -> None:
    (code,) = zxingcpp.read_barcodes(Image.open(run.out / "screens" / "01-scan.png"))
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/pay/chu-003/1\?totp=[0-9A-Za-z]{12}&v=\w+", code.text)


@only("one-hour")
def test_the_driver_sees_each_screen_of_a_charge(run: Run) -> None:
    assert [name for name in run.screens if name != "waiting"] == ["scan", "plug-in", "charging", "receipt"]


@only("ten-yuan")
def test_ten_yuan_is_never_billed_above(run: Run) -> None:
    charge = next(iter(readings(run.out / "records.ocmf").values()))
    assert Fraction("9.90") <= max(reading.stated_cost for reading in charge) <= 10
    assert Fraction("9.90") <= Fraction(run.receipt["total"]) <= 10


@only("no-vehicle")
def test_an_attempt_without_a_vehicle_costs_nothing_and_is_on_record(run: Run) -> None:
    assert run.records == []
    assert run.receipt["total"] == "0.00"
    assert run.receipt["stopped_reason"] == "Timeout"
    assert run.screens == ["scan", "plug-in", "scan"]


@only("agent-killed")
def test_no_minute_is_lost_over_a_killed_agent(run: Run) -> None:
    (charge,) = readings(run.out / "records.ocmf").values()
    assert len(charge) - 2 >= run.receipt["minutes"] - 1
    gaps = [(after.at - before.at).total_seconds() for before, after in pairwise(charge)]
    assert max(gaps) < 90


@only("emergency-stop", "meter-silent")
def test_a_fault_shows_out_of_service(run: Run) -> None:
    assert run.screens[-1] == "out-of-service"
    frames = Path(run.out / "frames.jsonl").read_text()
    assert "NotifyEvent" in frames
    assert "Faulted" in frames


@only("two-vehicles", "two-vehicles-stopped")
def test_two_vehicles_have_two_bills_from_two_meters(run: Run) -> None:
    first, second = readings(run.out / "records.ocmf").values()
    assert first[-1].stated_cost > 0
    assert second[-1].stated_cost > 0
    assert second[0].register_wh - first[-1].register_wh > 50_000  # the second meter's register is far ahead
