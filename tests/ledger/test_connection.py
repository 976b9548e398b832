"""One connection, exclusive and durable; and a look at a ledger from outside, which changes nothing."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.ledger.connection import connect, connect_offline
from firmware.ledger.errors import LedgerDamagedError, LedgerError, LedgerLockedError
from firmware.ledger.migrations import MIGRATIONS
from firmware.ledger.store import Ledger, ocmf_texts
from tests.ledger.samples import Recorder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_the_connection_is_exclusive_logged_ahead_and_synced(path: Path) -> None:
    connection = connect(path)
    found = [
        pragma(connection, name) for name in ("locking_mode", "journal_mode", "synchronous", "page_size")
    ]
    assert found == ["exclusive", "wal", 2, 1024]
    connection.close()


def test_acknowledging_leaves_later_entries_synced(path: Path) -> None:
    ledger = Ledger.open(path)
    ledger.append_all(list(Recorder().charge("tx-1")))
    ledger.acknowledge(1)
    assert pragma(ledger._connection, "synchronous") == 2
    ledger.close()


def test_a_new_ledger_has_had_every_step(path: Path) -> None:
    connection = connect(path)
    assert pragma(connection, "user_version") == len(MIGRATIONS)
    connection.close()


def test_a_ledger_of_newer_firmware_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(LedgerError, match=r"ledger\.db: .*install the firmware that wrote it"):
        connect(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    connection.close()


HOLD = """
import sys; from pathlib import Path; from firmware.ledger.store import Ledger
from tests.ledger.samples import Recorder
ledger = Ledger.open(Path(sys.argv[1]))
ledger.append_all(list(Recorder().charge("tx-1")))
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def agent(path: Path) -> subprocess.Popen[str]:
    """Return a process that has the ledger open and has stored a charge."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def test_nobody_looks_while_an_agent_has_it(agent: subprocess.Popen[str], path: Path) -> None:
    for look in (connect_offline, Ledger.open):
        with pytest.raises(LedgerLockedError, match=r"ledger\.db: in use by another process; stop the"):
            look(path)


def test_what_a_killed_agent_had_only_in_its_log_is_seen(agent: subprocess.Popen[str], path: Path) -> None:
    agent.kill()
    agent.communicate()
    before = path.read_bytes()
    connection = connect_offline(path)
    assert len(list(ocmf_texts(connection))) == 5
    connection.close()
    assert path.read_bytes() == before
    assert path.with_name("ledger.db-wal").stat().st_size > 0


def test_looking_writes_nothing(path: Path) -> None:
    Ledger.open(path).close()
    connection = connect_offline(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM entry")
    connection.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_ledger_in_a_directory_that_may_only_be_read(path: Path) -> None:
    Ledger.open(path).close()
    path.parent.chmod(0o500)
    connect_offline(path).close()
    path.parent.chmod(0o700)


def test_a_missing_ledger_is_not_made_by_looking(path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no such file"):
        connect_offline(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"junk" * 500])
def test_what_is_no_ledger_is_said_to_be_none(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"no ledger of this firmware|not a ledger") as refused:
        connect_offline(path)
    assert isinstance(refused.value, LedgerDamagedError) == bool(content)
