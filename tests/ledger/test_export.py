"""What leaves a ledger, and whether those it is for can read it: OCMF lines, XML, CSV."""

import csv
import io
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree
from pyocmf import OCMF
from pyocmf.utils.xml import OcmfContainer

from firmware.ledger.cli import main
from firmware.ledger.export_csv import COLUMNS, csv_lines
from firmware.ledger.export_xml import xml_lines
from firmware.ledger.store import Ledger
from tests.ledger.samples import KnownKey, Recorder
from tests.support.streams import STREAMS, Sealed

KEY = KnownKey().public_key_der
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def running(*argv: object) -> tuple[int, str, str]:
        code = main(["export", *map(str, argv)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return running


@pytest.fixture(scope="module", params=STREAMS)
def sealed(request: pytest.FixtureRequest) -> Sealed:
    """Return what a station wrote that has also had several keys."""
    return STREAMS[request.param]()


@pytest.fixture
def state(tmp_path: Path, sealed: Sealed) -> Path:
    """Return the state directory that a station leaves: its ledger, and all its public keys."""
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append_all(sealed.entries)
    ledger.close()
    (tmp_path / "public_keys.hex").write_text("".join(key.hex() + "\n" for key in sealed.keys))
    return tmp_path


def payloads(sealed: Sealed) -> list[dict[str, Any]]:
    """Return the usage records' payloads."""
    found = [json.loads(text.split(b"|")[1], parse_float=Decimal) for text in sealed.texts]
    return [payload for payload in found if payload["RD"]]


def test_lines_are_byte_for_byte_what_was_sealed(
    state: Path, sealed: Sealed, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "records.ocmf"
    assert run(state / "ledger.db", "--out", out) == (0, f"{len(sealed.texts)} records in {out}\n", "")
    assert out.read_bytes() == b"".join(text + b"\n" for text in sealed.texts)
    assert run(state / "ledger.db") == (0, out.read_text(), "")


def test_xml_is_what_transparency_software_verifies_and_pairs(state: Path, sealed: Sealed, run: Run) -> None:
    out = state / "values.xml"
    assert run(state, "--format", "xml", "--out", out)[0] == 0
    records = OcmfContainer.from_xml(out, strict=True)
    assert all(record.verify_signature() for record in records)
    results = records.check_eichrecht()
    assert [result.issues for result in results if result.issues] == []
    transactions = {payload["UT"] for payload in payloads(sealed) if payload["RD"][0]["TX"] == "E"}
    assert len([result for result in results if len(result.records) == 2]) == len(transactions)


def test_xml_carries_the_texts_unchanged(sealed: Sealed) -> None:
    root = ElementTree.fromstring(b"".join(xml_lines(sealed.texts, sealed.keys)))
    texts = [value.findtext("signedData").encode() for value in root]
    assert texts == [text for text in sealed.texts if b'"TX":"B"' in text or b'"TX":"E"' in text]
    assert {value.find("publicKey").get("encoding") for value in root} == {"hex"}


def test_xml_escapes_what_is_markup() -> None:
    recorder = Recorder(lie={"TT": "a<b & c]]>d", "UT": "<tx>&"})
    texts = [text.encode() for text in recorder.texts("tx")]
    root = ElementTree.fromstring(b"".join(xml_lines(texts, [KEY])))
    assert [value.findtext("signedData") for value in root] == [texts[0].decode(), texts[-1].decode()]
    assert OCMF.from_string(root[0].findtext("signedData")).verify_signature(KEY.hex())


def test_csv_has_every_record_with_all_its_digits(state: Path, sealed: Sealed, run: Run) -> None:
    out = state / "records.csv"
    assert run(state, "--format", "csv", "--out", out)[0] == 0
    head, *rows = csv.reader(io.StringIO(out.read_bytes().decode(), newline=""), strict=True)
    assert tuple(head) == COLUMNS
    read = [dict(zip(head, row, strict=True)) for row in rows]
    expected = payloads(sealed)
    assert len(read) == len(expected)
    for row, payload in zip(read, expected, strict=True):
        (reading,) = payload["RD"]
        assert row["record"] == payload["PG"].removeprefix("T")
        assert row["register_kwh"] == str(reading["RV"])
        assert Decimal(row["energy_kwh"]) == reading["RV"] - payload["UB"]
        assert (row["cost"], row["currency"]) == (payload["UC"], payload["UU"])
        assert (row["transaction"], row["evse"], row["reason"]) == (
            payload["UT"],
            payload["CI"],
            reading["TX"],
        )
        assert f"{row['time']} {row['clock']}" == (reading["TM"].replace(",", ".").replace("+0800", "+08:00"))
        assert row["flags"].split() == payload["UF"]


def test_csv_quotes_as_rfc_4180_wants() -> None:
    recorder = Recorder(lie={"UI": 'a,"b"', "MS": "电表\r\n1"})
    text = recorder.texts("tx")[0].encode()
    table = b"".join(csv_lines([text]))
    assert b',"a,""b""",' in table
    assert table.endswith(b"\r\n")
    _, row = csv.reader(io.StringIO(table.decode(), newline=""), strict=True)
    assert row[COLUMNS.index("meter_serial")] == "电表\r\n1"


@pytest.mark.parametrize("form", ["ocmf", "xml", "csv"])
def test_one_transaction_alone(state: Path, sealed: Sealed, run: Run, form: str) -> None:
    wanted, other = list(dict.fromkeys(payload["UT"] for payload in payloads(sealed)))[:2]
    code, out, _ = run(state, "--format", form, "--transaction", wanted)
    assert code == 0
    assert wanted in out
    assert other not in out


@pytest.mark.parametrize("form", ["ocmf", "xml", "csv"])
def test_a_transaction_that_is_not_there_leaves_no_file(tmp_path: Path, run: Run, form: str) -> None:
    records = write_records(tmp_path, Recorder().texts("tx-1"))
    out = tmp_path / "out"
    code, _, err = run(records, "--format", form, "--transaction", "tx-9", "--out", out)
    assert (code, out.exists()) == (2, False)
    assert "there is no record of a transaction tx-9 in it" in err


def write_records(folder: Path, texts: list[str]) -> Path:
    (folder / "records.ocmf").write_text("".join(text + "\n" for text in texts))
    (folder / "public_key.hex").write_text(KEY.hex())
    return folder / "records.ocmf"


def test_xml_names_a_record_that_no_key_sealed(tmp_path: Path, run: Run) -> None:
    texts = Recorder().texts("tx-1")
    texts[-1] = texts[-1].replace('"UU":"CNY"', '"UU":"EUR"')
    out = tmp_path / "values.xml"
    code, _, err = run(write_records(tmp_path, texts), "--format", "xml", "--out", out)
    assert (code, out.exists()) == (1, False)
    assert "record 5: its seal does not hold" in err


@pytest.mark.parametrize("form", ["xml", "csv"])
@pytest.mark.parametrize("junk", ["junk", "OCMF|{}|{}", "OCMF|[1|2", 'OCMF|{"FV":"1.3"}|{}'])
def test_junk_is_named(tmp_path: Path, run: Run, form: str, junk: str) -> None:
    records = write_records(tmp_path, [*Recorder().texts("tx-1"), junk])
    code, _, err = run(records, "--format", form)
    assert code == 1
    assert "record 6: it is no record of a station" in err


def test_xml_wants_a_key(tmp_path: Path, run: Run) -> None:
    records = write_records(tmp_path, Recorder().texts("tx-1"))
    (tmp_path / "public_key.hex").unlink()
    assert run(records, "--format", "xml")[0] == 2
    assert run(records, "--format", "xml", "--key", KEY.hex())[0] == 0


def test_the_records_themselves_are_never_overwritten(tmp_path: Path, run: Run) -> None:
    records = write_records(tmp_path, Recorder().texts("tx-1"))
    before = records.read_bytes()
    code, _, err = run(tmp_path, "--format", "csv", "--out", records)
    assert (code, records.read_bytes()) == (2, before)
    assert "these are the records themselves" in err


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    recorder = Recorder()
    texts = [text for number in range(400) for text in recorder.texts(f"tx-{number}")]
    command = (sys.executable, "-m", "firmware", "ledger", "export", str(write_records(tmp_path, texts)))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as exporting:
        assert exporting.stdout is not None
        assert exporting.stdout.readline().startswith(b"OCMF|")
        exporting.stdout.close()
        assert exporting.stderr is not None
        assert exporting.stderr.read() == b""
        assert exporting.wait(20) == 0


@pytest.mark.parametrize("form", [lambda texts: xml_lines(texts, [KEY]), csv_lines], ids=["xml", "csv"])
def test_however_many_records_memory_stays_the_same(
    form: Callable[[Iterator[bytes]], Iterator[bytes]],
) -> None:
    texts = [text.encode() for text in Recorder().texts("tx-1", minutes=1)]
    rounds = 500
    stream = (text for _ in range(rounds) for text in texts)
    tracemalloc.start()
    try:
        for _ in form(stream):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 400_000 < 1_000_000 < rounds * sum(map(len, texts))
