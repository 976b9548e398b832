"""What the station sends: in order, once, and again under the same id when a connection breaks."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.effects import ReportStatus
from firmware.core.events import Limit, LinkClosed, LinkOpened, TransactionAnswered
from firmware.csms.messages import OutboxError
from tests.csms.bench import Backend, Drop, Refuse, Silence, bench, scene
from tests.csms.samples import (
    CHARGING,
    ENDED,
    LIMIT,
    PLUGGED,
    RELEASED,
    STARTED,
    STOPPED,
    TX,
    ListOutbox,
    usage,
)

CHARGE = (STARTED, LIMIT, PLUGGED, usage("B", 3), CHARGING, usage("C", 5), usage("E", 66), ENDED)


def sequence(backend: Backend) -> list[int]:
    return [payload["seqNo"] for payload in backend.payloads("TransactionEvent")]


@scene
async def test_a_whole_charge_goes_out_in_order_after_boot_and_status() -> None:
    async with bench() as here:
        here.client.report_status(ReportStatus(1, "Available"))
        await here.online()
        here.outbox.put(*CHARGE, STOPPED, RELEASED)
        here.client.wake()
        await here.until(lambda: len(here.outbox.acknowledged) == 10)
        assert here.backend.actions() == [
            "BootNotification", "StatusNotification", *["TransactionEvent"] * 7, "NotifyEvent", "NotifyEvent",
        ]  # fmt: skip
        assert sequence(here.backend) == [0, 1, 2, 3, 4, 5, 66]
        assert here.outbox.acknowledged == list(range(1, 11))


@scene
async def test_what_is_under_way_at_a_break_goes_again_under_the_same_id() -> None:
    breaks = iter([False, True, False, True, True])

    def cut(payload: dict[str, Any]) -> dict[str, Any]:
        if next(breaks, False):
            raise Drop
        return {}

    async with bench({"TransactionEvent": cut}, entries=CHARGE) as here:
        await here.until(lambda: len(here.outbox.acknowledged) == len(CHARGE))
        heard = [
            (mid, payload) for mid, action, payload in here.backend.heard if action == "TransactionEvent"
        ]
        assert [mid for mid, _ in heard] == [
            "m-1",
            "m-2",
            "m-2",
            "m-3",
            "m-3",
            "m-3",
            "m-4",
            "m-5",
            "m-6",
            "m-8",
        ]
        assert len({repr(payload) for _, payload in heard}) == 7, "a resend differs from the first"
        assert here.backend.actions().count("BootNotification") == 4


@scene
async def test_no_answer_means_again_then_a_fresh_connection_never_the_next_record() -> None:
    silent = iter([True, True, True])

    def answer(payload: dict[str, Any]) -> dict[str, Any]:
        if next(silent, False):
            raise Silence
        return {}

    async with bench({"TransactionEvent": answer}, entries=(STARTED, PLUGGED), call_timeout_s=0.1) as here:
        await here.until(lambda: len(here.outbox.acknowledged) == 2)
        ids = [mid for mid, action, _ in here.backend.heard if action == "TransactionEvent"]
        assert ids == ["m-1", "m-1", "m-1", "m-1", "m-2"]
        assert len(here.backend.connections) == 2


@scene
async def test_a_refused_record_is_set_aside_and_the_others_pass() -> None:
    def refuse_the_first(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["seqNo"] == 0:
            raise Refuse("PropertyConstraintViolation")
        return {}

    async with bench({"TransactionEvent": refuse_the_first}, entries=(STARTED, PLUGGED)) as here:
        await here.until(lambda: here.outbox.acknowledged == [2])
        assert here.outbox.parked == [(1, "PropertyConstraintViolation: scripted")]
        answered = await here.event(TransactionAnswered)
        assert (answered.transaction_id, answered.token_accepted) == (TX, False)


@scene
async def test_an_internal_error_is_given_its_attempts_first() -> None:
    def broken(payload: dict[str, Any]) -> dict[str, Any]:
        raise Refuse("InternalError")

    async with bench({"TransactionEvent": broken}, entries=(usage(),)) as here:
        await here.until(lambda: bool(here.outbox.parked))
        assert [mid for mid, action, _ in here.backend.heard if action == "TransactionEvent"] == ["m-1"] * 3
        assert here.waits == [10, 20]


@scene
async def test_a_backend_that_recovers_loses_nothing() -> None:
    fails = iter([True, True])

    def hiccup(payload: dict[str, Any]) -> dict[str, Any]:
        if next(fails, False):
            raise Refuse("GenericError")
        return {}

    async with bench({"TransactionEvent": hiccup}, entries=(usage(),)) as here:
        await here.until(lambda: here.outbox.acknowledged == [1])
        assert not here.outbox.parked


@scene
async def test_the_limit_and_the_settled_sum_reach_the_core() -> None:
    answers: Iterator[dict[str, Any]] = iter(
        [{"transactionLimit": {"maxCost": 10, "maxTime": 3600}}, {"totalCost": 15.0}]
    )
    async with bench({"TransactionEvent": lambda _: next(answers)}, entries=(STARTED, ENDED)) as here:
        started = await here.event(TransactionAnswered, 1)
        ended = await here.event(TransactionAnswered, 2)
        assert started.limit == Limit(cost_e4=100_000, time_ms=3_600_000)
        assert (ended.seq_no, ended.total_cost_e4) == (66, 150_000)


@scene
async def test_a_start_whose_limit_cannot_be_read_does_not_run_without_one() -> None:
    answer = {"transactionLimit": {"maxCost": "ten"}}
    async with bench({"TransactionEvent": lambda _: answer}, entries=(STARTED,)) as here:
        answered = await here.event(TransactionAnswered)
        assert (answered.limit, answered.token_accepted) == (None, False)
        assert here.outbox.acknowledged == [1], "the backend has the message"
        await here.until(
            lambda: [frame[:3] for frame in here.backend.raw] == [[5, "m-1", "TypeConstraintViolation"]]
        )


@scene
async def test_a_record_that_does_not_fit_the_schema_is_set_aside_unsent() -> None:
    too_long = replace(STARTED, transaction_id="x" * 37)
    async with bench(entries=(too_long, PLUGGED)) as here:
        await here.until(lambda: here.outbox.acknowledged == [2])
        (seq, why), = here.outbox.parked  # fmt: skip
        assert seq == 1 and "transactionInfo.transactionId" in why
        assert sequence(here.backend) == [2]


@scene
async def test_pending_waits_the_interval_and_sends_nothing_else() -> None:
    answers = iter(["Rejected", "Pending", "Accepted"])

    def boot(payload: dict[str, Any]) -> dict[str, Any]:
        return {"currentTime": "2026-06-01T02:00:00Z", "interval": 1, "status": next(answers)}

    async with bench({"BootNotification": boot}, entries=(STARTED,)) as here:
        here.client.report_status(ReportStatus(1, "Available"))
        await here.until(lambda: len(here.backend.payloads("BootNotification")) == 1)
        refused = await here.backend.call(
            "RequestStartTransaction",
            {"remoteStartId": 1, "idToken": {"idToken": "p", "type": "DirectPayment"}},
        )
        assert (refused[2]["status"], refused[2]["statusInfo"]["reasonCode"]) == ("Rejected", "NotEnabled")
        asked = await here.backend.call("TriggerMessage", {"requestedMessage": "BootNotification"}, "c2")
        assert asked[2] == {"status": "Accepted"}
        await here.until(lambda: here.outbox.acknowledged == [1])
        assert here.backend.actions() == [*["BootNotification"] * 3, "StatusNotification", "TransactionEvent"]
        assert sum(isinstance(event, LinkOpened) for event in here.events) == 1


@scene
async def test_a_date_that_fails_to_parse_does_not_stop_the_boot() -> None:
    boot = {"currentTime": "the first of June", "interval": 300, "status": "Accepted"}
    async with bench({"BootNotification": lambda _: boot}) as here:
        await here.online()


@scene
async def test_an_idle_station_sends_heartbeats_at_the_backends_interval() -> None:
    boot = {"currentTime": "2026-06-01T02:00:00Z", "interval": 1, "status": "Accepted"}
    async with bench({"BootNotification": lambda _: boot}) as here:
        await here.until(lambda: "Heartbeat" in here.backend.actions())
        assert here.settings.value("OCPPCommCtrlr", "HeartbeatInterval") == "1"


@scene
async def test_status_is_told_on_change_and_again_after_a_reconnect() -> None:
    async with bench() as here:
        await here.online()
        for status in ("Available", "Available", "Occupied"):
            here.client.report_status(ReportStatus(1, status))
            await asyncio.sleep(0)
        await here.until(lambda: len(here.backend.payloads("StatusNotification")) >= 1)
        await here.until(
            lambda: here.backend.payloads("StatusNotification")[-1]["connectorStatus"] == "Occupied"
        )
        await here.backend.connections[-1].close()
        await here.event(LinkOpened, 2)
        told = len(here.backend.payloads("StatusNotification"))
        await here.until(lambda: len(here.backend.payloads("StatusNotification")) > told)
        assert here.backend.payloads("StatusNotification")[-1]["connectorStatus"] == "Occupied"
        assert isinstance(await here.event(LinkClosed), LinkClosed)


@scene
async def test_a_full_disk_holds_the_records_and_doubles_none() -> None:
    async with bench() as here:
        await here.online()
        refusals = iter([OutboxError("the disk is full")] * 3)

        def acknowledge(seq: int) -> None:
            for refusal in refusals:
                raise refusal
            ListOutbox.acknowledge(here.outbox, seq)

        here.outbox.acknowledge = acknowledge  # type: ignore[method-assign]
        here.outbox.put(usage(seq_no=5), usage(seq_no=6))
        here.client.wake()
        await here.until(lambda: here.outbox.acknowledged == [1, 2])
        assert sequence(here.backend) == [5, 6]


def test_trouble_with_the_backend_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def script() -> None:
        boot = {"currentTime": "2026-06-01T02:00:00Z", "interval": 1, "status": "Rejected"}
        async with bench({"BootNotification": lambda _: boot}) as here:
            for number in range(4):
                await here.until(lambda n=number: len(here.backend.payloads("BootNotification")) > n)  # type: ignore[misc]
                await here.backend.call(
                    "TriggerMessage", {"requestedMessage": "BootNotification"}, f"t{number}"
                )

    with caplog.at_level(logging.INFO, logger="firmware.csms"):
        asyncio.run(script())
    assert [record.message for record in caplog.records] == ["csms.held_up"]
