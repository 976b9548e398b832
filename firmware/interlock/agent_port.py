"""The agent's end of the lease, seen from the interlock: one connection, the newest one counts."""

import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from firmware.interlock.json_object import SettingsError
from firmware.interlock.lease import Decoder, MalformedFrameError, Message, encode

_ONLY_THIS_USER = 0o177
_PORTION = 512  # what is heard between two looks at the inputs: some 20 messages, whoever floods the socket


class AgentPort:
    """Listens on a Unix socket that only this user may open. Nothing here ever waits.

    The lock beside the socket is held as long as this process lives: two interlocks must never drive one
    board. Raises SettingsError when another one holds it or the socket cannot be made.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        mask = os.umask(_ONLY_THIS_USER)
        try:
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path.unlink(missing_ok=True)
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(path)
        except BlockingIOError as error:
            raise SettingsError(f"settings: socket: {path}: another interlock is running there") from error
        except OSError as error:
            raise SettingsError(f"settings: socket: {path}: {error.strerror or error}") from error
        finally:
            os.umask(mask)
        self.listener.setblocking(False)
        self.listener.listen(1)
        self.connection: socket.socket | None = None
        self._decoder = Decoder()

    def accept(self) -> bool:
        """Take a waiting connection; the one before is closed. Return whether there was one."""
        try:
            connection, _ = self.listener.accept()
        except BlockingIOError:
            return False
        self.drop()
        connection.setblocking(False)
        self.connection, self._decoder = connection, Decoder()
        return True

    def receive(self) -> Iterator[Message]:
        """Yield what the agent said. A broken or senseless connection is dropped; the lease runs on."""
        if self.connection is None:
            return
        try:
            data = self.connection.recv(_PORTION)
            if not data:
                self.drop()
            yield from self._decoder.feed(data)
        except BlockingIOError:
            return
        except (OSError, MalformedFrameError):
            self.drop()

    def send(self, message: Message) -> None:
        """Say something; an agent that does not listen loses its connection."""
        if self.connection is None:
            return
        try:
            self.connection.sendall(encode(message))
        except OSError:
            self.drop()

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self.drop()
        self.listener.close()
        self._path.unlink(missing_ok=True)
        os.close(self._lock)
