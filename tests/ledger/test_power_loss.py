"""Killed at any moment, the ledger has every entry that it said it had stored."""

import random
import subprocess
import sys
from pathlib import Path

from firmware.core.entries import FaultCleared
from firmware.ledger.store import Ledger
from firmware.ledger.verify import verify
from tests.ledger.samples import KnownKey, stamp

KILLS = 10

WRITER = """
import sys; from pathlib import Path
from firmware.ledger.store import Ledger
from tests.ledger.samples import Recorder
ledger = Ledger.open(Path(sys.argv[1]))
run = sys.argv[2]
for entry in Recorder(station=run).charge("tx-" + run, minutes=5000):
    seq = ledger.append(entry)
    item = ledger.next_unacknowledged()
    if seq % 3 == 0:
        ledger.acknowledge(item.seq)
    print(seq, item.seq if seq % 3 == 0 else "-", flush=True)
"""


def killed_writer(path: Path, run: int, after_lines: int) -> list[tuple[int, int | None]]:
    """Let a process append and acknowledge, kill it, and return what it had said by then."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(run)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(after_lines)]
    process.kill()
    lines += process.communicate()[0].splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith("\n")]
    return [(int(stored), None if sent == "-" else int(sent)) for stored, sent in whole]


def test_nothing_stored_is_lost_and_nothing_acknowledged_is_sent_again(tmp_path: Path) -> None:
    path, chance = tmp_path / "ledger.db", random.Random(20260601)
    stored, acknowledged = 0, 0
    for run in range(KILLS):
        said = killed_writer(path, run, after_lines=chance.randrange(1, 120))
        assert [seq for seq, _ in said] == list(range(said[0][0], said[0][0] + len(said)))
        stored = said[-1][0]
        acknowledged = max(acknowledged, *(sent or 0 for _, sent in said))
        ledger = Ledger.open(path)
        next_item = ledger.next_unacknowledged()
        assert next_item is not None and next_item.seq > acknowledged
        assert ledger.append(FaultCleared(stamp(0), 1, "none")) in (stored + 1, stored + 2)
        ledger.close()
    assert stored > KILLS


def test_the_records_of_a_killed_writer_are_whole_and_chained(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    said = killed_writer(path, run=0, after_lines=40)
    ledger = Ledger.open(path)
    texts = list(ledger.records())
    ledger.close()
    verdict = verify((text.encode() for text in texts), KnownKey().public_key_der, frozenset({"tx-0"}))
    assert verdict.records == len(texts) >= len(said) - 3
