"""A simulated board, the interlock's process at it, and an agent, for the tests of the process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interlock.process import Agent, Board, Interlock


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    board = Board(tmp_path)
    yield board
    board.kill()


@pytest.fixture
def interlock(tmp_path: Path, board: Board) -> Iterator[Interlock]:
    interlock = Interlock(tmp_path, board.address, board={"watchdog": {"timeout_s": 1}})
    interlock.until("interlock.started")
    yield interlock
    interlock.end()


@pytest.fixture
def agent(interlock: Interlock) -> Agent:
    return interlock.agent()


@pytest.fixture
def charging(board: Board, agent: Agent) -> Agent:
    """The agent of a charge under way, with 15 s of lease left."""
    board.do("plug_in")
    agent.grant()
    agent.until_closed()
    board.until_closed()
    return agent
