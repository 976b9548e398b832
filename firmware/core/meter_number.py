"""Which meter measures an EVSE: the number in the site file, the one the ledger knows, the one it tells."""

from firmware.core.entries import MeterAccepted
from firmware.core.events import MeterIdentified
from firmware.core.settings import MeterIdentity
from firmware.core.state import Evse
from firmware.core.turn import Turn


def take_number(turn: Turn, event: MeterIdentified) -> None:
    """Keep the number that a meter told; `note_meter` and `fault_watch` say what follows from it."""
    evse = turn.evse(event.evse)
    turn.put(evse._replace(meter=evse.meter._replace(told=event.serial)))


def known_number(evse: Evse, identity: MeterIdentity) -> str:
    """Return the number that this EVSE's meter must have: the site file's, else the ledger's, else ""."""
    if identity.named:
        return identity.serial
    accepted = evse.accepted
    return accepted.serial if accepted is not None and accepted.model == identity.model else ""


def number_for_records(evse: Evse, identity: MeterIdentity) -> str:
    """Return what goes into a record as the meter's number (OCMF MS): its own where it has told one."""
    return known_number(evse, identity) or identity.serial


def is_other_meter(evse: Evse, identity: MeterIdentity) -> bool:
    """Say whether the meter that answers is not the one that is known: then nothing it reads is believed."""
    told, known = evse.meter.told, known_number(evse, identity)
    return bool(told and known and told != known and _plain(told) != _plain(known))


def _plain(number: str) -> str:
    """Return a number as plate and register both have it: no leading zeros, blanks or small letters."""
    return "".join(number.split()).lstrip("0").upper()


def note_meter(turn: Turn, number: int) -> None:
    """Accept a meter that nobody has named: the first one, or another one while nobody charges.

    Within a transaction that has begun no meter is accepted: all its records name one.
    """
    evse = turn.evse(number)
    if not evse.meter.told or "MeterExchanged" in evse.faults:
        return
    identity = turn.station.settings.evse(number).meter
    if identity.named:
        return
    begun = evse.transaction is not None and evse.transaction.mark is not None
    if not known_number(evse, identity) and not begun:
        turn.append(MeterAccepted(turn.now, number, identity.model, evse.meter.told, "first"))
    elif is_other_meter(evse, identity) and evse.transaction is None:
        turn.append(MeterAccepted(turn.now, number, identity.model, evse.meter.told, "exchanged"))


def accept_by_engineer(turn: Turn, evse: Evse) -> None:
    """Let the meter that answers now measure an EVSE, unless the site file names another one."""
    identity = turn.station.settings.evse(evse.evse).meter
    if identity.named and is_other_meter(evse, identity):
        return
    serial = evse.meter.told or known_number(evse, identity)
    turn.append(MeterAccepted(turn.now, evse.evse, identity.model, serial, "by-engineer"))
