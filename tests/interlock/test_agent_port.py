"""The interlock's end of the agent's connection: it never waits, and the newest connection counts."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware.interlock.agent_port import AgentPort
from firmware.interlock.json_object import SettingsError
from firmware.interlock.lease import Grant, Status, Withdraw, encode

STATUS = Status(1, 1, 0, ord("B"), 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "interlock.sock")


@pytest.fixture
def port(path: str) -> Iterator[AgentPort]:
    port = AgentPort(path)
    yield port
    port.close()


def connect(port: AgentPort, path: str) -> socket.socket:
    agent = socket.socket(socket.AF_UNIX)
    agent.settimeout(5)
    agent.connect(path)
    assert port.accept()
    return agent


def test_only_this_user_may_connect(port: AgentPort, path: str) -> None:
    assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600


def test_an_agent_that_does_not_read_loses_its_connection_and_nobody_waits_for_it(
    port: AgentPort, path: str
) -> None:
    agent = connect(port, path)
    sent = 0
    while port.connection is not None:
        port.send(STATUS)
        sent += 1
    assert sent > 100
    connect(port, path).close()
    agent.close()


def test_the_newest_connection_counts_and_the_one_before_is_closed(port: AgentPort, path: str) -> None:
    before, now = connect(port, path), connect(port, path)
    assert before.recv(100) == b""
    port.send(STATUS)
    assert now.recv(100) == encode(STATUS)
    before.close()
    now.close()


def test_half_a_message_of_the_connection_before_is_forgotten(port: AgentPort, path: str) -> None:
    before = connect(port, path)
    before.sendall(encode(Grant(1, 1, 16_000, 15_000))[:5])
    assert list(port.receive()) == []
    now = connect(port, path)
    now.sendall(encode(Withdraw(1, 1)))
    assert list(port.receive()) == [Withdraw(1, 1)]
    before.close()
    now.close()


def test_what_came_before_the_nonsense_counts_and_then_it_hangs_up(port: AgentPort, path: str) -> None:
    agent = connect(port, path)
    agent.sendall(encode(Withdraw(1, 1)) + bytes(4))
    assert list(port.receive()) == [Withdraw(1, 1)]
    assert port.connection is None
    assert agent.recv(100) == b""
    agent.close()


def test_nothing_said_is_nothing_heard_and_an_end_is_noticed(port: AgentPort, path: str) -> None:
    assert list(port.receive()) == []
    agent = connect(port, path)
    assert list(port.receive()) == []
    assert port.connection is not None
    agent.close()
    assert list(port.receive()) == []
    assert port.connection is None
    port.send(STATUS)


def test_a_socket_left_behind_is_replaced_and_one_in_use_is_not(path: str) -> None:
    Path(path).touch()
    port = AgentPort(path)
    with pytest.raises(SettingsError, match="another interlock is running there"):
        AgentPort(path)
    connect(port, path).close()
    port.close()
    AgentPort(path).close()
