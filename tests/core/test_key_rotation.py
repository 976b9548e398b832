"""A new key's record in the chain: the next usage record follows it, and counts on as if it was not there."""

import hashlib
import json

from firmware.core.entries import KeyRotated
from firmware.core.journal import restore
from firmware.core.key_rotation import StationName, rotation_payload
from tests.support.virtual import VirtualStation


def rotate(station: VirtualStation) -> str:
    """Replace the key while the agent is stopped, and start it again; return the record's payload."""
    chain = station.state.chain
    at = station.stamp()
    text = rotation_payload(chain, StationName("Wattseal AC", "chu-003", "test"), at, "3059")
    station.entries.append(KeyRotated(at, chain.rotations + 1, "3059", "3058", f"OCMF|{text}|{{}}"))
    station.kill_agent().run(seconds=5)
    return text


def charged(station: VirtualStation) -> VirtualStation:
    return station.scan_and_pay(minutes=2).plug_in().run(minutes=4).unplug().run(minutes=2)


def test_the_chain_goes_through_the_rotation_and_the_pages_count_on() -> None:
    station = charged(VirtualStation())
    last = station.records[-1]
    texts = [last.payload, rotate(station), rotate(station)]
    charged(station)
    texts.append(next(record for record in station.records if record.number == last.number + 1).payload)
    fields = [json.loads(text) for text in texts]
    assert [each["PG"] for each in fields] == [f"T{last.number}", "F1", "F2", f"T{last.number + 1}"]
    for before, after in zip(texts, fields[1:], strict=False):
        assert after["UH"] == hashlib.sha256(before.encode()).hexdigest()


def test_a_rotation_changes_nothing_else() -> None:
    station = charged(VirtualStation())
    before = restore(station.settings, station.entries)
    rotate(station)
    assert restore(station.settings, station.entries)._replace(chain=before.chain) == before
