"""The generated site files say what was meant, and TOML reads them back."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from sim.options import BenchOptions
from sim.site_files import board_for, merged, sample_board, sample_site, site_for, timed_for, write_toml


def test_what_is_written_is_what_toml_reads(tmp_path: Path) -> None:
    document = {
        "name": '楚氏 "quoted" \\ back\nline',
        "count": 3,
        "ratio": 0.5,
        "on": True,
        "at": datetime(2026, 6, 1, 9, 30, tzinfo=UTC),
        "list": [1, 2],
        "empty": [],
        "table": {"with space": 1, "deeper": {"x": "y"}},
        "many": [{"id": 1, "inside": {"unit": 7}}, {"id": 2}],
    }
    write_toml(tmp_path / "it.toml", document)
    assert tomllib.loads((tmp_path / "it.toml").read_text()) == document


def test_the_samples_survive_the_round_trip(tmp_path: Path) -> None:
    for sample in (sample_site(), sample_board()):
        write_toml(tmp_path / "it.toml", sample)
        assert tomllib.loads((tmp_path / "it.toml").read_text()) == sample


def test_overrides_reach_into_tables_and_leave_the_rest() -> None:
    site = merged(sample_site(), {"transactions": {"receipt_s": 5}, "offers": {"minutes": [10]}})
    assert site["transactions"]["receipt_s"] == 5
    assert site["transactions"]["record_every_s"] == 60
    assert site["offers"] == {"minutes": [10], "amounts": [10, 20, 30]}


def test_a_driver_has_a_real_minute_whatever_the_speed_is() -> None:
    for speed in (1, 60, 240):
        timed = timed_for(speed)
        assert timed["transactions"]["connection_timeout_s"] / speed == 60
        assert timed["transactions"]["record_every_s"] == 60
        assert timed["web_payments"]["validity_s"] <= 3600  # what OCPP allows


def test_each_of_two_evses_has_its_meter_and_its_parts_on_one_supply(tmp_path: Path) -> None:
    options = BenchOptions(tmp_path, evses=2, supply_a=40)
    evses = site_for(options)["evse"]
    assert [(evse["id"], evse["meter"]["unit"], evse["max_current_a"]) for evse in evses] == [
        (1, 1, 32),
        (2, 2, 32),
    ]
    board = board_for(options)
    assert (sorted(board["evses"]), board["max_current_a"]) == (["1", "2"], 40)


def test_one_evse_is_the_samples_own(tmp_path: Path) -> None:
    assert site_for(BenchOptions(tmp_path))["evse"] == sample_site()["evse"]
    assert board_for(BenchOptions(tmp_path)) == sample_board()


def test_the_meter_that_is_asked_for_is_the_one_in_the_site_file(tmp_path: Path) -> None:
    def wired(meter: str) -> list[tuple[int, dict[str, object]]]:
        site = site_for(BenchOptions(tmp_path, evses=2, meter=meter))
        return [(evse["phases"], evse["meter"]) for evse in site["evse"]]

    assert wired("abb_b23")[1] == (3, {"map": "abb_b23", "port": "meter", "unit": 2})
    assert wired("eastron_sdm120")[0] == (1, {"map": "eastron_sdm120", "port": "meter", "unit": 1})
    _, chinese = wired("dlt645_2007")[1]
    assert (chinese["map"], len(str(chinese["address"])), "unit" in chinese) == ("dlt645_2007", 12, False)
