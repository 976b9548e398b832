"""The agent's place at the interlock's socket: leases that stand, and that come back after a fault."""

import asyncio
from collections.abc import Iterable

from firmware.interlock.lease import BACKEND, ClearFaults, Grant, Message, SetLock, Withdraw, encode

_LIMIT_MA = 16_000
_LEASE_MS = 15_000
_RENEW_S = 5.0


class LeaseHolder(asyncio.Protocol):
    """Grants ``evses`` from its connection on until `close`. What the interlock tells is taken and left."""

    def __init__(self, evses: Iterable[int]) -> None:
        self._evses = tuple(evses)
        self._seq = 0
        self._renewing: asyncio.TimerHandle | None = None
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def connect(cls, path: str, evses: Iterable[int]) -> "LeaseHolder":
        """Connect, lock every connector and grant. Raises OSError when nobody listens at ``path``."""
        _, holder = await asyncio.get_running_loop().create_unix_connection(lambda: cls(evses), path)
        return holder

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        for evse in self._evses:
            self._send(SetLock(evse, self._next_seq(), 1))
        self._renew()

    def restore(self, evse: int) -> None:
        """Take back what a fault has voided, clear what has latched, and grant anew."""
        self._send(Withdraw(evse, self._next_seq()))
        self._send(ClearFaults(evse, self._next_seq(), BACKEND))
        self._grant(evse)

    def close(self) -> None:
        """Renew no more, and part."""
        if self._renewing is not None:
            self._renewing.cancel()
        if self._transport is not None:
            self._transport.close()

    def _renew(self) -> None:
        for evse in self._evses:
            self._grant(evse)
        self._renewing = asyncio.get_running_loop().call_later(_RENEW_S, self._renew)

    def _grant(self, evse: int) -> None:
        self._send(Grant(evse, self._next_seq(), _LIMIT_MA, _LEASE_MS))

    def _send(self, message: Message) -> None:
        assert self._transport is not None
        self._transport.write(encode(message))

    def _next_seq(self) -> int:
        self._seq += 1
        return self._seq
