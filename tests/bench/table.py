"""Rows and their statistics, the Markdown table and the JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

_HEAD = "| id | what | value | p50 | p99 | bar | limit | |\n|---|---|---:|---:|---:|---:|---:|---|\n"


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
    """Return the smallest sample that at least ``percent`` of the samples do not exceed (nearest rank).

    It is always a sample that was seen: of fewer than 100, p99 is the greatest. Raises ValueError when there
    is none.
    """
    if not samples:
        raise ValueError("no samples, no percentile")
    rank = ceil(round(percent * len(samples) / 100, 6))  # 99.9 % of 1000 is 999, whatever floats make of it
    return sorted(samples)[max(0, rank - 1)]


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
    value = percentile(samples, hold)
    held = "value is the greatest" if value == max(samples) else f"value is p{hold:g}"
    return _row(id_, f"{what}; {held} of {len(samples)} samples", unit, samples, value, bar, limit)


def mean_row(id_: str, what: str, unit: str, windows: Sequence[float], *, mean: float, bar: float) -> Row:
    """Return a row whose mean over the whole span is held against the bar; the percentiles are of windows."""
    return _row(
        id_, f"{what}; value is the mean, p50 and p99 of {len(windows)} windows", unit, windows, mean, bar
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    return _HEAD + "".join(f"| {' | '.join(_cells(each))} |\n" for each in rows)


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in rows], indent=2, ensure_ascii=False) + "\n")


def _cells(each: Row) -> tuple[str, ...]:
    value = f"{each.value:.6g} {each.unit}".strip()
    limit = "" if each.limit is None else f"{each.limit:g}"
    holds = "✓" if each.holds else "✗ over"
    return (each.id, each.what, value, f"{each.p50:.6g}", f"{each.p99:.6g}", f"{each.bar:g}", limit, holds)


def _row(
    id_: str,
    what: str,
    unit: str,
    samples: Sequence[float],
    value: float,
    bar: float,
    limit: float | None = None,
) -> Row:
    p50, p99 = (percentile(samples, percent) for percent in (50, 99))
    return Row(id_, what, unit, round(value, 3), round(p50, 3), round(p99, 3), bar, limit)
