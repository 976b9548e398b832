"""What the demo prints: progress, bill, verification."""

from typing import Any

import pytest

from sim.demo import bill_rows, progress_line, tell_verification

RECEIPT = {
    "energy_wh": 7200.0,
    "total": "11.06",
    "currency": "CNY",
    "minutes": 61,
    "settled": True,
    "verified": True,
    "problems": [],
    "costs": {"energy": "9.36", "time": "1.20", "fixed": "0.50"},
}


def charge(**receipt: Any) -> dict[str, Any]:
    record = {"energy_wh": 7200, "cost": "11.0600", "verified": True}
    return {"minutes": [record, record], "receipt": {**RECEIPT, **receipt}}


def test_the_bill_names_each_part_and_ends_with_the_total() -> None:
    assert bill_rows(charge()) == [
        ("energy, electricity and service", "7.2000 kWh", "9.36"),
        ("charging time", "61 min", "1.20"),
        ("fixed fee", "", "0.50"),
        ("total", "CNY", "11.06"),
    ]


def test_a_line_of_progress_has_power_energy_cost_and_what_remains() -> None:
    line = progress_line(charge(), 45, 7200.0)
    assert line.split() == ["45", "7.2", "kW", "7.20", "kWh", "11.06", "15", "min", "███████████████░░░░░"]


def test_a_charge_that_was_not_settled_is_not_called_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_verification(charge())
    assert not tell_verification(charge(settled=False, problems=["price: T7 says 1.0, it comes to 1.1"]))
    assert "price: T7 says 1.0" in capsys.readouterr().out
