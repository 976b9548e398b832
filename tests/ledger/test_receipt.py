"""A driver's receipt: says what was sealed, and holds everything needed to check it; else there is none."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from pyocmf.utils.xml import OcmfContainer

from firmware.core.entries import TransactionEnded
from firmware.ledger.cli import main
from firmware.ledger.receipt_page import CHECK_WITH_OPENSSL
from firmware.ledger.store import Ledger
from firmware.signing.seal import Sealer
from tests.ledger.samples import KnownKey, Recorder
from tests.support.judges import objections, pyocmf_accepts
from tests.support.streams import STREAMS, Sealed

KEY_HEX = KnownKey().public_key_der.hex()
Run = Callable[..., tuple[int, str, str]]


class Text(HTMLParser):
    """What a reader sees of a page, and which elements and addresses it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.seen.append(data.strip())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def running(*argv: object) -> tuple[int, str, str]:
        code = main(["receipt", *map(str, argv)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return running


def keep(folder: Path, sealed: Sealed) -> Path:
    ledger = Ledger.open(folder / "ledger.db")
    ledger.append_all(sealed.entries)
    ledger.close()
    (folder / "public_keys.hex").write_text("".join(key.hex() + "\n" for key in sealed.keys))
    return folder


def charges(sealed: Sealed) -> list[TransactionEnded]:
    """Return the transactions in which a register was read."""
    ended = [entry for entry in sealed.entries if isinstance(entry, TransactionEnded)]
    return [entry for entry in ended if entry.import_end_dwh is not None]


def records_file(folder: Path, recorder: Recorder) -> Path:
    (folder / "records.ocmf").write_text("".join(text + "\n" for text in recorder.texts("tx-1")))
    (folder / "public_key.hex").write_text(KEY_HEX)
    return folder


@pytest.mark.parametrize("stream", STREAMS)
def test_each_charge_has_a_receipt_that_judges_confirm(tmp_path: Path, run: Run, stream: str) -> None:
    sealed = STREAMS[stream]()
    state = keep(tmp_path, sealed)
    ended = charges(sealed)
    assert ended
    for number, charge in enumerate(ended):
        out = tmp_path / str(number)
        assert run(state, charge.transaction_id, "--out", out)[0] == 0
        begin, end = ((out / f"{name}.ocmf").read_text().strip() for name in ("begin", "end"))
        key = (out / "public_key.hex").read_text().split()[-1]
        assert pyocmf_accepts(end, key)
        assert objections(begin, end, key) == []
        (result,) = OcmfContainer.from_xml(out / "charge.xml", strict=True).check_eichrecht()
        assert (len(result.records), result.issues) == (2, [])


def test_the_page_says_what_was_sealed_and_billed(tmp_path: Path, run: Run) -> None:
    sealed = STREAMS["one EVSE"]()
    charge = charges(sealed)[0]
    state, out = keep(tmp_path, sealed), tmp_path / "out"
    assert run(state, charge.transaction_id, "--out", out)[1] == (
        f"receipt of {charge.transaction_id} in {out / 'receipt.html'}\n"
    )
    page = Text((out / "receipt.html").read_text())
    payload = json.loads((out / "end.ocmf").read_text().split("|")[1], parse_float=str)
    for said in (
        charge.transaction_id,
        f"{payload['MV']} {payload['MM']}, {payload['MS']}",
        f"{payload['UC']} {payload['UU']}",
        f"{charge.cost.total_minor // 100}.{charge.cost.total_minor % 100:02d} CNY",
        f"{charge.cost.energy_dwh // 10_000}.{charge.cost.energy_dwh % 10_000:04d} kWh",
        payload["TT"],
        (out / "begin.ocmf").read_text().strip(),
        (out / "end.ocmf").read_text().strip(),
    ):
        assert any(said in part for part in page.seen), said
    assert f"{payload['RD'][0]['RV']} kWh" in "\n".join(page.seen)
    assert {"充电凭证", "Charging receipt"} <= set(page.seen)
    assert page.addresses == []  # it needs nothing from anywhere


def test_the_commands_on_the_page_check_it(tmp_path: Path, run: Run) -> None:
    if not (shutil.which("openssl") and shutil.which("xxd")):
        pytest.skip("openssl or xxd is missing: apt install openssl xxd")
    out = tmp_path / "out"
    assert run(records_file(tmp_path, Recorder()), "tx-1", "--out", out)[0] == 0
    shown = re.findall("<pre>(.*?)</pre>", (out / "receipt.html").read_text(), re.DOTALL)
    assert CHECK_WITH_OPENSSL in [unescape(part) for part in shown]

    def checked() -> str:
        done = subprocess.run(
            ["sh", "-c", CHECK_WITH_OPENSSL], cwd=out, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    assert checked() == "Verified OK"
    (out / "end.ocmf").write_text((out / "end.ocmf").read_text().replace('"UU":"CNY"', '"UU":"EUR"'))
    assert checked() != "Verified OK"


def test_what_a_backend_sent_is_never_markup(tmp_path: Path, run: Run) -> None:
    recorder = Recorder(lie={"TT": "<script>x</script>", "ID": "<img src=x>", "UU": "&<b>"})
    begin_dwh = recorder.register
    payloads = [recorder.payload("tx-1", kind, begin_dwh, 0) for kind in "BE"]
    seal = Sealer(recorder.keys).seal
    (tmp_path / "records.ocmf").write_text("".join(seal(payload) + "\n" for payload in payloads))
    out = tmp_path / "out"
    assert run(tmp_path, "tx-1", "--out", out, "--key", KEY_HEX)[0] == 0
    page = Text((out / "receipt.html").read_text())
    assert not {"script", "img"} & set(page.tags)
    assert page.tags.count("b") == 1
    assert any("<script>x</script>" in part for part in page.seen)


def test_a_charge_that_still_runs_has_no_receipt(tmp_path: Path, run: Run) -> None:
    (tmp_path / "records.ocmf").write_text("\n".join(Recorder().texts("tx-1")[:-1]) + "\n")
    code, _, err = run(tmp_path, "tx-1", "--out", tmp_path / "out", "--key", KEY_HEX)
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert "transaction tx-1 has not ended" in err


def test_an_unknown_transaction_is_said(tmp_path: Path, run: Run) -> None:
    code, _, err = run(records_file(tmp_path, Recorder()), "tx-9", "--out", tmp_path / "out")
    assert code == 2
    assert "there is no record of a transaction tx-9" in err


def test_a_changed_or_missing_begin_has_no_receipt(tmp_path: Path, run: Run) -> None:
    texts = Recorder().texts("tx-1")
    changed = [texts[0], texts[1].replace('"UC":"0.1380"', '"UC":"0.2380"'), *texts[2:]]
    for spoilt, why in ((changed, "record 2: its seal does not hold"), (texts[1:], "no begin record")):
        (tmp_path / "records.ocmf").write_text("\n".join(spoilt) + "\n")
        code, _, err = run(tmp_path, "tx-1", "--out", tmp_path / "out", "--key", KEY_HEX)
        assert (code, (tmp_path / "out").exists()) == (1, False)
        assert why in err


def test_a_bill_that_is_not_what_was_sealed_has_no_receipt(tmp_path: Path, run: Run) -> None:
    sealed = STREAMS["one EVSE"]()
    state, charge = keep(tmp_path, sealed), charges(sealed)[0]
    with sqlite3.connect(state / "ledger.db") as ledger:
        total = f'"total_e4":{charge.cost.total_e4}'
        ledger.execute(
            "UPDATE entry SET body = replace(body, ?, ?) WHERE kind = 'TransactionEnded'",
            (total, total + "0"),
        )
    ledger.close()
    code, _, err = run(state, charge.transaction_id, "--out", tmp_path / "out")
    assert (code, (tmp_path / "out").exists()) == (1, False)
    assert "the bill in the ledger" in err


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, run: Run) -> None:
    code, _, err = run(records_file(tmp_path, Recorder()), "tx-1", "--out", tmp_path)
    assert code == 2
    assert "name a new or an empty folder" in err
