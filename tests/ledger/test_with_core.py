"""The real core writing into the real ledger: what it seals holds, and a replay is all that it needs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pyocmf import OCMF

from firmware.core.entries import Entry, UsageRecorded
from firmware.core.journal import restore
from firmware.core.state import State
from firmware.ledger.store import Ledger, open_transactions
from firmware.ledger.verify import verify
from firmware.signing.seal import Sealer
from tests.ledger.samples import KnownKey
from tests.support.virtual import VirtualStation

KEY = KnownKey()
SEAL = Sealer(KEY).seal


def sealed(entry: Entry) -> Entry:
    if isinstance(entry, UsageRecorded):
        return replace(entry, payload="", ocmf=SEAL(entry.payload))
    return entry


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def store_in(ledger: Ledger) -> Callable[[Sequence[Entry]], None]:
    return lambda entries: ledger.append_all([sealed(entry) for entry in entries])


STORIES: dict[str, Callable[[VirtualStation], object]] = {
    "an hour": lambda station: station.scan_and_pay(minutes=60).plug_in().run(minutes=62),
    "ten yuan": lambda station: station.scan_and_pay(yuan=10).plug_in().run(minutes=90),
    "plug pulled": lambda station: station.scan_and_pay(minutes=60).plug_in().run(minutes=5).unplug(),
    "emergency stop": lambda station: (
        station.scan_and_pay(yuan=20).plug_in().run(minutes=3).press_emergency_stop()
    ),
    "meter silent": lambda station: (
        station.scan_and_pay(yuan=20).plug_in().run(minutes=3).silence_meter().run(minutes=2)
    ),
    "no vehicle": lambda station: station.scan_and_pay(minutes=60).run(minutes=3),
    "vehicle full": lambda station: (
        station.scan_and_pay(minutes=60).plug_in().run(minutes=4).fill_vehicle().run(minutes=60)
    ),
    "stopped from the phone": lambda station: (
        station.scan_and_pay(minutes=60).plug_in().run(minutes=4).stop_from_phone()
    ),
    "two charges": lambda station: (
        station.scan_and_pay(minutes=60).plug_in().run(minutes=4).unplug().run(minutes=5)
        .scan_and_pay(yuan=10).plug_in().run(minutes=3)
    ),
    "limit lowered below the cost": lambda station: (
        station.scan_and_pay(yuan=30).plug_in().run(minutes=5).lower_limit(yuan_e4=2_000).run(minutes=2)
    ),
    "agent killed": lambda station: (
        station.scan_and_pay(minutes=60).plug_in().run(minutes=4).kill_agent(9000).run(minutes=60)
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_what_the_core_seals_an_auditor_and_a_third_party_confirm(ledger: Ledger, story: str) -> None:
    STORIES[story](VirtualStation(store=store_in(ledger)))
    texts = list(ledger.records())
    verdict = verify(
        (text.encode() for text in texts), KEY.public_key_der, open_transactions(ledger._connection)
    )
    assert verdict.records == len(texts)
    assert all(
        OCMF.from_string(text, strict=True).verify_signature(KEY.public_key_der.hex()) for text in texts
    )


@pytest.mark.parametrize("story", STORIES)
def test_a_reboot_at_any_moment_needs_no_more_than_what_is_replayed(tmp_path: Path, story: str) -> None:
    station = VirtualStation()
    STORIES[story](station)
    history = [sealed(entry) for entry in station.entries]
    ledger = Ledger.open(tmp_path / "ledger.db")
    for moment, entry in enumerate(history, start=1):
        ledger.append(entry)
        replayed = without_receipt(restore(station.settings, ledger.replay()))
        assert replayed == without_receipt(restore(station.settings, history[:moment]))
    ledger.close()


def without_receipt(state: State) -> State:
    """A receipt on the display does not outlive a reboot; the backend has it."""
    return state._replace(evses=tuple(evse._replace(receipt=None) for evse in state.evses))
