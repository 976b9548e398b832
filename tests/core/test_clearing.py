"""Clearing latched faults: who may, what a backend is answered, and that only the interlock's word counts."""

import pytest

from firmware.core import effects as fx
from firmware.core import events as ev
from firmware.core.entries import FaultCleared
from tests.support.virtual import VirtualStation


def faulted(*names: str) -> VirtualStation:
    station = VirtualStation()
    station.faults = frozenset(names)
    return station._settle()


def asked(
    station: VirtualStation, by: str = "backend", evse: int | None = 1, call: str = "c"
) -> fx.AnswerCall:
    station.effects.clear()
    station.feed(ev.ClearRequested(station.stamp(), call, evse, by))  # type: ignore[arg-type]
    answers = [effect for effect in station.effects if isinstance(effect, fx.AnswerCall)]
    return answers[0] if answers else fx.AnswerCall("", "unanswered")


def orders(station: VirtualStation) -> list[fx.ClearInterlockFaults]:
    return [effect for effect in station.effects if isinstance(effect, fx.ClearInterlockFaults)]


def test_a_backend_clears_a_residual_current_by_the_interlocks_word_alone() -> None:
    station = faulted("ResidualCurrent")

    assert asked(station).status == "Accepted"
    assert orders(station) == [fx.ClearInterlockFaults(1, "backend")]
    assert station.status == "Faulted", "asking clears nothing"

    station.faults = frozenset()
    station._settle()
    assert station.of(FaultCleared)[-1].fault == "ResidualCurrent"
    assert station.status == "Available"


def test_a_weld_is_cleared_on_site_or_not_at_all() -> None:
    station = faulted("ContactorWelded")

    answer = asked(station)
    assert (answer.status, answer.reason_code) == ("Rejected", "FaultedEvse")
    assert "ContactorWelded" in answer.why
    assert orders(station) == []

    assert asked(station, "engineer", call="").status == "unanswered"
    assert orders(station) == [fx.ClearInterlockFaults(1, "engineer")]


def test_what_a_backend_may_not_clear_is_named_beside_what_it_may() -> None:
    answer = asked(faulted("ContactorWelded", "ResidualCurrent", "EmergencyStop"))

    assert answer.status == "Accepted"
    assert answer.why == "only an engineer on site may clear ContactorWelded"


def test_without_a_latched_fault_nothing_is_asked_of_the_interlock() -> None:
    station = faulted("EmergencyStop")

    assert asked(station).status == "Accepted"
    assert orders(station) == []


@pytest.mark.parametrize(
    ("prepare", "evse", "reason"),
    [
        (lambda station: station, 9, "UnknownEvse"),
        (lambda station: station.feed(ev.InterlockLost(station.stamp())), 1, "InternalError"),
        (lambda station: station.scan_and_pay(minutes=60), 1, "TxInProgress"),
    ],
)
def test_a_reset_that_cannot_be_is_refused_with_its_reason(prepare: object, evse: int, reason: str) -> None:
    station = VirtualStation()
    prepare(station)  # type: ignore[operator]
    answer = asked(station, evse=evse)

    assert (answer.status, answer.reason_code) == ("Rejected", reason)
    assert orders(station) == []
