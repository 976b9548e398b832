"""Scenario files: what is wrong is told with its place and a suggestion, before anything starts."""

from pathlib import Path

import pytest

from sim import cli
from sim.scenario import PACKAGED, ScenarioError, find, load

GOOD = """
starts_at = 2026-06-01T09:30:00+08:00
steps = ["plug_in", { pay = { minutes = 60 } }, { wait_until = { minutes = 3 } }]
[expect]
settled = true
"""


def scenario_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.toml")), ids=lambda path: path.stem)
def test_every_packaged_scenario_is_well_formed_and_named_like_its_file(path: Path) -> None:
    assert load(path).name == path.stem


def test_the_scenarios_that_others_call_by_name_are_there() -> None:
    names = [
        "one-hour",
        "ten-yuan",
        "plug-pulled",
        "emergency-stop",
        "meter-silent",
        "no-vehicle",
        "agent-killed",
    ]
    assert [load(find(name)).name for name in names] == names


def test_a_step_without_arguments_is_a_bare_word(tmp_path: Path) -> None:
    scenario = load(scenario_file(tmp_path, GOOD))
    assert [str(step) for step in scenario.steps] == ["plug_in", "pay minutes=60", "wait_until minutes=3"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"plug_in"', '"plugin"', 'mine.toml: steps[0].plugin: unknown step, did you mean "plug_in"?'),
        (
            "minutes = 60",
            "minuets = 60",
            'mine.toml: steps[1].pay.minuets: unknown argument, did you mean "minutes"?',
        ),
        (
            "settled = true",
            "setled = true",
            'mine.toml: expect.setled: unknown expectation, did you mean "settled"?',
        ),
        ("starts_at", "start_at", 'mine.toml: start_at: unknown key, did you mean "starts_at"?'),
        ("settled = true", 'settled = "yes"', "mine.toml: expect.settled: must be true or false, not 'yes'"),
        (
            "minutes = 60",
            "minutes = true",
            "mine.toml: steps[1].pay.minutes: must be a whole number, not True",
        ),
        (
            "minutes = 60",
            "minutes = 60, amount = 5",
            "mine.toml: steps[1].pay: needs minutes or amount, and not both",
        ),
        ("+08:00", "", "mine.toml: starts_at: needs its offset from UTC, e.g. 2026-06-01T09:30:00+08:00"),
        ("starts_at", "speed = 0\nstarts_at", "mine.toml: speed: must be 1 or more, not 0"),
    ],
)
def test_a_wrong_file_says_where_and_what_next(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ScenarioError) as told:
        load(scenario_file(tmp_path, GOOD.replace(old, new, 1)))
    assert str(told.value) == message


def test_wrong_input_exits_with_2_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = scenario_file(tmp_path, GOOD.replace("plug_in", "plugin"))
    assert cli.main([str(wrong), "--out", str(tmp_path / "out")]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_scenario_that_is_not_there_names_its_neighbour(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["one-huor"]) == 2
    assert 'did you mean "one-hour"?' in capsys.readouterr().err


def test_text_that_is_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"mine\.toml: cannot be read as TOML: .*line 1"):
        load(scenario_file(tmp_path, "steps = ]"))


def test_a_step_at_an_evse_that_is_not_there_is_told(tmp_path: Path) -> None:
    wrong = "evses = 2" + GOOD.replace('"plug_in"', "{ plug_in = { evse = 3 } }")
    with pytest.raises(ScenarioError) as told:
        load(scenario_file(tmp_path, wrong))
    assert str(told.value) == "mine.toml: steps[0].plug_in.evse: there is no EVSE 3; evses is 2"
