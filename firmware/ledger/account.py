"""What the records of one EVSE say one after another, and where one contradicts those before it.

An EVSE has one transaction at a time, so its last record is all that has to be kept of those before.
"""

from firmware.ledger.record import Record

_AHEAD_MS = 60_000
"""How far counted times may be ahead of a reading's own clock: they go on while its answer is under way."""

_STALE = "last-believed"
"""The flag (UF) of an end whose reading is older than the opening; time was counted until then."""

_NEW_REGISTER = frozenset({"exchanged", "rolled-over", "by-engineer"})
"""Flags (UF) of a begin record whose register began anew: it may be lower than before."""

_NOT_B = frozenset("CXELRAPST")
_FLAG_KINDS = {
    "gap": _NOT_B, "rejected": _NOT_B, "by-engineer": frozenset("B"),
    **dict.fromkeys(("exchanged", "rolled-over"), frozenset("BE")),
    **dict.fromkeys((_STALE, "silent", "implausible", "frozen", "energy-while-open"), frozenset("E")),
}  # fmt: skip
"""The readings (TX) that a flag may stand on; one that is not named here may stand anywhere."""


class BadRecordError(Exception):
    """A record, or what lies between it and the ones before, is not as the station sealed it."""


def check_succession(before: Record | None, record: Record) -> None:
    """Hold a record against the last one of its EVSE, of whichever transaction. Raises BadRecordError."""
    for flag in record.flags:
        if record.kind not in _FLAG_KINDS.get(flag, record.kind):
            raise BadRecordError(
                f"{record.name}: the flag {flag} (UF) does not belong on a reading {record.kind}"
            )
    if before is not None:
        _check_clocks(before, record)
        _check_register(before, record)
    if before is None or before.kind == "E":
        _check_begin(before, record)
    else:
        _check_progress(before, record)


def _check_clocks(before: Record, record: Record) -> None:
    if record.mono_ms < before.mono_ms:
        raise BadRecordError(
            f"{record.name}: the station's clock (UM) runs back from {before.mono_ms} to {record.mono_ms} ms"
        )
    if before.at.status == record.at.status == "S" and record.at.utc_ms < before.at.utc_ms:
        raise BadRecordError(
            f"{record.name}: stamped before {before.name}, both by a synchronised clock (TM)"
        )


def _check_register(before: Record, record: Record) -> None:
    """Another meter, or a register that began anew, counts from where it stands."""
    began_anew = record.kind == "B" and not _NEW_REGISTER.isdisjoint(record.flags)
    same_meter = record.meter == before.meter and not began_anew
    if same_meter and record.register_dwh < before.register_dwh:
        raise BadRecordError(
            f"{record.name}: the register runs back from {kwh(before.register_dwh)} to "
            f"{kwh(record.register_dwh)} kWh"
        )


def _check_begin(before: Record | None, record: Record) -> None:
    transaction_id = record.transaction_id
    if before is not None and before.transaction_id == transaction_id:
        raise BadRecordError(f"{record.name}: transaction {transaction_id} had ended")
    if record.kind != "B":
        raise BadRecordError(f"{record.name}: transaction {transaction_id} has no begin record before it")
    if record.register_dwh != record.begin_dwh:
        raise BadRecordError(f"{record.name}: the begin register (UB) is not the reading")
    if record.cost_e4 or record.charging_ms or record.idle_ms:
        raise BadRecordError(f"{record.name}: begins with cost (UC) or time (UD, UW) already counted")


def _check_progress(before: Record, record: Record) -> None:
    """Check a record against the one before it in the same transaction."""
    if record.transaction_id != before.transaction_id:
        lacks = "no end record" if record.kind == "B" else "no begin record before it"
        who = before.transaction_id if record.kind == "B" else record.transaction_id
        raise BadRecordError(f"{record.name}: transaction {who} has {lacks}")
    if record.kind == "B":
        raise BadRecordError(f"{record.name}: transaction {record.transaction_id} begins twice")
    for what, was, now in (
        ("the driver (ID)", before.driver, record.driver),
        ("the begin register (UB)", before.begin_dwh, record.begin_dwh),
        ("the currency (UU)", before.currency, record.currency),
        ("the tariff (UI, UV)", before.tariff, record.tariff),
        ("the meter (MV, MM, MS)", before.meter, record.meter),
    ):
        if was != now:
            raise BadRecordError(f"{record.name}: {what} changed within the transaction")
    _check_sums(before, record)


def _check_sums(before: Record, record: Record) -> None:
    for what, least, now, show in (
        ("cost (UC)", before.cost_e4, record.cost_e4, kwh),
        ("charging time (UD)", before.charging_ms, record.charging_ms, str),
        ("idle time (UW)", before.idle_ms, record.idle_ms, str),
    ):
        if now < least:
            raise BadRecordError(f"{record.name}: the {what} falls from {show(least)} to {show(now)}")
    counted_ms = record.charging_ms + record.idle_ms - before.charging_ms - before.idle_ms
    all_ms, passed_ms = record.charging_ms + record.idle_ms, record.mono_ms - record.begun_ms
    if _STALE not in record.flags and all_ms > passed_ms + _AHEAD_MS:
        raise BadRecordError(
            f"{record.name}: {all_ms} ms are counted (UD, UW), {passed_ms} ms have passed (UM)"
        )
    if counted_ms == 0 and record.register_dwh == before.register_dwh and record.cost_e4 != before.cost_e4:
        raise BadRecordError(f"{record.name}: the cost (UC) rises without energy or time")


def kwh(value: int) -> str:
    """Return tenths of a watt-hour as kWh, or 1/10000 of a main unit as main units."""
    return f"{value // 10_000}.{value % 10_000:04d}"


def counted_as(count: int, noun: str) -> str:
    """Return "1 record", "2 records"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
