"""The bench's statistics and table: a figure held against a bar must be the one that is printed."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sim.processes import ROOT
from tests.bench.__main__ import MEASUREMENTS, Measurement, main
from tests.bench.benches import MeasurementError, Tell
from tests.bench.table import Row, markdown, mean_row, percentile, row, write_json

Measure = Callable[[Tell], Awaitable[list[Row]]]


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (50, 50), (99, 99), (99.5, 100), (100, 100), (1, 1)]
)
def test_percentiles_are_nearest_ranks(percent: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], percent) == expected


def test_one_in_a_thousand_may_be_slower_than_p99_9() -> None:
    assert percentile([1.0] * 999 + [50.0], 99.9) == 1.0
    assert percentile([1.0] * 998 + [50.0, 60.0], 99.9) == 50.0


def test_one_sample_is_every_percentile() -> None:
    assert {percentile([7.0], percent) for percent in (0, 50, 99, 100)} == {7.0}


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no samples"):
        percentile([], 50)


def test_a_row_says_which_figure_is_held_and_whether_it_holds() -> None:
    samples = [10.0] * 98 + [300.0, 400.0]
    by_p99 = row("a", "what", "ms", samples, hold=99, bar=250)
    by_p50 = row("a", "what", "ms", samples, hold=50, bar=250)
    assert (by_p99.value, by_p99.holds, by_p99.what) == (300.0, False, "what; value is p99 of 100 samples")
    assert (by_p50.value, by_p50.holds) == (10.0, True)


def test_a_p99_of_few_samples_is_called_the_greatest() -> None:
    assert (
        row("a", "what", "ms", [3.0, 1.0], hold=99, bar=9).what == "what; value is the greatest of 2 samples"
    )


def test_a_mean_over_the_whole_span_is_held_beside_the_percentiles_of_its_windows() -> None:
    bytes_a_minute = mean_row("b", "written", "bytes", [0.0, 0.0, 90.0], mean=31.5, bar=30)
    assert (bytes_a_minute.value, bytes_a_minute.p50, bytes_a_minute.p99) == (31.5, 0.0, 90.0)
    assert bytes_a_minute.holds is False


def test_the_table_and_the_file_say_the_same(tmp_path: Path) -> None:
    rows = [row("settled_ms", "end", "ms", [1.0, 2.0, 3.0], hold=99, bar=250, limit=60_000)]
    write_json(rows, tmp_path / "build" / "bench.json")

    (written,) = json.loads((tmp_path / "build" / "bench.json").read_text())
    what = "end; value is the greatest of 3 samples"
    assert written == {
        "id": "settled_ms",
        "what": what,
        "unit": "ms",
        "value": 3.0,
        "p50": 2.0,
        "p99": 3.0,
        "bar": 250,
        "limit": 60_000,
    }
    assert f"| settled_ms | {what} | 3 ms | 2 | 3 | 250 | 60000 | ✓ |" in markdown(rows)


def test_a_missed_bar_is_seen_in_the_table_and_an_absent_limit_left_empty() -> None:
    missed = row("rss_agent_mib", "memory", "MiB", [68.328], hold=100, bar=64)
    assert "| 68.328 MiB | 68.328 | 68.328 | 64 |  | ✗ over |" in markdown([missed])


def test_the_page_says_of_each_row_how_it_is_measured_and_of_no_other() -> None:
    page = (ROOT / "docs" / "BENCH.md").read_text(encoding="utf-8")
    how = page.split("## How to read a row")[1].split("\n## ")[0]
    named = re.findall(r"^\| (`.*?) \|", how, re.MULTILINE)
    told = [id_ for row in named for id_ in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(id_ for measurement in MEASUREMENTS for id_ in measurement.ids)


def test_a_row_that_there_is_none_of_is_named_and_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    assert main(["--only", "a_ms,warp_factor"], measurements=[_two_rows([])], out=out) == 2
    assert "warp_factor: no such row; there are a_ms, b_ms" in capsys.readouterr().err
    assert not out.exists()


def test_rows_that_share_a_run_share_it_and_only_those_asked_for_are_told(tmp_path: Path) -> None:
    runs: list[str] = []
    out = tmp_path / "bench.json"
    assert main([], measurements=[_two_rows(runs)], out=out) == 0
    assert (_ids(out), runs) == (["a_ms", "b_ms"], ["run"])
    assert main(["--only", "b_ms"], measurements=[_two_rows(runs)], out=out) == 0
    assert (_ids(out), runs) == (["b_ms"], ["run", "run"])


def test_a_missed_bar_is_no_failure(tmp_path: Path) -> None:
    assert main([], measurements=[_measurement(("a_ms",), _slow)], out=tmp_path / "bench.json") == 0


def test_a_measurement_that_fails_is_named_and_the_others_still_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"
    broken = [_measurement(("c_ms", "d_ms"), _broken), _two_rows([])]
    assert main([], measurements=broken, out=out) == 1
    assert _ids(out) == ["a_ms", "b_ms"]
    told = capsys.readouterr().err
    assert "MeasurementError: the charge was not settled" in told
    assert "not measured: c_ms, d_ms" in told


def _measurement(ids: tuple[str, ...], measure: Measure) -> Measurement:
    return Measurement(ids, measure, within_s=5)


def _two_rows(runs: list[str]) -> Measurement:
    async def measure(_tell: Tell) -> list[Row]:
        runs.append("run")
        return [row(id_, "what", "ms", [1.0], hold=50, bar=2) for id_ in ("a_ms", "b_ms")]

    return _measurement(("a_ms", "b_ms"), measure)


async def _slow(_tell: Tell) -> list[Row]:
    return [row("a_ms", "what", "ms", [9.0], hold=50, bar=2)]


async def _broken(_tell: Tell) -> list[Row]:
    raise MeasurementError("the charge was not settled")


def _ids(out: Path) -> list[str]:
    return [row["id"] for row in json.loads(out.read_text())]
