from pathlib import Path

import pytest

from sim.board.load import Load, LoadFileError, read_load

RECORDED = sorted(Path(__file__).parents[4].glob("*/traces/*.csv"))  # beside the checkout, if there are any


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "load.csv"
    path.write_text(text)
    return path


def test_rows_without_watts_are_passed_over_and_time_starts_at_the_first(tmp_path: Path) -> None:
    path = written(
        tmp_path, "seconds,watts,event\n0.5,,plugged\n10,3600,\n70,1800,\n130,0,\n140,,unplugged\n"
    )
    assert read_load(path) == Load((0.0, 60_000.0, 120_000.0), (3600.0, 1800.0, 0.0))


def test_power_holds_until_the_next_row_and_ends_with_the_last() -> None:
    load = Load((0.0, 60_000.0, 120_000.0), (3600.0, 1800.0, 500.0))
    assert [load.watts_at(ms) for ms in (-1, 0, 59_999, 60_000, 119_999, 120_000)] == [
        0,
        3600,
        3600,
        1800,
        1800,
        0,
    ]
    assert load.next_step_ms(0) == 60_000
    assert load.next_step_ms(120_000) == float("inf")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seconds,watts\n0,many\n", r"load\.csv:2: watts: \"many\" is no number"),
        ("time,watts\n0,1\n", r"load\.csv:2: seconds: \"\" is no number"),
        ("seconds,watts\n0,-1\n1,1\n", r"load\.csv:2: watts: -1\.0 is outside"),
        ("seconds,watts\n0,1\n0,2\n", "seconds must rise"),
        ("seconds,watts\n0,1\n", "at least two rows"),
        ("seconds,power\n0,1\n", r"load\.csv:2: watts: \"\" is no number"),
    ],
)
def test_what_is_no_load_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(LoadFileError, match=said):
        read_load(written(tmp_path, text))


@pytest.mark.skipif(not RECORDED, reason="recorded traces (*/traces/*.csv beside the checkout) are not here")
def test_recorded_traces_are_loads() -> None:
    for path in RECORDED:
        load = read_load(path)
        assert load.ends_ms > 10_000
        assert max(load.watts) > 1_000
