"""What is true at one moment of a bench, as board and backend tell it: what scenarios wait for and check."""

from dataclasses import dataclass
from typing import Any

from sim.bench import Bench, BenchError

Json = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """One moment. ``transaction`` is the backend's newest one, None before the first.

    All but ``every`` are those of one EVSE; ``every`` has the board's state at each EVSE, in their order.
    ``time`` is the billing clock's, local, as HH:MM.
    """

    board: Json
    station: Json
    transaction: Json | None
    alarms: tuple[Json, ...]
    time: str = "00:00"
    evse: int = 1
    every: tuple[Json, ...] = ()

    @property
    def boards(self) -> tuple[Json, ...]:
        """The board's state at each EVSE."""
        return self.every or (self.board,)

    @property
    def offered_a(self) -> float:
        """Amperes per phase that all pilots together offer."""
        return float(sum(board["limit_a"] for board in self.boards))

    @property
    def contactor(self) -> str:
        return "closed" if self.board["contactor_closed"] else "open"

    @property
    def connector(self) -> str:
        """The connector's status as the backend was told, "" before the first report."""
        connectors = self.station.get("connectors") or []
        return next((str(told["status"]) for told in connectors if told["evse"] == self.evse), "")

    @property
    def active_alarms(self) -> frozenset[str]:
        """Fault names of the alarms that stand."""
        standing: dict[str, bool] = {}
        for alarm in self.alarms:
            standing[alarm.get("fault") or alarm.get("code") or ""] = bool(alarm.get("active"))
        return frozenset(name for name, active in standing.items() if active)

    @property
    def phase(self) -> str:
        """How far the transaction is: none, started, charging, suspended, ended, settled."""
        if self.transaction is None:
            return "none"
        if self.transaction["state"] == "Ended":
            return "settled" if self.transaction["settled"] else "ended"
        if self.contactor == "closed":
            return "charging"
        return "suspended" if self.minutes else "started"

    @property
    def minutes(self) -> int:
        """Records after the begin record in the newest transaction."""
        return max(0, len(self.transaction["minutes"]) - 1) if self.transaction else 0

    @property
    def energy_wh(self) -> float:
        return float(self.transaction["energy_wh"]) if self.transaction else 0.0

    @property
    def screen(self) -> str:
        """The screen a driver should be looking at, concluded from the facts (the bench cannot read it)."""
        if self.connector in ("Faulted", "Unavailable"):
            return "out-of-service"
        if self.phase in ("none", "ended", "settled"):
            return "receipt" if self.phase != "none" and self.energy_wh else "scan"
        if not self.board["plugged"]:
            return "plug-in"
        return {"charging": "charging", "suspended": "paused", "started": "waiting"}[self.phase]

    def meets(self, conditions: Json) -> bool:
        """Whether all conditions of a `wait_until` or `check` step hold."""
        return not self.unmet(conditions)

    def unmet(self, conditions: Json) -> list[str]:
        """Return the conditions that do not hold, each with what is true instead."""
        failed = []
        for key, wanted in conditions.items():
            actual = self._value(key)
            if not _holds(key, wanted, actual):
                failed.append(f"{key} should be {wanted!r} and is {_told(actual)}")
        return failed

    def _value(self, key: str) -> Any:
        if key == "transaction":
            return self.phase
        if key == "alarm":
            return self.active_alarms
        key = key.removesuffix("_at_least").removesuffix("_at_most")
        return self.board[key] if key in ("lock", "pilot", "limit_a", "watts") else getattr(self, key)


def _holds(key: str, wanted: Any, actual: Any) -> bool:
    if key == "alarm":
        return wanted in actual
    if key in ("minutes", "energy_wh", "time") or key.endswith("_at_least"):
        return bool(actual >= wanted)
    if key.endswith("_at_most"):
        return bool(actual <= wanted)
    if key == "transaction" and wanted == "ended":
        return actual in ("ended", "settled")
    return bool(actual == wanted)


def _told(actual: Any) -> str:
    return (", ".join(sorted(actual)) or "none") if isinstance(actual, frozenset) else repr(actual)


async def gather(bench: Bench, evse: int = 1) -> Facts:
    """Ask the board and the backend about an EVSE. Raises BenchError on a bench whose backend is not ours."""
    if bench.csms is None:
        raise BenchError("scenarios need the simulated backend; they do not run with --csms")
    state = await bench.csms.state()
    station: Json = next((s for s in state["stations"] if s["id"] == bench.station_id), {})
    summaries = [summary for summary in state["transactions"] if summary["evse"] == evse]
    newest = await bench.csms.transaction(summaries[-1]["id"]) if summaries else None
    time = bench.local_time().strftime("%H:%M")
    alarms = tuple(alarm for alarm in state["alarms"] if alarm.get("evse", 0) in (0, evse))
    every = tuple(await bench.boards())
    return Facts(every[evse - 1], station, newest, alarms, time, evse, every)
