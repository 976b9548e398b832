"""``wattseal sim``: what is wrong with the arguments is said in one line, and nothing is started."""

import json
import tomllib
from pathlib import Path

import pytest

from sim import cli


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one-hour", "--csms", "ws://127.0.0.1:1"], "a scenario needs the simulated backend"),
        (["--csms", "http://127.0.0.1:1"], "must begin with ws:// or wss://"),
        (["--load", "/nowhere/trace.csv"], "--load /nowhere/trace.csv: no such file"),
        (["one-hour", "--meter", "sdm"], "--meter sdm: no such meter map; there are abb_b23, "),
        (
            ["one-hour", "--out", "/proc/nowhere"],
            "--out /proc/nowhere: No such file or directory; choose a directory",
        ),
    ],
)
def test_wrong_arguments_exit_with_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["one-hour", "--speed", "0"], "--speed: must be a whole number of 1 or more, not '0'"),
        (["--port", "99999"], "--port: must be a port from 0 to 65535, not '99999'"),
        (["--csms", "ws://x", "--ocpp", "1.5"], "--ocpp: invalid choice: '1.5'"),
    ],
)
def test_arguments_out_of_range_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_a_charge_is_billed_by_whichever_meter_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["ten-yuan", "--meter", "abb_b23", "--speed", "240", "--out", str(tmp_path / "out")]) == 0
    assert "passed" in capsys.readouterr().out
    site = tomllib.loads((tmp_path / "out" / "work" / "site.toml").read_text())
    assert site["evse"][0]["meter"] == {"map": "abb_b23", "port": "meter", "unit": 1}
    records = (tmp_path / "out" / "records.ocmf").read_text().splitlines()
    assert {json.loads(record.split("|")[1])["UR"] for record in records} == {
        "10.0"
    }  # Wh: its register's step


def test_a_second_run_does_not_mix_with_the_first(tmp_path: Path) -> None:
    scenario = tmp_path / "idle.toml"
    scenario.write_text("starts_at = 2026-06-01T09:30:00+08:00\nsteps = [{ pay = { minutes = 60 } }]\n")
    for _ in range(2):
        cli.main([str(scenario), "--out", str(tmp_path / "out")])
    frames = (tmp_path / "out" / "frames.jsonl").read_text()
    assert frames.count('"RequestStartTransaction"') == 1
