"""Settings that the interlock's process cannot work with: it starts nothing and says why in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.interlock import process
from tests.interlock.process import Agent, Board, Interlock, start


def settings(tmp_path: Path, **changed: Any) -> str:
    return json.dumps(process.settings(tmp_path, str(tmp_path / "board.sock")) | changed)


def evse(**changed: Any) -> dict[str, Any]:
    """One EVSE's settings; ``rules`` are added to those."""
    rules = {"max_current_ma": 32_000, **changed.pop("rules", {})}
    return {"id": 1, "rules": rules, **changed}


def complaint(*arguments: str) -> tuple[int, str]:
    process = start(*arguments)
    _, said = process.communicate(timeout=10)
    return process.returncode, said.decode()


def test_without_settings_it_says_how_it_is_started() -> None:
    assert complaint() == (2, "usage: python -m firmware.interlock SETTINGS_JSON\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"evses": []}, "settings: evses: empty, at least one is needed"),
        ({"socket": "/nowhere/at/all.sock"}, "settings: socket: /nowhere/at/all.sock: No such file"),
        ({"board": {"backend": "sysfs"}}, 'settings: board: unknown backend "sysfs"; there is remote, linux'),
        ({"socket": "/tmp/" + "x" * 200}, "settings: socket: /tmp/xxx"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_settings_that_are_wrong_start_nothing_and_are_told_in_one_line(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    code, text = complaint(settings(tmp_path, **changed))
    (line,) = [line for line in text.splitlines() if not line.startswith("{")]
    assert (code, line.startswith("interlock: settings: "), said in line) == (2, True, True), text


def test_settings_that_are_no_json_are_told_too() -> None:
    code, text = complaint("{")
    assert (code, text.startswith("interlock: settings: no JSON: "), text.count("\n")) == (2, True, 1)


@pytest.mark.parametrize(
    ("entry", "path", "missing"),
    [
        ({"id": 2}, "rules.economiser", 'output "evse2.contactor"'),
        ({"rules": {"economiser": True}}, "rules.economiser", 'PWM channel "evse1.contactor"'),
        ({"rules": {"residual_current": True}, "id": 3}, "rules.economiser", 'output "evse3.contactor"'),
    ],
)
def test_a_part_that_the_board_does_not_have_is_told_with_the_setting_that_asks_for_it(
    tmp_path: Path, board: Board, entry: dict[str, Any], path: str, missing: str
) -> None:
    code, text = complaint(settings(tmp_path, evses=[evse(**entry)]))
    (line,) = [line for line in text.splitlines() if not line.startswith("{")]
    assert code == 2
    assert line.startswith(f"interlock: settings: evses[0].{path}: the board has no {missing}; it has ")


def test_two_interlocks_never_drive_one_board(tmp_path: Path, interlock: Interlock, charging: Agent) -> None:
    code, text = complaint(settings(tmp_path))
    where = f"interlock: settings: socket: {tmp_path}/interlock.sock"
    assert (code, text) == (2, f"{where}: another interlock is running there\n")
    charging.grant()
    charging.until(lambda status: status.lease_left_ms > 14_000)
