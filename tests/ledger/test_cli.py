"""``wattseal ledger`` as an auditor meets it: one line of verdict, or what is wrong; never a traceback."""

import json
import sqlite3
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyocmf import OCMF

from firmware.core.entries import LimitAccepted, TransactionEnded, UsageRecorded
from firmware.core.events import Limit
from firmware.ledger.cli import main
from firmware.ledger.store import Ledger
from tests.ledger.samples import KnownKey, Recorder
from tests.support.streams import STREAMS, TARIFFS, as_json

KEY_HEX = KnownKey().public_key_der.hex()


TARIFF_JSON = """{
    "tariffId": "chu-ac-2026-1", "currency": "CNY", "energy": {"prices": [{"priceKwh": 1.15}]}
}"""
"""The samples' tariff by its id and its price, but not by its version."""


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


def test_a_ledger_that_charges_another_price_than_agreed_is_found(tmp_path: Path, run) -> None:
    recorder = Recorder()
    entries = list(recorder.charge("tx-1"))
    recorder.lie = {"UC": "0.1381"}
    lied = list(recorder.charge("tx-2", minutes=1))
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append_all([*entries, *lied[:4]])
    recorder.lie = {}
    ledger.close()
    code, _, err = run("verify", tmp_path, "--key", KEY_HEX)
    assert code == 1
    assert "record 6: T6: begins with cost (UC) or time (UD, UW) already counted" in err


@pytest.mark.parametrize(("limit_e4", "code"), [(2_000, 0), (300_000, 1)])
def test_a_ledger_knows_by_which_limit_a_cost_was_held_down(
    tmp_path: Path, run, limit_e4: int, code: int
) -> None:
    recorder, entries = Recorder(), []
    charge = recorder.charge("tx-1", minutes=2)
    for entry in charge:
        if isinstance(entry, LimitAccepted):
            entry = replace(entry, limit=Limit(cost_e4=limit_e4))
        if isinstance(entry, UsageRecorded):
            entry = replace(entry, cost_e4=min(entry.cost_e4, 2_000))
        if isinstance(entry, TransactionEnded):
            entry = replace(entry, cost=replace(entry.cost, total_e4=2_000))
        entries.append(entry)
        recorder.lie = {"UC": "0.2000"} if len(entries) >= 5 else {}
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append_all(entries)
    ledger.close()
    told = run("verify", tmp_path, "--key", KEY_HEX)
    assert told[0] == code
    held = "the cost (UC) is 0.2000, by the tariff chu-ac-2026-1 it is 0.2760"
    assert ("1 transaction held below the tariff's price" in told[1]) if code == 0 else (held in told[2])


@pytest.mark.parametrize("seq", [7, 12, 14])
def test_an_entry_that_was_taken_out_of_a_ledger_is_missed(state: Path, run, seq: int) -> None:
    """14 is the ledger's last; a span that began later still points past it."""
    connection = sqlite3.connect(state / "ledger.db")
    connection.execute("UPDATE cursor SET acknowledged = 14")
    connection.execute("DELETE FROM entry WHERE seq = ?", (seq,))
    connection.commit()
    connection.close()
    code, _, err = run("verify", state)
    assert code == 1
    assert "missing" in err or "but has had an entry 14" in err


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "'$.cost_e4', 1381) WHERE seq = 5",
            "entry 5: what stands beside the sealed record is not what is sealed",
        ),
        ("'$.import_dwh', 1) WHERE seq = 5", "entry 5: what stands beside"),
        ("'$.number', 9) WHERE seq = 5", "entry 5: what stands beside"),
        (
            "'$.cost.total_e4', 1) WHERE seq = 9",
            "transaction tx-1: the bill is not the cost in its end record",
        ),
    ],
)
def test_what_the_backend_is_told_is_what_is_sealed(state: Path, run, change: str, why: str) -> None:
    connection = sqlite3.connect(state / "ledger.db")
    connection.execute(f"UPDATE entry SET body = json_set(body, {change}")
    connection.commit()
    connection.close()
    code, _, err = run("verify", state)
    assert code == 1
    assert why in err


def test_records_of_a_file_are_priced_with_the_tariffs_that_are_given(records: Path, run, tmp_path) -> None:
    tariff = tmp_path / "tariff.json"
    tariff.write_text(TARIFF_JSON)
    assert "not priced" not in run("verify", records)[1]
    unknown = "15 records not priced: no tariff of theirs was given"
    assert unknown in run("verify", records, "--tariff", tariff)[1]


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_real_records_hold_with_their_prices_and_not_with_others(tmp_path: Path, run, suffix: str) -> None:
    sealed, paths = STREAMS["garage"](), []
    (tmp_path / "records.ocmf").write_bytes(b"".join(text + b"\n" for text in sealed.texts))
    for tariff in TARIFFS:
        paths.append(tmp_path / f"{tariff['tariffId']}{suffix}")
        paths[-1].write_text(written(tariff, suffix))
    key = ["--key", sealed.keys[0].hex()]
    said = "44 records, 6 transactions, 3 new keys, all seals and the chain hold\n"
    assert run("verify", tmp_path, *key, "--tariff", paths[0], "--tariff", paths[1]) == (0, said, "")
    assert "records not priced: no tariff of theirs" in run("verify", tmp_path, *key, "--tariff", paths[1])[1]


def written(tariff: dict[str, Any], suffix: str) -> str:
    """Return a TariffType as text, its numbers as they are."""
    if suffix == ".json":
        return as_json(tariff)
    return "".join(f"{key} = {toml(value)}\n" for key, value in tariff.items())


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return str(value) if isinstance(value, int | Decimal) else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("t.json", "{", "no OCPP 2.1 TariffType in JSON or TOML"),
        ("t.json", "[]", "it is no JSON object"),
        ("t.json", '{"currency": "CNY"}', "tariffId is missing; wanted is an OCPP 2.1 TariffType"),
        ("t.json", '{"tariffId": "t", "currency": "CNY", "energy": {"prices": [{"priceKwh": 1.1234567}]}}',
         "energy.prices[0].priceKwh"),
        ("t.toml", "= 1", "no OCPP 2.1 TariffType in JSON or TOML"),
        ("t.json", None, "cannot be read: No such file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_tariff_is_explained(
    records: Path, run, tmp_path: Path, name: str, text: str | None, why: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    code, out, err = run("verify", records, "--tariff", tmp_path / name)
    assert (code, out) == (2, "")
    assert f"{tmp_path / name}: " in err
    assert why in err


def test_a_key_may_be_bound_to_its_station(records: Path, run) -> None:
    (records / "key.txt").write_text(f"{KEY_HEX} chu-003\n")
    assert run("verify", records, "--key", records / "key.txt")[0] == 0
    (records / "key.txt").write_text(f"{KEY_HEX} chu-004\n")
    wrong = 'record 1: T1: of station "chu-003", not "chu-004"'
    for named in (["--key", records / "key.txt"], ["--station", "chu-004"]):
        code, _, err = run("verify", records, *named)
        assert code == 1
        assert wrong in err


def test_all_keys_beside_the_records_count_and_the_newest_is_where_they_lead(tmp_path: Path, run) -> None:
    sealed = STREAMS["garage"]()
    keys = "".join(f"{key.hex()}\n" for key in sealed.keys)
    (tmp_path / "records.ocmf").write_bytes(b"".join(text + b"\n" for text in sealed.texts))
    (tmp_path / "public_key.hex").write_text(sealed.keys[-1].hex())
    assert run("verify", tmp_path)[0] == 1
    (tmp_path / "public_keys.hex").write_text(keys)
    said = "44 records, 6 transactions, 3 new keys, all seals and the chain hold\n"
    assert run("verify", tmp_path) == (0, said, "")
    (tmp_path / "public_keys.hex").write_text(keys + KnownKey(9).public_key_der.hex())
    assert "they end with another key than the newest one beside them" in run("verify", tmp_path)[1]


def test_an_export_is_what_third_parties_read(state: Path, run) -> None:
    out = state / "audit" / "records.ocmf"
    out.parent.mkdir()
    assert run("export", state, "--out", out) == (0, f"7 records in {out}\n", "")
    texts = out.read_text().splitlines()
    assert all(OCMF.from_string(text, strict=True).verify_signature(KEY_HEX) for text in texts)
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
        (["export", "x", "--format", "pdf"], "invalid choice"),
        (["export", "x"], "No such file"),
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


@pytest.mark.parametrize("stream", STREAMS)
def test_a_ledger_that_the_core_wrote_holds_with_prices_limits_and_keys(
    tmp_path: Path, run, stream: str
) -> None:
    sealed = STREAMS[stream]()
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append_all(sealed.entries)
    ledger.close()
    (tmp_path / "public_keys.hex").write_text("".join(f"{key.hex()}\n" for key in sealed.keys))
    code, out, err = run("verify", tmp_path)
    assert (code, err) == (0, "")
    assert out.startswith(f"{len(sealed.texts)} records, ")
    assert "not priced" not in out
