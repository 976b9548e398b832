"""Rows and their statistics, the Markdown table and the JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure. ``value`` is held against ``bar``; ``limit`` is what the bar itself is held against."""

    id: str
    what: str
    unit: str
    value: float
    p50: float
    p99: float
    bar: float
    limit: float | None

    @property
    def holds(self) -> bool:
        return self.value <= self.bar


def percentile(samples: Sequence[float], percent: float) -> float:
    """Return the smallest sample that at least ``percent`` of the samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, ceil(percent / 100 * len(ordered)) - 1)]


def row(
    id_: str,
    what: str,
    unit: str,
    samples: Sequence[float],
    *,
    hold: float,
    bar: float,
    limit: float | None = None,
) -> Row:
    """Return a row of samples; ``hold`` is the percentile that is held against the bar."""
    p50, p99, value = (round(percentile(samples, percent), 3) for percent in (50, 99, hold))
    return Row(id_, f"{what}, {len(samples)} samples", unit, value, p50, p99, bar, limit)


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    head = "| id | what | value | p50 | p99 | bar | limit | |\n|---|---|---:|---:|---:|---:|---:|---|\n"
    return head + "".join(
        f"| {each.id} | {each.what} | {each.value:g} {each.unit} | {each.p50:g} | {each.p99:g} "
        f"| {each.bar:g} | {'' if each.limit is None else f'{each.limit:g}'} | {'✓' if each.holds else '✗ over'} |\n"
        for each in rows
    )


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in rows], indent=2, ensure_ascii=False) + "\n")
