"""A recorded load: what a real vehicle drew, replayed instead of a constant power."""

import csv
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path


class LoadFileError(ValueError):
    """The file is no load; the text says where and why."""


@dataclass(frozen=True)
class Load:
    """Steps of power over time since the vehicle began to draw; at the last step's time the vehicle is full.

    ``starts_ms`` begins with 0 and rises; ``watts[i]`` holds from ``starts_ms[i]`` to the next.
    """

    starts_ms: tuple[float, ...]
    watts: tuple[float, ...]

    @property
    def ends_ms(self) -> float:
        return self.starts_ms[-1]

    def watts_at(self, ms: float) -> float:
        """Return the power at a time, 0 before the start and from the end on."""
        index = bisect_right(self.starts_ms, ms) - 1
        return self.watts[index] if 0 <= index < len(self.watts) - 1 else 0.0

    def next_step_ms(self, ms: float) -> float:
        """Return when the power changes next after ``ms``, infinity when it does not."""
        index = bisect_right(self.starts_ms, ms)
        return self.starts_ms[index] if index < len(self.starts_ms) else float("inf")


def read_load(path: Path) -> Load:
    """Read a CSV with the columns ``seconds`` and ``watts``; rows with blank watts are passed over.

    Raises LoadFileError for a missing column, a value that is no number, times that do not rise, or fewer
    than two rows with watts.
    """
    with path.open(newline="") as file:
        points = [
            (_number(row, "seconds", path, line), _number(row, "watts", path, line))
            for line, row in enumerate(csv.DictReader(file), start=2)
            if row.get("watts") != ""
        ]
    if len(points) < 2:
        raise LoadFileError(f"{path}: a load needs at least two rows with watts")
    if any(later[0] <= earlier[0] for earlier, later in pairwise(points)):
        raise LoadFileError(f"{path}: seconds must rise from row to row")
    begin_s = points[0][0]
    return Load(tuple((s - begin_s) * 1000 for s, _ in points), tuple(watts for _, watts in points))


def _number(row: dict[str, str], column: str, path: Path, line: int) -> float:
    text = row.get(column)
    try:
        value = float(text or "")
    except ValueError:
        raise LoadFileError(f'{path}:{line}: {column}: "{text or ""}" is no number') from None
    if not 0 <= value < float("inf"):
        raise LoadFileError(f"{path}:{line}: {column}: {value} is outside 0 to infinity")
    return value
