"""``python -m tests.bench.relay SOCKET``: stands between agent and interlock and says when Grants come by.

SOCKET is where the interlock listens. It is moved aside, the relay listens in its place, and the connection
that the agent has is made to break off, so that it comes back through here. Each Grant of the agent is one
line: its EVSE and the time in CLOCK_MONOTONIC ns. The relay has real-time priority: what is timed is to be
the agent's lateness, not its own.
"""

import contextlib
import os
import select
import socket
import sys
import time
from pathlib import Path

from firmware.interlock.lease import Decoder, Grant

_PRIORITY = 15  # below the interlock's own 20
_PORTION = 4096


def main(path: str) -> None:
    """Relay one agent after the other, for ever."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    moved = Path(path).rename(f"{path}.interlock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    _connected(moved).close()  # the newest connection counts: the agent loses its own
    print("ready", flush=True)
    while True:
        agent, _ = listener.accept()
        with agent, _connected(moved) as interlock, contextlib.suppress(ConnectionError):
            _relay(agent, interlock)


def _relay(agent: socket.socket, interlock: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    decoder = Decoder()
    while True:
        readable, _, _ = select.select([agent, interlock], [], [])
        at_ns = time.monotonic_ns()
        for source in readable:
            data = source.recv(_PORTION)
            if not data:
                return
            (interlock if source is agent else agent).sendall(data)
            if source is agent:
                _say_grants(decoder, data, at_ns)


def _say_grants(decoder: Decoder, data: bytes, at_ns: int) -> None:
    for message in decoder.feed(data):
        if isinstance(message, Grant):
            print(message.evse, at_ns, flush=True)


def _connected(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(path))
    return connection


if __name__ == "__main__":
    main(sys.argv[1])
