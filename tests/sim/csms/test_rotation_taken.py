"""A station's new key: the backend follows the record that both keys sign, and nothing else."""

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from tests.sim.csms.conftest import Csms
from tests.sim.csms.station_script import ScriptedStation, Sealer

ECDSA = ec.ECDSA(SHA256())


def rotation(sealer: Sealer, number: int = 1, **lies: str) -> tuple[str, Sealer]:
    """Return the text that replaces a sealer's key, and the sealer that goes on; ``lies`` bend it."""
    new = Sealer(sealer.station, page=sealer.page)
    fields = {
        "FV": "1.3", "GS": sealer.station, "PG": f"F{number}", "MS": "", "RD": [], "UT": "",
        "UH": sealer.digest, "UK": new.public_key_hex, **lies,
    }  # fmt: skip
    unproven = json.dumps(fields | {"UN": ""}, separators=(",", ":"))
    proof = lies.get("UN") or new.key.sign(unproven.encode(), ECDSA).hex()
    payload = unproven.replace('"UN":""', f'"UN":"{proof}"')
    seal = sealer.key.sign(payload.encode(), ECDSA).hex()
    new.digest = hashlib.sha256(payload.encode()).hexdigest()
    return f'OCMF|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{seal}"}}', new


def told(station: ScriptedStation, text: str, **other: Any) -> str:
    """Send a DataTransfer and return the status of its answer."""
    payload = {"vendorId": "Wattseal", "messageId": "KeyRotated", "data": text, **other}
    status: str = station.call("DataTransfer", payload)["status"]
    return status


def settled(csms: Csms, station: ScriptedStation) -> bool:
    """Charge for two minutes and return whether the backend settles it, all seals verified."""
    charge = csms.pay(station, minutes=5)
    charge.meter_dwh += 10_000 * station.sealer.page
    charge.at += timedelta(minutes=station.sealer.page)
    charge.start()
    charge.accept_limit({"maxTime": 300})
    charge.plug_in()
    charge.minute()
    charge.minute()
    charge.end()
    receipt = csms.transaction(charge)["receipt"]
    return bool(receipt["settled"] and receipt["verified"])


@pytest.fixture
def charged(csms: Csms, station: ScriptedStation) -> ScriptedStation:
    """A station whose key the backend has pinned in a charge."""
    assert settled(csms, station)
    return station


def test_records_under_the_new_key_settle(csms: Csms, charged: ScriptedStation) -> None:
    text, new = rotation(charged.sealer)
    assert told(charged, text) == "Accepted"
    assert told(charged, text) == "Accepted", "a resend is nothing new"
    assert csms.get(f"/api/public_key/{charged.identity}")["hex"] == new.public_key_hex
    charged.sealer = new
    assert settled(csms, charged)
    assert csms.alarms(charged.identity) == []


@pytest.mark.parametrize(
    ("bend", "problem"),
    [
        (
            lambda old: rotation(Sealer(old.station, digest=old.digest))[0],
            "seal: F1 is not sealed by the key",
        ),
        (lambda old: rotation(old, UH="00" * 32)[0], "chain: F1 does not carry the hash"),
        (lambda old: rotation(old, GS="another")[0], "origin: F1 is of another"),
        (lambda old: rotation(old, UN=old.key.sign(b"x", ECDSA).hex())[0], "key: F1 names a key that nobody"),
        (lambda old: rotation(old, UK=old.public_key_hex)[0], "key: F1 replaces a key by itself"),
        (lambda old: rotation(old, UK="00")[0], "unreadable: the public key cannot be read"),
        (lambda old: rotation(old, PG="T9")[0], "unreadable: PG is T9"),
        (lambda old: "OCMF|{}|{}", "unreadable: "),
        (lambda old: "", "unreadable: "),
    ],
)
def test_a_bent_one_changes_nothing_and_is_an_alarm(
    csms: Csms, charged: ScriptedStation, bend: Callable[[Sealer], str], problem: str
) -> None:
    before = csms.get(f"/api/public_key/{charged.identity}")
    assert told(charged, bend(charged.sealer)) == "Rejected"
    assert csms.get(f"/api/public_key/{charged.identity}") == before
    assert any(alarm["text"].startswith(problem) for alarm in csms.alarms(charged.identity))


def test_a_new_key_without_a_rotation_is_still_an_alarm(csms: Csms, charged: ScriptedStation) -> None:
    charged.sealer = Sealer(charged.identity, page=charged.sealer.page, digest=charged.sealer.digest)
    assert not settled(csms, charged)
    assert any("another public key" in alarm["text"] for alarm in csms.alarms(charged.identity))


def test_data_of_others_is_not_for_this_backend(station: ScriptedStation) -> None:
    assert told(station, "", vendorId=str(uuid.uuid4())) == "UnknownVendorId"
    assert told(station, "", messageId="Weather") == "UnknownMessageId"
