"""The bench's statistics and table: a figure held against a bar must be the one that is printed."""

import json
from pathlib import Path

import pytest

from tests.bench.__main__ import main
from tests.bench.table import markdown, percentile, row, write_json


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1)]
)
def test_percentiles_are_nearest_ranks(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_one_sample_is_every_percentile() -> None:
    assert {percentile([7.0], percent) for percent in (0, 50, 99, 100)} == {7.0}


def test_a_row_says_which_figure_is_held_and_whether_it_holds() -> None:
    samples = [10.0] * 98 + [300.0] * 2
    assert row("a", "what", "ms", samples, hold=99, bar=250).holds is False
    assert row("a", "what", "ms", samples, hold=50, bar=250).holds is True


def test_the_table_and_the_file_say_the_same(tmp_path: Path) -> None:
    rows = [row("settled_ms", "end", "ms", [1.0, 2.0, 3.0], hold=99, bar=250, limit=60_000)]
    write_json(rows, tmp_path / "build" / "bench.json")

    (written,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    assert written == {
        "id": "settled_ms",
        "what": "end; value is the greatest of 3 samples",
        "unit": "ms",
        "value": 3.0,
        "p50": 2.0,
        "p99": 3.0,
        "bar": 250,
        "limit": 60_000,
    }
    (line,) = [line for line in markdown(rows).splitlines() if "settled_ms" in line]
    assert [cell.strip() for cell in line.strip("|").split("|")] == [
        "settled_ms",
        "end; value is the greatest of 3 samples",
        *("3 ms", "2", "3", "250", "60000", "✓"),
    ]


def test_a_row_that_there_is_none_of_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "settled_ms,warp_factor"]) == 2
    told = capsys.readouterr().err
    assert "warp_factor: no such row" in told
    assert "wire_ratio_9600" in told
