"""A disk that is really full: what was stored stays, what was not is said not to be, and it goes on after."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.core.entries import UsageRecorded
from firmware.ledger.errors import LedgerError
from firmware.ledger.store import Ledger
from firmware.ledger.verify import verify
from tests.ledger.samples import KnownKey, Recorder


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a file system of 400 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a file system")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_loses_nothing_and_charging_can_go_on_once_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(150 * 1024))
    ledger = Ledger.open(small_disk / "ledger.db")
    entries = list(Recorder().charge("tx-1", minutes=100))
    stored = 0
    with pytest.raises(LedgerError, match=r"ledger\.db: the disk is full; free space on it"):
        for entry in entries:
            assert ledger.append(entry) == stored + 1
            stored += 1
    assert 10 < stored < len(entries)
    with pytest.raises(LedgerError, match="the disk is full"):
        ledger.append(entries[stored])

    ballast.unlink()
    for entry in entries[stored:]:
        ledger.append(entry)
    assert list(ledger.records()) == [entry.ocmf for entry in entries if isinstance(entry, UsageRecorded)]
    ledger.close()

    again = Ledger.open(small_disk / "ledger.db")
    texts = (text.encode() for text in again.records())
    assert verify(texts, KnownKey().public_key_der).records == 102
    again.close()


def test_killed_on_a_full_disk_everything_stored_is_there(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(150 * 1024))
    script = (
        "import sys, os; from pathlib import Path\n"
        "from firmware.ledger.errors import LedgerError\n"
        "from firmware.ledger.store import Ledger\n"
        "from tests.ledger.samples import Recorder\n"
        "ledger = Ledger.open(Path(sys.argv[1]))\n"
        "try:\n"
        "    for entry in Recorder().charge('tx-1', minutes=500): seq = ledger.append(entry)\n"
        "except LedgerError: print(seq, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = small_disk / "ledger.db"
    said = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    (small_disk / "ballast").unlink()
    ledger = Ledger.open(path)
    assert len(list(ledger.replay())) == int(said.stdout)
    ledger.close()
