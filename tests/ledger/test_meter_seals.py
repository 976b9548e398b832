"""What a meter itself signed, out of a ledger: every text, unchanged, each with its key."""

from pathlib import Path

import pytest

from firmware.core.entries import MeterRecordBegan, MeterSealKept
from firmware.core.events import MeterSeal
from firmware.core.units import Stamp
from firmware.ledger.cli import main
from firmware.ledger.store import Ledger

AT = Stamp(1_000, 1_780_279_200_000, "synchronised", 480)
BEGIN, END, LATE = (
    MeterSeal(f'OCMF|{{"PG":"T{n}","RV":80.770}}|{{"SD":"30"}}', f"3059{n}") for n in (1, 2, 3)
)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    ledger = Ledger.open(tmp_path / "ledger.db")
    ledger.append(MeterRecordBegan(AT, 1, "tx-1", BEGIN))
    ledger.append(MeterSealKept(AT, 1, "tx-1", "end", END))
    ledger.append(MeterRecordBegan(AT, 1, "tx-2"))
    ledger.append(MeterSealKept(AT, 1, "tx-2", "late", LATE))
    ledger.close()
    return tmp_path


def test_all_that_meters_signed_is_written_out_with_its_keys(
    ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ledger / "meter.ocmf"
    assert main(["meter-seals", str(ledger), "--out", str(out)]) == 0
    assert out.read_text().splitlines() == [BEGIN.data, END.data, LATE.data]
    assert (ledger / "meter.ocmf.keys").read_text().splitlines() == ["30591", "30592", "30593"]
    assert capsys.readouterr().out == f"3 texts in {out}, keys in {out}.keys\n"
