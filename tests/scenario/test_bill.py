"""The tests' own bill, on figures worked out by hand."""

from datetime import datetime
from fractions import Fraction
from pathlib import Path

from tests.scenario.bill import Reading, costs, half_up, tariff_from

TARIFF = tariff_from(Path(__file__).parents[2] / "config/tariffs/chu_time_of_use.toml")


def reading(at: str, kwh: str, charging_min: int, idle_min: int = 0) -> Reading:
    when = datetime.fromisoformat(f"2026-06-01T{at}:00+08:00")
    return Reading(
        when, "C", Fraction(kwh) * 1000, Fraction(charging_min), Fraction(idle_min), Fraction(0), "t"
    )


def test_an_hour_across_ten_o_clock_by_hand() -> None:
    charge = [reading("09:30", "100", 0), reading("10:00", "103.6", 30), reading("10:30", "107.2", 60)]
    # 0.50 once + 3.6 × 1.15 + 3.6 × 1.45 + 60 × 0.02
    assert costs(TARIFF, charge)[-1] == Fraction("0.5") + Fraction("4.14") + Fraction("5.22") + Fraction(
        "1.2"
    )


def test_nothing_flowed_nothing_is_due_but_time() -> None:
    charge = [reading("23:00", "100", 0), reading("23:10", "100", 0, idle_min=10)]
    assert costs(TARIFF, charge) == [0, Fraction("0.5")]  # idle 10 × 0.05, and no fixed fee without energy


def test_night_hours_wrap_around_midnight() -> None:
    charge = [reading("02:00", "0", 0), reading("03:00", "10", 0)]
    assert costs(TARIFF, charge)[-1] == Fraction("0.5") + Fraction("6.5")


def test_an_amount_paid_for_caps_the_cost() -> None:
    charge = [reading("10:00", "0", 0), reading("11:00", "10", 60)]
    assert costs(TARIFF, charge, cap=10)[-1] == 10


def test_halves_go_up() -> None:
    assert half_up(Fraction("1.00005"), Fraction(1, 10_000)) == Fraction("1.0001")
    assert half_up(Fraction("1.00004999"), Fraction(1, 10_000)) == 1
