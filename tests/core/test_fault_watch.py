"""Faults that the agent finds itself: a stop that does not happen, a backend that is gone; cycle counts."""

from dataclasses import replace

from firmware.core import events as ev
from firmware.core.entries import ContactorCycled, FaultCleared, FaultRaised
from firmware.core.journal import restore
from tests.support.virtual import VirtualStation


def charging() -> VirtualStation:
    return VirtualStation().scan_and_pay(minutes=60).plug_in().run(minutes=5)


def reported(station: VirtualStation, **changes: object) -> None:
    """Let the interlock say what it said last, but for the changes."""
    last = station.state.evses[0].interlock
    assert last is not None
    station.feed(replace(last, at=station.stamp(), **changes))  # type: ignore[arg-type]


def raised(station: VirtualStation) -> list[tuple[int, str]]:
    return [(entry.evse, entry.fault) for entry in station.of(FaultRaised)]


def cleared(station: VirtualStation) -> list[tuple[int, str]]:
    return [(entry.evse, entry.fault) for entry in station.of(FaultCleared)]


def test_a_contactor_that_stays_closed_after_a_stop_is_a_fault_until_it_opens() -> None:
    station = charging()
    station.feed(ev.StopRequested(station.stamp(), "call", station.started.transaction_id))
    station.now_ms += 9_000
    reported(station)
    assert raised(station) == []

    station.now_ms += 1_000
    reported(station)
    assert raised(station) == [(1, "ChargingStopFailed")]
    assert station.status == "Faulted"

    reported(station, contactor_closed=False)
    assert cleared(station) == [(1, "ChargingStopFailed")]


def test_a_stuck_contactor_is_one_fault_not_two() -> None:
    station = charging()
    reported(station, faults=frozenset({"ContactorFailedToOpen"}))
    station.now_ms += 60_000
    reported(station, faults=frozenset({"ContactorFailedToOpen"}))

    assert raised(station) == [(1, "ContactorFailedToOpen")]


def test_the_record_of_a_stuck_contactor_ends_with_the_next_reading() -> None:
    """The mirror contact says closed; nobody knows when it will open. What flowed is billed."""
    for fault in ("ContactorFailedToOpen", "ContactorWelded"):
        station = charging()
        reported(station, faults=frozenset({fault}))
        station.now_ms += 50
        now = station.stamp()
        station.feed(ev.MeterSampled(now, 1, ev.MeterReading(now, station.import_mwh // 100)))

        assert station.ended.fault == fault
        assert station.ended.import_end_dwh == station.import_mwh // 100


def test_a_backend_that_is_gone_for_long_is_a_warning_that_stops_nothing() -> None:
    station = charging()
    station.feed(ev.LinkClosed(station.stamp(), "no route"))
    station.run(minutes=4.9)
    assert raised(station) == []

    station.run(minutes=0.2)
    assert raised(station) == [(0, "BackendUnreachable")]
    assert station.closed
    assert station.status == "Occupied"

    station.feed(ev.LinkOpened(station.stamp(), "ocpp2.1"))
    assert cleared(station) == [(0, "BackendUnreachable")]


def test_a_backend_that_comes_and_goes_is_no_fault_and_a_restart_forgets_none() -> None:
    station = charging()
    for _ in range(5):
        station.feed(ev.LinkClosed(station.stamp(), "no route"))
        station.run(minutes=4)
        station.feed(ev.LinkOpened(station.stamp(), "ocpp2.1"))
    assert raised(station) == []

    station.feed(ev.LinkClosed(station.stamp(), "no route"))
    station.run(minutes=6)
    station.state = restore(station.settings, station.entries)
    station._report()
    assert cleared(station) == []
    assert station.state.faults == {"BackendUnreachable"}


def cycles(station: VirtualStation) -> int:
    return station.state.evses[0].contactor.cycles


def test_closings_are_counted_over_restarts_of_agent_and_interlock() -> None:
    station = VirtualStation()
    for closings in (1, 2, 2, 3):
        reported(station, closings=closings)
    assert cycles(station) == 3

    station.state = restore(station.settings, station.entries)
    station._report()  # the interlock has been started again: it counts from nothing
    reported(station, closings=1)
    assert cycles(station) == 4

    station.state = restore(station.settings, station.entries)
    for closings in (1, 3):  # it went on while the agent was away
        station.feed(
            ev.InterlockReported(station.stamp(), 1, "A", False, "locked", 0, frozenset(), closings=closings)
        )
    assert cycles(station) == 6


def test_a_count_is_stored_when_it_changes_and_only_then() -> None:
    station = VirtualStation()
    for _ in range(3):
        reported(station, closings=1)
    assert len(station.of(ContactorCycled)) == 1


def test_a_driver_is_told_why_it_is_slow_and_why_it_does_not_begin() -> None:
    station = charging()
    reported(station, notes=frozenset({"TemperatureDerating", "CableLimit"}))
    assert station.view.note == "TemperatureDerating"

    reported(station, contactor_closed=False, pilot="D", notes=frozenset({"VentilationMissing"}))
    assert station.view.note == "VentilationMissing"

    reported(station, contactor_closed=False, pilot="B", notes=frozenset({"WakingVehicle"}))
    assert station.view.note == "WakingVehicle"

    reported(station, notes=frozenset())
    assert station.view.note is None
