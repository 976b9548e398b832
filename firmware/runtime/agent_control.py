"""The agent's door for an engineer at the controller: a Unix socket of this user alone, one line each way.

Asked ``{"do": "faults"}`` or ``{"do": "clear"}`` it answers one JSON object::

    {"online": true, "faults": [], "evses": [{"evse": 1, "pilot": "B", "contactor": "open", "lock": "locked",
     "cycles": 4711, "temperature_mc": 31500, "notes": [], "faults": [{"name": …, "detail": …}]}]}

``{"do": "meters"}`` brings what the agent last read from each meter (`firmware.runtime.meters_report`).
`wattseal faults` and `wattseal meter` ask. What clears faults is the interlock; after ``clear`` its word is
waited for.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.core.events import ClearRequested, Event
from firmware.core.fault_watch import standing_faults
from firmware.core.faults import cleared_by, worst_first
from firmware.core.state import Evse, State
from firmware.core.units import Stamp
from firmware.runtime.meters_report import meters_report

SOCKET = "agent.ctl"
_ONLY_THIS_USER = 0o177
_HEAR_S = 3.0
_LOOK_S = 0.02
_LONGEST_LINE = 1024


class AgentControl:
    """Serves the socket in the run folder as long as `run` runs."""

    def __init__(
        self,
        path: Path,
        *,
        state: Callable[[], State],
        post: Callable[[Event], None],
        stamp: Callable[[], Stamp],
    ) -> None:
        self._path = path
        self._state = state
        self._post = post
        self._stamp = stamp

    async def run(self) -> None:
        """Serve for ever; what a killed agent left behind is replaced."""
        self._path.unlink(missing_ok=True)
        mask = os.umask(_ONLY_THIS_USER)
        try:
            server = await asyncio.start_unix_server(self._serve, self._path, limit=_LONGEST_LINE)
        finally:
            os.umask(mask)
        try:
            await server.serve_forever()
        finally:
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(await reader.readline())
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            return  # who asked has gone, or speaks another language
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        request = json.loads(line)
        match request:
            case {"do": "faults"}:
                return self._report()
            case {"do": "meters"}:
                return meters_report(self._state(), self._stamp().mono_ms)
            case {"do": "clear"}:
                self._post(ClearRequested(self._stamp(), "", None, "engineer"))
                await self._interlock_said()
                return self._report()
        return {"error": 'known are {"do": "faults"}, {"do": "meters"} and {"do": "clear"}'}

    async def _interlock_said(self) -> None:
        """Wait until the interlock has forgotten what an engineer may clear, or has had its time."""
        asked = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - asked < _HEAR_S:
            if not any(cleared_by(evse.faults, "engineer") for evse in self._state().evses):
                return
            await asyncio.sleep(_LOOK_S)

    def _report(self) -> dict[str, Any]:
        state = self._state()
        station = [*worst_first(state.faults), *(["LedgerFailed"] if state.storage_failed else [])]
        return {
            "online": state.online,
            "faults": [{"name": name, "detail": ""} for name in station],
            "evses": [self._evse(evse, state) for evse in state.evses],
        }

    def _evse(self, evse: Evse, state: State) -> dict[str, Any]:
        interlock = evse.interlock
        details = standing_faults(evse, state.settings, self._stamp().mono_ms)
        return {
            "evse": evse.evse,
            "pilot": interlock.pilot if interlock else None,
            "contactor": "closed" if evse.contactor_closed else "open",
            "lock": interlock.lock if interlock else None,
            "cycles": evse.contactor.cycles,
            "temperature_mc": interlock.temperature_mc if interlock else None,
            "notes": sorted(interlock.notes) if interlock else [],
            "faults": [{"name": name, "detail": details.get(name, "")} for name in worst_first(evse.faults)],
        }
