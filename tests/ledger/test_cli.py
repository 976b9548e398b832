"""``wattseal ledger`` as an auditor meets it: one line of verdict, or what is wrong; never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest
from pyocmf import OCMF

from firmware.ledger.cli import main
from firmware.ledger.store import Ledger
from tests.ledger.samples import KnownKey, Recorder

KEY_HEX = KnownKey().public_key_der.hex()


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Return a directory with three charges in records.ocmf, and their public key."""
    recorder = Recorder()
    texts = [text for number in range(3) for text in recorder.texts(f"tx-{number}")]
    (tmp_path / "records.ocmf").write_text("".join(f"{text}\n" for text in texts))
    (tmp_path / "public_key.hex").write_text(KEY_HEX + "\n")
    return tmp_path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a state directory with a ledger in which one charge ended and one is running."""
    recorder = Recorder()
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append_all([*recorder.charge("tx-1"), *list(recorder.charge("tx-2"))[:5]])
    ledger.close()
    (tmp_path / "public_key.hex").write_text(KEY_HEX)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def running(*argv: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in argv])
        said = capsys.readouterr()
        return code, said.out, said.err

    return running


def test_good_records_get_one_line(records: Path, run) -> None:
    told = (0, "15 records, 3 transactions, all seals and the chain hold\n", "")
    assert run("verify", records) == told
    assert run("verify", records / "records.ocmf") == told


def test_the_key_may_be_given_as_hex_or_as_a_file(records: Path, run) -> None:
    key = records / "public_key.hex"
    key.rename(records / "key.txt")
    assert run("verify", records, "--key", KEY_HEX)[0] == 0
    assert run("verify", records, "--key", records / "key.txt")[0] == 0


def test_a_bad_record_is_named_with_the_reason(records: Path, run) -> None:
    path = records / "records.ocmf"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6] + lines[7:]))
    code, out, err = run("verify", records)
    assert (code, out) == (1, "")
    why = "record 7: T8: follows T6; a record is missing, there twice, or out of order"
    assert err == f"wattseal ledger: {path}: {why}\n"


def test_a_ledger_with_a_running_charge_is_verified_as_it_is(state: Path, run) -> None:
    said = "7 records, 2 transactions, all seals and the chain hold; transaction tx-2 is still open\n"
    assert run("verify", state) == (0, said, "")
    assert run("verify", state / "ledger.db") == (0, said, "")


def test_an_export_is_what_third_parties_read(state: Path, run) -> None:
    out = state / "audit" / "records.ocmf"
    out.parent.mkdir()
    assert run("export", state, "--out", out) == (0, f"7 records in {out}\n", "")
    texts = out.read_text().splitlines()
    assert all(OCMF.from_string(text, strict=True).verify(KEY_HEX) for text in texts)
    assert run("verify", out, "--key", KEY_HEX)[0] == 1  # tx-2 has no end, and a file cannot say that it runs


def test_an_export_that_cannot_be_written_leaves_nothing(state: Path, run) -> None:
    code, _, err = run("export", state, "--out", state / "nowhere" / "records.ocmf")
    assert code == 2
    assert "No such file or directory" in err


def test_a_ledger_in_use_is_left_alone(state: Path, run) -> None:
    owner = Ledger.open(state / "ledger.db")
    code, _, err = run("verify", state)
    assert code == 2
    assert "in use by another process; stop the station's agent first" in err
    owner.close()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no records in it"),
        (b"\n", "no records in it"),
        (bytes(range(256)) * 20, "no records in it"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "ledger"),
        (b"SQLite format 3\0", "ledger"),
    ],
)
def test_junk_is_said_to_be_junk(records: Path, run, content: bytes, why: str) -> None:
    (records / "records.ocmf").write_bytes(content)
    code, out, err = run("verify", records)
    assert (code, out) == (2, "")
    assert why in err


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        ([], "required"),
        (["verify"], "required"),
        (["prove", "x"], "invalid choice"),
        (["export", "x"], "--out"),
        (["verify", "/nonexistent"], "No such file"),
        (["verify", "/"], "neither records.ocmf nor ledger.db"),
    ],
)
def test_a_wrong_command_line_is_explained(run, argv: list[str], why: str) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert why in err


@pytest.mark.parametrize("key", ["", "zz", "00", KEY_HEX[:-2], "/nonexistent/key.hex"])
def test_a_wrong_key_is_explained(records: Path, run, key: str) -> None:
    code, _, err = run("verify", records, "--key", key)
    assert code == 2
    assert "no public key; wanted is the hex" in err


def test_records_without_a_key_are_not_called_good(records: Path, run) -> None:
    (records / "public_key.hex").unlink()
    code, out, err = run("verify", records)
    assert (code, out) == (2, "")
    assert "name one with --key HEX or FILE" in err


def test_help_is_no_error(run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "verify" in out


def test_the_tool_needs_no_configuration_and_no_agent(records: Path) -> None:
    script = f"import sys; from firmware.ledger.cli import main; sys.exit(main(['verify', {str(records)!r}]))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
