"""The checks after a scenario find what is wrong, and say it in plain words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sim.bench import Bench, BenchOptions
from sim.checks import failed_checks
from sim.facts import Facts
from sim.scenario import Scenario
from sim.watch import Watch

START_WH = 1_234_567.8


def minute(page: int, kind: str, cost: str, minute_cost: str, **changed: Any) -> dict[str, Any]:
    payload = (
        f'{{"PG":"T{page}","RD":[{{"TM":"2026-06-01T10:0{page}:00,000+0800 S","TX":"{kind}"}}],"UR":"0.1"}}'
    )
    good = {"page": page, "cost": cost, "minute_cost": minute_cost, "verified": True, "why": ""}
    return {**good, "ocmf": f"OCMF|{payload}|{{}}", **changed}


def charge(**changed: Any) -> dict[str, Any]:
    good = {
        "id": "t1",
        "state": "Ended",
        "settled": True,
        "energy_wh": 240.0,
        "stopped_reason": "Remote",
        "minutes": [
            minute(1, "B", "0.0000", "0.0000"),
            minute(2, "T", "0.6580", "0.6580"),
            minute(3, "E", "0.8050", "0.1470"),
        ],
        "receipt": {"energy_wh": 240.0, "total": "0.81", "minutes": 2, "settled": True, "verified": True},
    }
    return {**good, **changed}


@pytest.fixture
def check(tmp_path: Path) -> Any:
    def run(expect: dict[str, Any], transaction: dict[str, Any] | None = None, **board: Any) -> list[str]:
        transaction = transaction or charge()
        safe = {"contactor_closed": False, "watts": 0.0, "import_wh": START_WH + 240.05, "plugged": True}
        station = {"connectors": [{"evse": 1, "status": "Occupied"}]}
        watch = Watch(Bench(BenchOptions(tmp_path)))
        watch.facts = Facts({**safe, "lock": "released", "pilot": "B", **board}, station, transaction, ())
        scenario = Scenario("x", "x", datetime.now(UTC), 1, 7200, None, (), expect, {})
        return failed_checks(scenario, watch, [transaction], START_WH)

    return run


def test_a_good_charge_passes(check: Any) -> None:
    assert (
        check({"stopped_reason": "Remote", "total": "0.81", "minutes_at_least": 2, "tariff_changes": 1}) == []
    )


def test_a_closed_contactor_is_never_fine(check: Any) -> None:
    found = check({}, contactor_closed=True, watts=7200.0)
    assert found == ["the contactor is closed", "the vehicle still draws 7200.0 W"]


def test_energy_that_was_measured_and_not_billed_is_found(check: Any) -> None:
    assert check({}, import_wh=START_WH + 241.0) == ["billed 240.0 Wh, the meter counted 241.000 Wh"]


def test_a_silent_meter_excuses_what_it_could_not_measure_and_no_more(check: Any) -> None:
    assert check({"unmeasured_wh_at_most": 100}, import_wh=START_WH + 330) == []
    assert len(check({"unmeasured_wh_at_most": 100}, import_wh=START_WH + 350)) == 1
    assert len(check({"unmeasured_wh_at_most": 100}, import_wh=START_WH + 230)) == 1


def test_a_seal_that_does_not_verify_is_named(check: Any) -> None:
    forged = charge(minutes=[minute(1, "B", "0.8050", "0.8050", verified=False, why="altered")])
    assert check({}, forged) == ["record 1 is not verified: altered"]


def test_minutes_that_do_not_add_up_are_found(check: Any) -> None:
    wrong = charge(minutes=[minute(1, "B", "0.0000", "0.0000"), minute(2, "E", "0.8050", "0.8000")])
    assert check({}, wrong) == ["the minutes add up to 0.8000, the last record says 0.8050"]


def test_a_bill_other_than_the_last_record_is_found(check: Any) -> None:
    wrong = charge(receipt={**charge()["receipt"], "total": "0.80"})
    assert check({}, wrong) == ["the last record says 0.8050, the bill 0.80"]


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ({"stopped_reason": "Timeout"}, "expect.stopped_reason: should be 'Timeout', is 'Remote'"),
        ({"total_at_most": "0.80"}, "expect.total_at_most: should be '0.80', is '0.81'"),
        ({"minutes_at_least": 3}, "expect.minutes_at_least: should be 3, is 2"),
        ({"longest_gap_s": 59}, "expect.longest_gap_s: should be 59, is 60.0"),
        ({"alarm": "MeterSilent"}, "expect.alarm: should be 'MeterSilent', is 'none'"),
        ({"screen": "scan"}, "expect.screen: should be 'scan', is 'receipt'"),
        ({"contactor_closings": 1}, "expect.contactor_closings: should be 1, is 0"),
    ],
)
def test_an_expectation_that_fails_says_what_is_instead(check: Any, expect: Any, message: str) -> None:
    assert check(expect) == [message]
