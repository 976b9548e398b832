"""An eight-hour charge in virtual time: 28,800 readings through core, pricing, seals and a ledger on disk."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from firmware.core.entries import Entry, UsageRecorded
from firmware.ledger.store import Ledger
from firmware.signing.keys import FileKey
from firmware.signing.seal import Sealer
from tests.bench.table import Row, row
from tests.support.virtual import VirtualStation

RUNS = 5
HOURS = 8


def measure() -> list[Row]:
    what = "an eight-hour charge in virtual time: core, pricing, seals, ledger"
    return [row("virtual_8h_s", what, "s", [_charge_s() for _ in range(RUNS)], hold=50, bar=1.0)]


def _charge_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder) / "ledger.db")
        seal = Sealer(FileKey.open_or_create(Path(folder) / "station.key")).seal

        def store(entries: Sequence[Entry]) -> None:
            ledger.append_all(
                [
                    replace(entry, ocmf=seal(entry.payload), payload="")
                    if isinstance(entry, UsageRecorded)
                    else entry
                    for entry in entries
                ]
            )

        began = time.perf_counter()
        station = VirtualStation(store=store).scan_and_pay(minutes=HOURS * 60).plug_in()
        station.run(minutes=HOURS * 60 + 1)
        took_s = time.perf_counter() - began
        assert station.ended.cost.charging_ms == HOURS * 3_600_000
        assert sum(1 for _ in ledger.records()) == HOURS * 60 + 1
        ledger.close()
    return took_s
