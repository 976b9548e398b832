"""The checks after a scenario: what must hold after every charge, and what the scenario itself expects."""

import json
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

from sim.facts import Facts
from sim.scenario import Scenario
from sim.watch import Watch

Json = dict[str, Any]
CENT = Decimal("0.01")


def payload_of(ocmf: str) -> Json:
    """Return the payload of an OCMF text, its numbers as Decimal."""
    payload: Json = json.loads(ocmf.split("|")[1], parse_float=Decimal)
    return payload


def time_of(payload: Json) -> datetime:
    """Return the time of a record's first reading (OCMF TM, its status letter dropped)."""
    return datetime.strptime(payload["RD"][0]["TM"].split(" ")[0], "%Y-%m-%dT%H:%M:%S,%f%z")


def failed_checks(
    scenario: Scenario, watch: Watch, transactions: list[Json], import_wh_at_start: float
) -> list[str]:
    """Return what does not hold, in plain words; an empty list is a scenario passed."""
    assert watch.facts is not None
    failed = _safe(watch.facts)
    counted_wh = sum((Decimal(str(board["import_wh"])) for board in watch.facts.boards), Decimal(0))
    measured_wh = counted_wh - Decimal(str(import_wh_at_start))
    failed += _books_match_meter(transactions, measured_wh, scenario.expect.get("unmeasured_wh_at_most", 0))
    for transaction in transactions:
        failed += _seals(transaction) + (
            _adds_up(transaction) if transaction["receipt"] else _open(transaction)
        )
    return failed + _expectations(scenario.expect, watch, transactions)


def _safe(facts: Facts) -> list[str]:
    failed = ["the contactor is closed" for board in facts.boards if board["contactor_closed"]]
    drawing = [board["watts"] for board in facts.boards if board["watts"]]
    return failed + [f"the vehicle still draws {watts} W" for watts in drawing]


def _books_match_meter(transactions: list[Json], measured_wh: Decimal, unmeasured_wh: float) -> list[str]:
    """The billed energy is what the meter counted, within one register step at begin and one at end."""
    billed_wh = sum((Decimal(str(t["energy_wh"])) for t in transactions), Decimal(0))
    steps = [
        2 * Decimal(str(payload_of(t["minutes"][0]["ocmf"])["UR"])) for t in transactions if t["minutes"]
    ]
    slack = sum(steps, Decimal("0.001"))
    gap = measured_wh - billed_wh
    if -slack <= gap <= slack + Decimal(str(unmeasured_wh)):
        return []
    return [f"billed {billed_wh} Wh, the meter counted {measured_wh:.3f} Wh"]


def _seals(transaction: Json) -> list[str]:
    bad = [minute for minute in transaction["minutes"] if not minute["verified"]]
    return [f"record {minute['page']} is not verified: {minute['why']}" for minute in bad]


def _open(transaction: Json) -> list[str]:
    return [f"the transaction {transaction['id']} has not ended; it is {transaction['state']}"]


def _adds_up(transaction: Json) -> list[str]:
    """The minutes' prices add up to the last record's cost, and that, rounded once, is the bill."""
    minutes, total = transaction["minutes"], Decimal(transaction["receipt"]["total"])
    costs = sum((Decimal(str(minute["minute_cost"])) for minute in minutes), Decimal(0))
    stated = Decimal(str(minutes[-1]["cost"])) if minutes else Decimal(0)
    failed = [] if costs == stated else [f"the minutes add up to {costs}, the last record says {stated}"]
    if stated.quantize(CENT, ROUND_HALF_UP) != total:
        failed.append(f"the last record says {stated}, the bill {total}")
    return failed


def _expectations(expect: Json, watch: Watch, transactions: list[Json]) -> list[str]:
    actual = _actual(watch, transactions)
    failed = []
    for key, wanted in expect.items():
        if key == "unmeasured_wh_at_most":
            continue
        is_bound = key.endswith(("_at_least", "_at_most")) or key == "longest_gap_s"
        value = actual.get(key, actual.get(key.removesuffix("_at_least").removesuffix("_at_most")))
        if not (_within(key, wanted, value) if is_bound else _equals(key, wanted, value)):
            told = ", ".join(sorted(value)) or "none" if isinstance(value, frozenset) else value
            failed.append(f"expect.{key}: should be {wanted!r}, is {told!r}")
    return failed


def _within(key: str, bound: Any, value: Any) -> bool:
    if value is None:
        return False
    number, limit = Decimal(str(value)), Decimal(str(bound))
    return number >= limit if key.endswith("_at_least") else number <= limit


def _equals(key: str, wanted: Any, value: Any) -> bool:
    return wanted in value if key == "alarm" else bool(value == wanted)


def _actual(watch: Watch, transactions: list[Json]) -> Json:
    facts = watch.facts
    assert facts is not None
    newest = transactions[-1] if transactions else {"receipt": None, "minutes": []}
    payloads = [payload_of(minute["ocmf"]) for minute in newest["minutes"]]
    return {
        **(newest["receipt"] or {}),
        "stopped_reason": newest.get("stopped_reason"),
        "contactor_closings": len(watch.closings),
        "offered_a": watch.most_offered_a,
        "longest_gap_s": longest_gap(payloads).total_seconds(),
        "tariff_changes": sum(payload["RD"][0]["TX"] == "T" for payload in payloads),
        "screen": facts.screen,
        "connector": facts.connector,
        "alarm": facts.active_alarms,
        "lock": facts.board["lock"],
    }


def longest_gap(payloads: list[Json]) -> timedelta:
    """Return the longest billing time between two records in a row, zero for fewer than two."""
    times = [time_of(payload) for payload in payloads]
    return max((b - a for a, b in pairwise(times)), default=timedelta())
