"""The ledger keeps facts durably, gives back what a reboot needs, and forgets nothing unsent."""

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.core.entries import (
    ContactorCycled,
    Entry,
    FaultCleared,
    FaultRaised,
    MeterAccepted,
    SettingStored,
    TariffRemoved,
    TariffStored,
    TransactionEnded,
    UsageRecorded,
)
from firmware.ledger.errors import LedgerDamagedError, LedgerError, LedgerLockedError
from firmware.ledger.store import Ledger
from tests.ledger.samples import TARIFF, Recorder, stamp


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with_ledger = Ledger.open(path)
    yield with_ledger
    with_ledger.close()


def raised(fault: str, evse: int = 1) -> FaultRaised:
    return FaultRaised(stamp(0), evse, fault)


def cleared(fault: str, evse: int = 1) -> FaultCleared:
    return FaultCleared(stamp(0), evse, fault)


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert list(ledger.replay()) == []
    assert list(ledger.records()) == []
    assert ledger.next_unacknowledged() is None


def test_entries_are_numbered_from_one_without_gaps(ledger: Ledger) -> None:
    assert [ledger.append(raised(name)) for name in "abc"] == [1, 2, 3]


def test_the_file_is_the_owners_alone(ledger: Ledger, path: Path) -> None:
    ledger.append(raised("a"))
    assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


def test_a_running_charge_is_replayed_whole_after_a_reboot(path: Path) -> None:
    entries = list(Recorder().charge("tx-1", minutes=3))[:-1]
    before = Ledger.open(path)
    for entry in entries:
        before.append(entry)
    before.close()
    after = Ledger.open(path)
    assert list(after.replay()) == entries
    after.close()


def test_of_a_charge_that_ended_only_the_last_record_is_replayed(ledger: Ledger) -> None:
    entries = list(Recorder().charge("tx-1"))
    ledger.append_all(entries)
    assert list(ledger.replay()) == [entries[-2]]


def test_two_evses_charge_at_once_and_of_the_ended_one_the_last_record_is_replayed(ledger: Ledger) -> None:
    recorder = Recorder()
    ended, running = list(recorder.charge("tx-1", evse=1)), list(recorder.charge("tx-2", evse=2))[:-1]
    mixed = [entry for pair in itertools.zip_longest(ended, running) for entry in pair if entry is not None]
    ledger.append_all(mixed)
    assert [entry for entry in ledger.replay() if entry.evse == 2] == running
    assert [entry for entry in ledger.replay() if entry.evse == 1] == [ended[-2]]


def test_only_the_newest_meter_of_an_evse_is_replayed(ledger: Ledger) -> None:
    meters = [
        MeterAccepted(stamp(0), evse, "SDM630", serial, "exchanged")
        for evse, serial in ((1, "A"), (2, "B"), (1, "C"))
    ]
    ledger.append_all(meters)
    assert list(ledger.replay()) == meters[1:]


def test_only_the_newest_value_of_a_setting_is_replayed(ledger: Ledger) -> None:
    first, other, second = (
        SettingStored("WebPaymentsCtrlr", "Length", "12"),
        SettingStored("WebPaymentsCtrlr", "ValidityTime", "30"),
        SettingStored("WebPaymentsCtrlr", "Length", "16"),
    )
    ledger.append_all([first, other, second])
    assert list(ledger.replay()) == [other, second]


def test_only_the_newest_word_on_an_evses_tariff_is_replayed(ledger: Ledger) -> None:
    stored, removed, other = TariffStored(1, TARIFF), TariffRemoved(1), TariffStored(2, TARIFF)
    ledger.append_all([stored, other, removed])
    assert list(ledger.replay()) == [other, removed]


def test_only_standing_faults_are_replayed(ledger: Ledger) -> None:
    ledger.append_all(
        [raised("weld"), raised("weld", 2), raised("meter"), cleared("weld"), cleared("unknown")]
    )
    assert list(ledger.replay()) == [raised("weld", 2), raised("meter")]


def test_only_the_newest_count_of_a_contactor_is_replayed(ledger: Ledger) -> None:
    counts = [ContactorCycled(stamp(0), evse, cycles, cycles) for evse, cycles in ((1, 1), (2, 1), (1, 2))]
    ledger.append_all(counts)
    assert list(ledger.replay()) == counts[1:]


def test_a_fault_of_a_running_transaction_that_was_cleared_stays_cleared(ledger: Ledger) -> None:
    entries = list(Recorder().charge("tx-1"))[:3]
    fault = FaultRaised(stamp(0), 1, "meter_silent", transaction_id="tx-1")
    ledger.append_all([*entries, fault, cleared("meter_silent")])
    assert list(ledger.replay()) == entries


def sent(ledger: Ledger) -> Iterator[Entry]:
    """Play a backend that acknowledges everything."""
    while item := ledger.next_unacknowledged():
        yield item.entry
        ledger.acknowledge(item.seq)


def test_the_backend_hears_of_everything_once_in_order(ledger: Ledger) -> None:
    entries = [raised("a"), *Recorder().charge("tx-1"), cleared("a")]
    ledger.append_all([SettingStored("A", "B", "C"), *entries, TariffRemoved(1)])
    assert list(sent(ledger)) == entries
    assert ledger.next_unacknowledged() is None


def test_a_resend_carries_the_same_message_id_and_the_same_bytes(path: Path) -> None:
    first = Ledger.open(path, new_message_id=iter("abcdefgh").__next__)
    first.append_all(list(Recorder().charge("tx-1", minutes=1)))
    for _ in range(3):
        first.acknowledge(first.next_unacknowledged().seq)
    item = first.next_unacknowledged()
    first.close()
    again = Ledger.open(path)
    assert again.next_unacknowledged() == item
    assert item.message_id == "d"
    again.close()


def test_message_ids_differ(ledger: Ledger) -> None:
    ledger.append_all([raised(str(number)) for number in range(50)])
    ids = set()
    while item := ledger.next_unacknowledged():
        ids.add(item.message_id)
        ledger.acknowledge(item.seq)
    assert len(ids) == 50


def test_a_record_goes_with_its_seal_and_the_end_with_the_legal_pair(ledger: Ledger) -> None:
    recorder = Recorder()
    ledger.append_all(list(recorder.charge("tx-0")))
    one, two = list(recorder.charge("tx-1", evse=1)), list(recorder.charge("tx-2", evse=2))
    ledger.append_all([entry for pair in zip(one, two, strict=True) for entry in pair])
    signed: dict[str, list[str]] = {"tx-0": [], "tx-1": [], "tx-2": []}
    while item := ledger.next_unacknowledged():
        match item.entry:
            case UsageRecorded(transaction_id=transaction_id, ocmf=ocmf):
                assert item.signed == (ocmf,)
                signed[transaction_id].append(ocmf)
            case TransactionEnded(transaction_id=transaction_id):
                assert item.signed == (signed[transaction_id][0], signed[transaction_id][-1])
            case _:
                assert item.signed == ()
        ledger.acknowledge(item.seq)


def test_an_attempt_without_a_vehicle_ends_without_records(ledger: Ledger) -> None:
    entries = list(Recorder().charge("tx-1"))
    ledger.append_all([entries[0], entries[-1]])
    ledger.acknowledge(1)
    assert ledger.next_unacknowledged().signed == ()


def test_nothing_unsent_can_be_skipped(ledger: Ledger) -> None:
    ledger.append_all([raised("a"), raised("b")])
    for skip in (ledger.acknowledge, lambda seq: ledger.park(seq, "refused")):
        with pytest.raises(ValueError, match="entry 1 is still to be sent"):
            skip(2)
    assert ledger.next_unacknowledged().seq == 1


def test_what_does_not_exist_cannot_be_acknowledged(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="no entry 1"):
        ledger.acknowledge(1)


def test_acknowledging_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.append_all([raised("a"), raised("b")])
    for seq in (1, 2, 1):
        ledger.acknowledge(seq)
    assert ledger.next_unacknowledged() is None


def test_what_the_backend_refuses_is_set_aside_with_its_reason(path: Path) -> None:
    first = Ledger.open(path)
    first.append_all([raised("a"), raised("b")])
    first.park(1, "FormatViolation: no such code")
    first.close()
    again = Ledger.open(path)
    assert again.next_unacknowledged().seq == 2
    assert again.parked() == [(1, "FormatViolation: no such code")]
    again.close()


def test_records_come_out_byte_for_byte_in_order_while_more_are_stored(ledger: Ledger) -> None:
    recorder = Recorder()
    entries = list(recorder.charge("tx-1", minutes=300))
    ledger.append_all(entries)
    texts = [entry.ocmf for entry in entries if isinstance(entry, UsageRecorded)]
    reading = ledger.records()
    assert next(reading) == texts[0]
    more = list(recorder.charge("tx-2", minutes=1))
    ledger.append_all(more)
    assert list(reading) == texts[1:] + [entry.ocmf for entry in more if isinstance(entry, UsageRecorded)]


def test_of_several_entries_all_are_stored_or_none(ledger: Ledger) -> None:
    record = next(entry for entry in Recorder().charge("tx-1") if isinstance(entry, UsageRecorded))
    unsealed = UsageRecorded(**{name: getattr(record, name) for name in record.__slots__} | {"ocmf": ""})
    with pytest.raises(ValueError, match="not sealed"):
        ledger.append_all([raised("a"), unsealed])
    assert ledger.append(raised("b")) == 1


def test_a_full_disk_stores_nothing_and_says_so(path: Path) -> None:
    ledger = Ledger.open(path)
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    stored = 0
    with pytest.raises(LedgerError, match=r"ledger\.db: the disk is full; free space"):
        for entry in Recorder().charge("tx-1", minutes=500):
            stored = ledger.append(entry)
    assert stored > 3
    ledger._connection.execute("PRAGMA max_page_count = 1000000")
    assert ledger.append(raised("a")) == stored + 1
    ledger.close()


def test_a_disk_that_fills_up_in_the_middle_of_several_stores_none_of_them(path: Path) -> None:
    ledger = Ledger.open(path)
    pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(LedgerError, match="the disk is full"):
        ledger.append_all(list(Recorder().charge("tx-1", minutes=500)))
    assert list(ledger.replay()) == []
    assert ledger.append(raised("a")) == 1
    ledger.close()


def test_a_second_owner_is_refused(ledger: Ledger, path: Path) -> None:
    with pytest.raises(LedgerLockedError, match="in use by another process"):
        Ledger.open(path)


def test_a_ledger_that_is_none_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database at all, but long enough to be taken for one" * 40)
    before = path.read_bytes()
    with pytest.raises(LedgerDamagedError, match=r"ledger\.db: .*move it away and keep it"):
        Ledger.open(path)
    assert path.read_bytes() == before


def test_a_damaged_ledger_is_refused(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.append_all(list(Recorder().charge("tx-1", minutes=100)))
    ledger.close()
    content = bytearray(path.read_bytes())
    content[20 * 1024 : 24 * 1024] = b"\xff" * 4096
    path.write_bytes(content)
    with pytest.raises(LedgerDamagedError, match="damaged"):
        Ledger.open(path)


def test_an_entry_of_newer_firmware_is_refused_by_its_number(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.append(raised("a"))
    ledger.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE entry SET kind = 'FaultExplained'")
    connection.close()
    ledger = Ledger.open(path)
    with pytest.raises(LedgerDamagedError, match="entry 1: FaultExplained is no kind"):
        list(ledger.replay())
    ledger.close()


def test_a_place_that_cannot_be_written_is_an_error_a_person_understands(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(LedgerError, match=r"ledger\.db: cannot be opened"):
        Ledger.open(tmp_path / "state" / "ledger.db")


FAULTS = st.builds(raised, st.sampled_from("ab"), st.integers(0, 1)) | st.builds(
    cleared, st.sampled_from("ab"), st.integers(0, 1)
)
SETTINGS = st.builds(
    SettingStored, st.sampled_from(["A", "A B"]), st.sampled_from(["B C", "C"]), st.just("1")
)
TARIFFS = st.builds(TariffStored, st.integers(0, 2), st.just(TARIFF)) | st.builds(
    TariffRemoved, st.integers(0, 2)
)
CHARGES = tuple(tuple(Recorder().charge(f"tx-{number}", minutes=1)) for number in range(2))


def needed(entries: list[Entry]) -> list[Entry]:
    """Say in the plainest way what a reboot needs of these entries."""
    last = {}
    for position, entry in enumerate(entries):
        match entry:
            case SettingStored():
                last["setting", entry.component, entry.variable] = position
            case TariffStored() | TariffRemoved():
                last["tariff", entry.evse] = position
            case FaultRaised():
                last["fault", entry.evse, entry.fault] = position
            case FaultCleared():
                last.pop(("fault", entry.evse, entry.fault), None)
            case UsageRecorded():
                last["record"] = position
                if entry.kind == "E":
                    last["register", entry.evse] = position
    ended = {entry.transaction_id for entry in entries if isinstance(entry, TransactionEnded)}
    running = {
        position
        for position, entry in enumerate(entries)
        if any(entry in charge for charge in CHARGES) and entry.transaction_id not in ended
    }
    return [entries[position] for position in sorted({*last.values(), *running})]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(FAULTS | SETTINGS | TARIFFS, max_size=20), st.lists(st.integers(0, 6), min_size=2, max_size=2)
)
def test_replay_gives_what_the_plainest_reading_of_all_entries_gives(
    tmp_path_factory: pytest.TempPathFactory, others: list[Entry], lengths: list[int]
) -> None:
    charges = [charge[:length] for charge, length in zip(CHARGES, lengths, strict=True)]
    mixed: list[Entry] = []
    for group in itertools.zip_longest(others, *charges):
        mixed += [entry for entry in group if entry is not None]
    ledger = Ledger.open(tmp_path_factory.mktemp("ledger") / "ledger.db")
    ledger.append_all(mixed)
    assert list(ledger.replay()) == needed(mixed)
    ledger.close()
