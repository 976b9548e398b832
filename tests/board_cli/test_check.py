"""``wattseal board check``: a line for each part, a sum, an exit code; and nothing is driven."""

import fcntl
from pathlib import Path

import pytest

import config
from hal.remote.board import RemoteBoard
from tests.board_cli.conftest import run
from tests.interlock.process import Board

BOARDS = Path(config.__file__).parent / "boards"


def test_a_board_as_its_file_says_is_told_part_by_part(file: Path) -> None:
    code, out, err = run("check", file)
    assert (code, err) == (0, "")
    head, *parts, total = out.splitlines()
    assert head == "board.toml: backend remote, EVSE 1"
    assert all(line.startswith("✓ ") for line in parts)
    assert '✓ adcs."evse1.pilot_high"           declared: 12000 mV, A  12 V: no vehicle' in parts
    assert "✓ inputs.emergency_stop             declared: inactive, not pressed" in parts
    assert total == f"all {len(parts)} parts are as the file says"


def test_what_the_board_does_not_have_is_told_with_who_needs_it(file: Path) -> None:
    file.write_text(file.read_text() + "economiser = true\n")  # the board was started without
    code, out, _ = run("check", file)
    assert code == 1
    wrong = [line for line in out.splitlines() if line.startswith("✗")]
    assert [line.split(maxsplit=2)[1:] for line in wrong] == [
        ['pwms."evse1.contactor"', "the board does not declare it, evses.1.economiser = true needs it"]
    ]
    assert out.splitlines()[-1].startswith("1 of ")


def test_a_board_that_is_not_there_is_told(file: Path, board: Board) -> None:
    board.kill()
    code, out, _ = run("check", file)
    assert code == 1
    assert "✗ address" in out
    assert "is it started, and is this its address?" in out


def test_a_serial_line_that_is_in_use_or_not_there_is_told(file: Path, tmp_path: Path, board: Board) -> None:
    with (tmp_path / "tty").open("rb", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        code, out, _ = run("check", file)
    assert code == 1
    assert f"{tmp_path}/tty is in use by another process" in out
    file.write_text(file.read_text().replace(f"{tmp_path}/tty", "/dev/ttyNothing"))
    code, out, _ = run("check", file)
    assert code == 1
    assert "/dev/ttyNothing cannot be opened as a serial port: No such file or directory" in out


def test_a_check_beside_a_running_charger_moves_nothing(file: Path, board: Board) -> None:
    other = RemoteBoard({"address": board.address})
    other.output("evse1.contactor").set(True)
    board.until_closed()
    assert run("check", file)[0] == 0
    board.do("press_emergency_stop")  # said after anything that the check might have sent
    board.until(lambda inputs: bool(inputs["emergency_stop"]))
    assert not board.inputs["evse1.contactor_mirror"]
    other.close()
    board.until_open()


def test_a_wrong_file_is_told_as_everywhere(file: Path) -> None:
    file.write_text(file.read_text().replace("address", "adress"))
    code, out, err = run("check", file)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        'board.toml: adress: unknown key, did you mean "address"?',
        'board.toml: address: missing, backend "remote" needs the path of the board\'s socket',
    ]


def test_a_site_file_means_its_board(file: Path, tmp_path: Path) -> None:
    package = Path(config.__file__).parent
    site = (package / "site.example.toml").read_text()
    tariff = package / "tariffs" / "chu_time_of_use.toml"
    site = site.replace("boards/bench.toml", "board.toml").replace(
        "tariffs/chu_time_of_use.toml", str(tariff)
    )
    (tmp_path / "site.toml").write_text(site)
    code, out, _ = run("check", tmp_path / "site.toml")
    assert code == 0
    assert out.startswith("board.toml: backend remote, EVSE 1\n")


@pytest.mark.parametrize("words", [[], ["look"], ["check"], ["check", "a", "b"]])
def test_a_wrong_command_line_is_explained(words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: wattseal board")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, _, err = run("check", tmp_path / "none.toml")
    assert code == 2
    assert err.startswith("none.toml: cannot be read: No such file or directory")
