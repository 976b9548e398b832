"""Entries survive the ledger exactly, whatever is in them."""

from dataclasses import replace

import pytest
from hypothesis import given

from firmware.core.entries import Entry, KeyRotated, UsageRecorded
from firmware.ledger.codec import KINDS, UPLINK_KINDS, UnreadableEntryError, from_row, to_row
from tests.ledger.entry_strategies import entries
from tests.ledger.samples import Recorder, stamp


@given(entries)
def test_every_entry_comes_back_exactly(entry: Entry) -> None:
    row = to_row(entry)
    assert from_row(1, row.kind, row.body, row.ocmf) == entry


def test_a_sealed_text_lies_in_its_own_column_only() -> None:
    record = next(entry for entry in Recorder().charge("tx-1") if isinstance(entry, UsageRecorded))
    row = to_row(record)
    assert row.ocmf == record.ocmf
    assert "OCMF" not in row.body


@pytest.mark.parametrize("change", [{"payload": "{}"}, {"ocmf": ""}])
def test_an_unsealed_record_is_refused(change: dict[str, str]) -> None:
    record = next(entry for entry in Recorder().charge("tx-1") if isinstance(entry, UsageRecorded))
    with pytest.raises(ValueError, match="usage record 1 is not sealed"):
        to_row(replace(record, **change))


def test_an_unsealed_rotation_is_refused() -> None:
    with pytest.raises(ValueError, match="key rotation 2 is not sealed"):
        to_row(KeyRotated(stamp(0), 2, "3059", "3058"))


def test_the_backend_hears_of_transactions_and_faults_not_of_settings() -> None:
    assert set(KINDS) - set(UPLINK_KINDS) == {
        "StopDecided", "ContactorCycled", "MeterAccepted", "SettingStored", "TariffStored", "TariffRemoved",
        "MeterRecordBegan", "MeterSealMissing",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "body"), [("Nonsense", "{}"), ("FaultRaised", "{}"), ("FaultRaised", "junk")]
)
def test_an_unreadable_row_says_which_it_is(kind: str, body: str) -> None:
    with pytest.raises(UnreadableEntryError, match="entry 17: "):
        from_row(17, kind, body, None)


def test_an_entry_of_older_firmware_without_later_keys_is_read() -> None:
    body = '{"at":{"mono_ms":1,"utc_ms":2,"trust":"informative"},"evse":1,"fault":"meter_silent"}'
    assert from_row(1, "FaultRaised", body, None).detail == ""
