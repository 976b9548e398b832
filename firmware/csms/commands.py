"""Calls of the backend → events for the core, or answers. Nothing here waits: the core answers by effects."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from firmware.core.effects import AnswerCall, AnswerStart
from firmware.core.events import (
    ClearRequested,
    Event,
    SettingChanged,
    StartRequested,
    StopRequested,
    TariffsCleared,
    TariffSet,
    WebPaymentStarted,
)
from firmware.core.tariff_type import TariffError, parse
from firmware.core.units import Stamp
from firmware.csms.device_model import DeviceModel, Key
from firmware.csms.messages import (
    CallError,
    Message,
    Outbox,
    OutboxError,
    Reply,
    StationState,
    status_answer,
    status_info,
)
from firmware.csms.rpc import CallReceived, Payload
from firmware.csms.variable_calls import SetVariables, base_report, get_variables

log = logging.getLogger(__name__)

_MAX_WAITING = 64
_LONGEST_PAYMENT_S = 86_400


class FollowUps(Protocol):
    """What a call can make the station say of itself, after the answer."""

    registered: bool

    def say(self, message: Message) -> None:
        """Send this as soon as it is its turn."""

    def repeat_status(self, evse: int | None) -> bool:
        """Send the newest status of an EVSE, or of all, again; False when none is known."""

    def register(self) -> None:
        """Send BootNotification now instead of after the retry interval."""


@dataclass(frozen=True)
class Desk:
    """What the handlers work with. ``state`` is None where nothing but the calls is known."""

    post: Callable[[Event], None]
    stamp: Callable[[], Stamp]
    settings: DeviceModel
    outbox: Outbox
    evse_ids: tuple[int, ...]
    state: StationState | None


class Commands:
    """Takes the calls of one version; an action without a handler is answered NotImplemented."""

    def __init__(self, desk: Desk, follow_ups: FollowUps) -> None:
        self._desk = desk
        self._follow_ups = follow_ups
        self._waiting: dict[str, Callable[[Any], None]] = {}
        self._numbers = count(1)
        self._handlers: dict[str, Callable[[Payload, Reply], None]] = {
            "ClearTariffs": self._clear_tariffs,
            "DataTransfer": self._data_transfer,
            "GetBaseReport": self._get_base_report,
            "GetTariffs": self._get_tariffs,
            "GetTransactionStatus": self._get_transaction_status,
            "GetVariables": self._get_variables,
            "NotifyWebPaymentStarted": self._web_payment_started,
            "RequestStartTransaction": self._request_start,
            "RequestStopTransaction": self._request_stop,
            "Reset": self._reset,
            "SetDefaultTariff": self._set_default_tariff,
            "SetVariables": self._set_variables,
            "TriggerMessage": self._trigger_message,
        }

    def handle(self, call: CallReceived, actions: frozenset[str], reply: Reply) -> None:
        """Answer a call, now or when the core has decided. ``actions`` are those of the version spoken."""
        handler = self._handlers.get(call.action) if call.action in actions else None
        if handler is None:
            reply(CallError("NotImplemented", f"{call.action} is not implemented"))
        elif len(self._waiting) >= _MAX_WAITING:
            reply(CallError("InternalError", f"{_MAX_WAITING} calls wait for their answer already"))
        else:
            handler(call.payload, reply)

    def finish(self, effect: AnswerStart | AnswerCall) -> None:
        """Give the core's answer to the call it belongs to; one whose connection is gone goes nowhere."""
        finish = self._waiting.pop(effect.call, None)
        if finish is None:
            log.info("csms.answer_too_late", extra={"call": effect.call})
        else:
            finish(effect)

    def forget(self) -> None:
        """The connection is gone: nobody waits for the answers that are still due."""
        self._waiting.clear()

    def _wait(self, finish: Callable[[Any], None]) -> str:
        call = f"call-{next(self._numbers)}"
        self._waiting[call] = finish
        return call

    # -- transactions

    def _request_start(self, payload: Payload, reply: Reply) -> None:
        evse = payload.get("evseId")
        if not self._follow_ups.registered:
            reply(status_answer("Rejected", "NotEnabled", "the backend has not accepted this station yet"))
        elif evse is not None and evse not in self._desk.evse_ids:
            reply(status_answer("Rejected", "UnknownEvse", f"this station has no EVSE {evse}"))
        else:
            token = payload["idToken"]
            call = self._wait(lambda answer: reply(_start_answer(answer)))
            started = StartRequested(
                self._desk.stamp(), call, evse, payload["remoteStartId"], token["idToken"], token["type"]
            )
            self._desk.post(started)

    def _request_stop(self, payload: Payload, reply: Reply) -> None:
        call = self._wait(lambda answer: reply(_plain_answer(answer)))
        self._desk.post(StopRequested(self._desk.stamp(), call, payload["transactionId"]))

    def _get_transaction_status(self, payload: Payload, reply: Reply) -> None:
        """The outbox is in order, so any waiting entry may belong to the transaction asked for."""
        answer: dict[str, Any] = {"messagesInQueue": self._has_messages()}
        transaction_id = payload.get("transactionId")
        if transaction_id is not None and self._desk.state is not None:
            answer["ongoingIndicator"] = self._desk.state.is_ongoing(transaction_id)
        reply(answer)

    def _has_messages(self) -> bool:
        try:
            return self._desk.outbox.next_unacknowledged() is not None
        except OutboxError:
            return True  # what cannot be read cannot be known to be empty

    def _web_payment_started(self, payload: Payload, reply: Reply) -> None:
        evse, timeout_s = payload["evseId"], payload["timeout"]
        if evse not in self._desk.evse_ids:
            reply(CallError("PropertyConstraintViolation", f"evseId: this station has no EVSE {evse}"))
        elif timeout_s < 0:
            reply(CallError("PropertyConstraintViolation", "timeout: must be at least 0"))
        else:
            self._desk.post(WebPaymentStarted(self._desk.stamp(), evse, min(timeout_s, _LONGEST_PAYMENT_S)))
            reply({})

    # -- tariffs

    def _set_default_tariff(self, payload: Payload, reply: Reply) -> None:
        evse = payload["evseId"]
        if evse not in (0, *self._desk.evse_ids):
            reply(status_answer("Rejected", "UnknownEvse", f"this station has no EVSE {evse}"))
            return
        try:
            tariff = parse(payload["tariff"])
        except TariffError as error:
            reply(status_answer(error.status, "InvalidTariff", str(error)))
            return
        call = self._wait(lambda answer: reply(_plain_answer(answer)))
        self._desk.post(TariffSet(self._desk.stamp(), call, evse, tariff))

    def _clear_tariffs(self, payload: Payload, reply: Reply) -> None:
        tariff_ids = tuple(payload.get("tariffIds", ()))
        call = self._wait(lambda answer: reply(_cleared_answer(answer, tariff_ids)))
        evse = payload.get("evseId")
        self._desk.post(TariffsCleared(self._desk.stamp(), call, evse, tariff_ids))

    def _get_tariffs(self, payload: Payload, reply: Reply) -> None:
        evse = payload["evseId"]
        if self._desk.state is None or evse not in (0, *self._desk.evse_ids):
            reply(status_answer("Rejected", "UnknownEvse", f"this station has no EVSE {evse}"))
            return
        assigned: dict[str, list[int]] = {}
        for number, tariff in self._desk.state.default_tariffs().items():
            if evse in (0, number):
                assigned.setdefault(tariff.tariff_id, []).append(number)
        reply(_tariffs_answer(assigned))

    # -- device model

    def _get_variables(self, payload: Payload, reply: Reply) -> None:
        reply(get_variables(self._desk.settings, payload))

    def _set_variables(self, payload: Payload, reply: Reply) -> None:
        SetVariables(self._desk.settings, payload, reply).begin(self._ask_for_setting)

    def _ask_for_setting(self, key: Key, value: str, finish: Callable[[AnswerCall], None]) -> None:
        call = self._wait(finish)
        self._desk.post(SettingChanged(self._desk.stamp(), call, key.component, key.variable, value))

    def _get_base_report(self, payload: Payload, reply: Reply) -> None:
        answer, messages = base_report(self._desk.settings, payload, self._desk.stamp().utc_ms)
        reply(answer)
        for message in messages:
            self._follow_ups.say(message)

    # -- the rest

    def _reset(self, payload: Payload, reply: Reply) -> None:
        """Reset of one EVSE clears the latched faults that a backend may clear (OCPP 2.1, B11 and B12).

        Nothing else of an EVSE keeps what a reset could end: it decides from facts.
        """
        evse = payload.get("evseId")
        if evse is None:
            reply(
                status_answer(
                    "Rejected", "UnsupportedRequest", "name an EVSE: the station is not reset remotely"
                )
            )
        elif evse not in self._desk.evse_ids:
            reply(status_answer("Rejected", "UnknownEvse", f"this station has no EVSE {evse}"))
        else:
            call = self._wait(lambda answer: reply(_plain_answer(answer)))
            self._desk.post(ClearRequested(self._desk.stamp(), call, evse, "backend"))

    def _trigger_message(self, payload: Payload, reply: Reply) -> None:
        evse = payload.get("evse", {}).get("id")
        match payload["requestedMessage"]:
            case "BootNotification" if self._follow_ups.registered:
                reply(status_answer("Rejected", "NotNeeded", "the backend has accepted this station"))
            case "BootNotification":
                reply(status_answer("Accepted"))
                self._follow_ups.register()
            case "Heartbeat":
                reply(status_answer("Accepted"))
                self._follow_ups.say(Message("Heartbeat", {}))
            case "StatusNotification":
                known = self._follow_ups.repeat_status(evse)
                reply(status_answer("Accepted") if known else status_answer("Rejected", "UnknownEvse"))
            case _:
                reply(status_answer("NotImplemented"))

    def _data_transfer(self, payload: Payload, reply: Reply) -> None:
        reply({"status": "UnknownVendorId"})


def _start_answer(answer: AnswerStart) -> dict[str, Any]:
    if answer.accepted:
        return {"status": "Accepted", "transactionId": answer.transaction_id}
    return status_answer("Rejected", answer.reason_code, answer.why)


def _plain_answer(answer: AnswerCall) -> dict[str, Any]:
    return status_answer(answer.status, answer.reason_code, answer.why)


def _cleared_answer(answer: AnswerCall, tariff_ids: tuple[str, ...]) -> dict[str, Any]:
    outcome = {"status": answer.status} | status_info("statusInfo", answer.reason_code, answer.why)
    results = [{"tariffId": tariff_id} | outcome for tariff_id in tariff_ids]
    return {"clearTariffsResult": results or [outcome]}


def _tariffs_answer(assigned: Mapping[str, list[int]]) -> dict[str, Any]:
    if not assigned:
        return status_answer("NoTariff")
    assignments = [
        {"tariffId": tariff_id, "tariffKind": "DefaultTariff", "evseIds": evse_ids}
        for tariff_id, evse_ids in assigned.items()
    ]
    return {"status": "Accepted", "tariffAssignments": assignments}
