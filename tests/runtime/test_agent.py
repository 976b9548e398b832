"""The agent's shell: effects in their order, and nothing after an append that failed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from firmware.core import events as ev
from firmware.core.customer_view import CustomerView, Screen
from firmware.core.effects import AnswerCall, AnswerStart, ReportStatus
from firmware.core.entries import Entry, FaultRaised, TransactionStarted, UsageRecorded
from firmware.core.journal import initial
from firmware.runtime.agent import Agent, StorageError
from hal.clock import SystemClock
from tests.support.virtual import VirtualStation, settings


class Surroundings:
    """Everything around the agent in one place, noting what happens in its order."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.stored: list[Entry] = []
        self.views: list[CustomerView] = []
        self.full = False
        self.sealing: Callable[[], bool] = lambda: True

    def append_all(self, entries: Sequence[Entry]) -> None:
        if self.full:
            raise StorageError("no space left on device")
        self.stored += entries
        self.happened += [type(entry).__name__ for entry in entries]

    def seal(self, payload: str) -> str:
        if not self.sealing():
            raise StorageError("token pulled out")
        return f"OCMF|{payload}|signature"

    def show(self, view: CustomerView) -> None:
        self.views.append(view)

    def permit(self, evse: int, limit_ma: int) -> None:
        self.happened.append(f"permit {limit_ma}")

    def withdraw(self, evse: int) -> None:
        self.happened.append("withdraw")

    def set_lock(self, evse: int, *, released: bool) -> None:
        self.happened.append("release" if released else "lock")

    def clear_faults(self, evse: int, by: str) -> None:
        self.happened.append(f"clear for {by}")

    def measured(self, evse: int, reading: ev.MeterReading) -> None:
        if reading.voltage_mv:
            self.happened.append("measured")

    def pace(self, *, register_only: bool) -> None:
        self.happened.append("fast" if register_only else "slow")

    def wake(self) -> None:
        self.happened.append("wake")

    def answer_start(self, effect: AnswerStart) -> None:
        self.happened.append("answer")

    def answer_call(self, effect: AnswerCall) -> None:
        self.happened.append("answer")

    def report_status(self, effect: ReportStatus) -> None:
        self.happened.append(effect.status)


def played(scene: Callable[[Agent, Surroundings], None]) -> Surroundings:
    """Let a scene post events to an agent and let it consume them."""
    around = Surroundings()
    station = VirtualStation()

    async def play() -> None:
        agent = Agent(
            initial(settings()),
            clock=SystemClock(),
            stamp=station.stamp,
            storage=around,
            seal=around.seal,
            show=around.show,
        )
        agent.connect(around, {1: around}, around, {1: around})  # type: ignore[arg-type, dict-item]
        scene(agent, around)
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(play())
    return around


def plugged_in(agent: Agent, at: ev.Stamp, *, faults: frozenset[str] = frozenset()) -> None:
    agent.post(
        ev.InterlockReported(at, 1, "B", contactor_closed=False, lock="locked", limit_ma=0, faults=faults)
    )
    agent.post(ev.MeterSampled(at, 1, ev.MeterReading(at, 1000, 0)))


def started(agent: Agent, at: ev.Stamp) -> None:
    plugged_in(agent, at)
    agent.post(ev.StartRequested(at, "call", 1, 7, "card", "ISO14443"))
    agent.post(ev.MeterSampled(at, 1, ev.MeterReading(at, 1000, 0)))


AT = VirtualStation().stamp()


def test_a_record_is_sealed_and_stored_before_anything_is_permitted() -> None:
    around = played(lambda agent, _: started(agent, AT))

    record = next(entry for entry in around.stored if isinstance(entry, UsageRecorded))
    assert record.ocmf.startswith("OCMF|{")
    assert record.payload == ""
    assert around.happened.index("UsageRecorded") < around.happened.index("permit 32000")


def test_an_answer_comes_after_what_it_promises_is_stored() -> None:
    around = played(lambda agent, _: started(agent, AT))

    assert around.happened.index("TransactionStarted") < around.happened.index("answer")


def test_what_cannot_be_stored_does_not_happen() -> None:
    def scene(agent: Agent, around: Surroundings) -> None:
        around.full = True
        started(agent, AT)

    around = played(scene)

    assert not [entry for entry in around.stored if isinstance(entry, TransactionStarted)]
    assert "answer" not in around.happened
    assert not [what for what in around.happened if what.startswith("permit")]
    assert around.views[-1].screen is Screen.OUT_OF_SERVICE
    assert around.happened[-1] == "Unavailable"


def test_what_cannot_be_sealed_does_not_happen_and_is_not_lost() -> None:
    """A token that was pulled out is a ledger that cannot be written: no power without a sealed record."""
    seals = [True, False]
    agents: list[Agent] = []

    def scene(agent: Agent, around: Surroundings) -> None:
        around.sealing = lambda: seals.pop(0)
        agents.append(agent)
        started(agent, AT)
        later = replace(AT, mono_ms=AT.mono_ms + 60_000)
        agent.post(
            ev.InterlockReported(
                later, 1, "C", contactor_closed=True, lock="locked", limit_ma=32_000, faults=frozenset()
            )
        )
        agent.post(ev.MeterSampled(later, 1, ev.MeterReading(later, 2000, 7000)))
        last = replace(AT, mono_ms=AT.mono_ms + 120_000)
        agent.post(ev.MeterSampled(last, 1, ev.MeterReading(last, 3000, 7000)))

    around = played(scene)

    assert [entry.kind for entry in around.stored if isinstance(entry, UsageRecorded)] == ["B"]
    assert agents[0].state.chain.number == 1, "a record that was not stored is not in the chain"
    permitted = around.happened.index("permit 32000")
    assert "withdraw" in around.happened[permitted:]
    assert around.views[-1].screen is Screen.OUT_OF_SERVICE


def test_making_safe_does_not_wait_for_the_disk() -> None:
    def scene(agent: Agent, around: Surroundings) -> None:
        started(agent, AT)
        plugged_in(agent, AT, faults=frozenset({"EmergencyStop"}))

    around = played(scene)

    assert any(isinstance(entry, FaultRaised) for entry in around.stored)
    assert around.happened.index("withdraw") < around.happened.index("FaultRaised")


def test_an_error_in_a_decision_makes_safe_and_ends_the_agent() -> None:
    ended: list[BaseException | None] = []

    def scene(agent: Agent, around: Surroundings) -> None:
        agent.post(ev.MeterSampled(AT, 99, ev.MeterReading(AT, 1000, 0)))
        agent.failed.add_done_callback(lambda failed: ended.append(failed.exception()))

    around = played(scene)

    assert around.happened == ["withdraw"]
    assert isinstance(ended[0], KeyError)
