"""Records as a table: RFC 4180, UTF-8, one line a usage record. docs/OCMF.md describes the columns."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

from firmware.ledger.account import kwh
from firmware.ledger.export_xml import read_record
from firmware.ledger.record import Moment, Record

COLUMNS = (
    "record", "station", "evse", "transaction", "reason", "time", "clock", "register_kwh", "energy_kwh",
    "charging_ms", "idle_ms", "cost", "currency", "tariff", "tariff_version", "meter_vendor", "meter_model",
    "meter_serial", "resolution_wh", "driver", "flags", "payload_sha256",
)  # fmt: skip


def csv_lines(texts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the table, its head first. Numbers keep all their decimals; a key's rotation has no line.

    Raises BadRecordError for a text that is no record.
    """
    line = io.StringIO(newline="")
    writer = csv.writer(line)  # RFC 4180: CRLF, a quote inside a field doubled

    def written(row: Iterable[object]) -> bytes:
        line.seek(0)
        line.truncate()
        writer.writerow(row)
        return line.getvalue().encode()

    yield written(COLUMNS)
    for position, text in enumerate(texts, start=1):
        record = read_record(text, position)
        if record is not None:
            yield written(_row(record))


def _row(record: Record) -> tuple[object, ...]:
    return (
        record.number, record.station, record.evse, record.transaction_id, record.kind, iso_time(record.at),
        record.at.status, kwh(record.register_dwh), kwh(record.register_dwh - record.begin_dwh),
        record.charging_ms, record.idle_ms, kwh(record.cost_e4), record.currency, *record.tariff,
        *record.meter, record.resolution_wh, record.driver, " ".join(record.flags), record.digest,
    )  # fmt: skip


def iso_time(at: Moment) -> str:
    """Return a local time as ISO 8601 with milliseconds and offset: 2026-06-01T10:00:00.000+08:00."""
    local = datetime.fromtimestamp(at.utc_ms // 1000, UTC).astimezone(
        timezone(timedelta(minutes=at.offset_min))
    )
    return local.replace(microsecond=at.utc_ms % 1000 * 1000).isoformat(timespec="milliseconds")
