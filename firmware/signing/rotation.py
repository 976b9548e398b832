"""Replaces the station's key: a record in the ledger, sealed by the old key and countersigned by the new.

The order makes a power cut harmless. 1: the new key is made beside the old one, which stays in use. 2: the
record is in the ledger; from here on the new key is the station's, and whoever opens the key next (the agent,
or this command again) does what is left: 3, public_key.hex names the new key; 4, the old private key is
destroyed. docs/KEYS.md has the record's format.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from firmware.core.entries import Entry, KeyRotated, TransactionStarted, UsageRecorded
from firmware.core.journal import chained
from firmware.core.key_rotation import StationName, rotation_payload
from firmware.core.units import Stamp
from firmware.core.usage_record import Chain
from firmware.signing.keys import KeyPlace, KeyStore, SigningKeyError
from firmware.signing.public_keys import PublicKeys
from firmware.signing.seal import Sealer
from firmware.signing.stores import key_in_use, retire_replaced, switch_over


class Records(Protocol):
    """The station's ledger, as far as a rotation needs it; its errors are its own."""

    def replay(self) -> Iterable[Entry]: ...
    def append(self, entry: Entry) -> int: ...


def rotate(
    place: KeyPlace, public: PublicKeys, ledger: Records, station: StationName, now: Stamp
) -> KeyRotated:
    """Give the station a new key and return the record of it. Nobody else may have the ledger open.

    ``now`` is moved up to the ledger's own monotonic time. Raises SigningKeyError while a transaction runs,
    and when a key cannot be made or used; after that error the old key is in use as before, unless the text
    says that the old key could not be destroyed.
    """
    entries = list(ledger.replay())
    _refuse_if_charging(entries)
    _finish_last(place, public, entries)
    old = key_in_use(place, public)
    new = place.create()
    rotation = _record(old, new, _chain(entries), station, _no_earlier_than(entries, now))
    ledger.append(rotation)
    switch_over(public, place, rotation)
    try:
        retire_replaced(public, place, rotation)
    except SigningKeyError as error:
        raise SigningKeyError(
            f"the key was replaced (record F{rotation.number}), but the old private key is still there: "
            f"{error}; the station's next start tries again to destroy it"
        ) from error
    return rotation


def _refuse_if_charging(entries: Iterable[Entry]) -> None:
    for entry in entries:
        if isinstance(entry, TransactionStarted):  # a replay holds those that have not ended
            raise SigningKeyError(
                f"transaction {entry.transaction_id} has not ended, and one key seals all of a transaction; "
                "start the station, let it end, then rotate"
            )


def _finish_last(place: KeyPlace, public: PublicKeys, entries: Iterable[Entry]) -> None:
    for entry in entries:
        if isinstance(entry, KeyRotated):
            switch_over(public, place, entry)
            retire_replaced(public, place, entry)


def _record(old: KeyStore, new: KeyStore, chain: Chain, station: StationName, at: Stamp) -> KeyRotated:
    public_key = new.public_key_der.hex()
    unproven = rotation_payload(chain, station, at, public_key)
    proof = new.sign(unproven.encode()).hex()
    ocmf = Sealer(old).seal(rotation_payload(chain, station, at, public_key, proof))
    return KeyRotated(at, chain.rotations + 1, public_key, old.public_key_der.hex(), ocmf)


def _chain(entries: Iterable[Entry]) -> Chain:
    chain = Chain()
    for entry in entries:
        if isinstance(entry, UsageRecorded | KeyRotated):
            chain = chained(chain, entry)
    return chain


def _no_earlier_than(entries: Iterable[Entry], now: Stamp) -> Stamp:
    """Monotonic time goes on from the ledger's (docs/adr/0010); after a reboot the kernel's is behind it."""
    known = (entry.at.mono_ms for entry in entries if hasattr(entry, "at"))
    return replace(now, mono_ms=max(known, default=0))
