"""``python -m tests.bench.virtual_charge DIR RUNS``: eight-hour charges in virtual time.

The core decides, the tariff of the sample site prices, the sealer signs, the ledger stores (SQLite, FULL).
Prints one JSON line: a list of ``{"wall_s", "cpu_s", "storing_s", "records"}``.
"""

import json
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from firmware.core.entries import Entry, UsageRecorded
from firmware.core.tariff import Tariff
from firmware.core.tariff_type import parse
from firmware.ledger.store import Ledger
from firmware.signing.seal import Sealer
from firmware.signing.stores import open_key
from tests.support.virtual import VirtualStation

HOURS = 8
_TARIFF = Path(__file__).parents[2] / "config" / "tariffs" / "chu_time_of_use.toml"


class SealedStore:
    """Seals and stores what the core appends, as the agent's shell does; ``spent_s`` is the time it took."""

    def __init__(self, directory: Path) -> None:
        self.spent_s = 0.0
        self._seal = Sealer(open_key("file:station.key", directory)).seal
        self._ledger = Ledger.open(directory / "ledger.db")

    def store(self, entries: Sequence[Entry]) -> None:
        begin_s = time.perf_counter()
        self._ledger.append_all([self._sealed(entry) for entry in entries])
        self.spent_s += time.perf_counter() - begin_s

    def close(self) -> None:
        self._ledger.close()

    def _sealed(self, entry: Entry) -> Entry:
        if isinstance(entry, UsageRecorded):
            return replace(entry, ocmf=self._seal(entry.payload), payload="")
        return entry


def charge(directory: Path) -> dict[str, float]:
    """Play one charge of eight hours and return what it took, in seconds, and its number of records."""
    directory.mkdir(parents=True)
    store = SealedStore(directory)
    tariff = _tariff()
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    station = VirtualStation(tariff, store=store.store).scan_and_pay(minutes=HOURS * 60)
    station.plug_in().run(minutes=HOURS * 60 + 1)
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    store.close()
    if station.ended.stopped_reason != "TimeLimitReached":
        raise RuntimeError(f"the charge ended by {station.ended.stopped_reason}")
    return {"wall_s": wall_s, "cpu_s": cpu_s, "storing_s": store.spent_s, "records": len(station.records)}


def _tariff() -> Tariff:
    return parse(tomllib.loads(_TARIFF.read_text(), parse_float=Decimal))


if __name__ == "__main__":
    print(json.dumps([charge(Path(sys.argv[1], str(run))) for run in range(int(sys.argv[2]))]))
