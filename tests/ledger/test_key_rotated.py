"""A new key in the ledger: its record in its place, each older record with the key that sealed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.core.entries import Entry, KeyRotated, TransactionEnded, UsageRecorded
from firmware.ledger.store import Ledger
from tests.ledger.samples import Recorder, stamp


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with_ledger = Ledger.open(path)
    yield with_ledger
    with_ledger.close()


def rotation(number: int) -> KeyRotated:
    return KeyRotated(
        stamp(0), number, f"{number:02x}", f"{number - 1:02x}", f'OCMF|{{"PG":"F{number}"}}|{{}}'
    )


def test_the_last_rotation_is_replayed_in_its_place(ledger: Ledger) -> None:
    recorder = Recorder()
    before, after = list(recorder.charge("tx-1")), list(recorder.charge("tx-2"))
    ledger.append_all([rotation(1), *before, rotation(2), *after])
    chained = [entry for entry in ledger.replay() if isinstance(entry, UsageRecorded | KeyRotated)]
    assert rotation(1) not in chained
    assert chained.index(rotation(2)) == len(chained) - 2
    assert isinstance(chained[-1], UsageRecorded)


def test_its_text_lies_between_the_records_byte_for_byte(ledger: Ledger) -> None:
    recorder = Recorder()
    charges = [list(recorder.charge(name)) for name in ("tx-1", "tx-2")]
    ledger.append_all([*charges[0], rotation(1), *charges[1]])
    texts = [[entry.ocmf for entry in charge if isinstance(entry, UsageRecorded)] for charge in charges]
    assert list(ledger.records()) == [*texts[0], rotation(1).ocmf, *texts[1]]


def test_what_was_sealed_before_goes_out_with_the_key_of_then(path: Path) -> None:
    """The station was without its backend while its key was replaced, twice."""
    recorder = Recorder()
    entries: list[Entry] = []
    for number in range(3):
        entries += [*recorder.charge(f"tx-{number}"), *([rotation(number + 1)] if number < 2 else [])]
    ledger = Ledger.open(path)
    ledger.append_all(entries)
    heard: list[tuple[Entry, str]] = []
    while item := ledger.next_unacknowledged():
        heard.append((item.entry, item.sealed_by))
        ledger.acknowledge(item.seq)
    ledger.close()
    assert [entry for entry, _ in heard] == entries
    sealed = UsageRecorded | TransactionEnded
    keys = {entry.transaction_id: key for entry, key in heard if isinstance(entry, sealed)}
    assert keys == {"tx-0": "00", "tx-1": "01", "tx-2": ""}
    assert [key for entry, key in heard if isinstance(entry, KeyRotated)] == ["00", "01"]
