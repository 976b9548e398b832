"""Calls about the device model: GetVariables, SetVariables, GetBaseReport (OCPP 2.1 part 2, block B)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from firmware.core.effects import AnswerCall
from firmware.csms.device_model import DeviceModel, Key, Refusal, Variable, from_payload, split_instance
from firmware.csms.messages import Answer, CallError, Message, Reply, status_answer, status_info
from firmware.csms.quantities import timestamp

_ITEMS_PER_REPORT = 20
_AVAILABILITY = frozenset({"AvailabilityState", "Available", "Problem"})


def get_variables(settings: DeviceModel, payload: Mapping[str, Any]) -> Answer:
    """Return GetVariablesResponse."""
    items = payload["getVariableData"]
    too_many = _too_many(settings, "GetVariables", len(items))
    if too_many:
        return too_many
    return {"getVariableResult": [_read(settings, item) for item in items]}


def _read(settings: DeviceModel, item: Mapping[str, Any]) -> dict[str, Any]:
    read = settings.read(from_payload(item), item.get("attributeType", "Actual"))
    if isinstance(read, Refusal):
        outcome = {"attributeStatus": read.status}
        return _addressed(item) | outcome | status_info("attributeStatusInfo", read.reason_code, read.why)
    return _addressed(item) | {"attributeStatus": "Accepted", "attributeValue": read}


class SetVariables:
    """One SetVariables call: the core is asked about each item that fits, the answer waits for them all."""

    def __init__(self, settings: DeviceModel, payload: Mapping[str, Any], reply: Reply) -> None:
        self._settings = settings
        self._items = payload["setVariableData"]
        self._reply = reply
        self._results: list[dict[str, Any] | None] = [None] * len(self._items)

    def begin(self, ask: Callable[[Key, str, Callable[[AnswerCall], None]], None]) -> None:
        """Check every item and ``ask`` the core about those that fit, with what to do with its answer."""
        too_many = _too_many(self._settings, "SetVariables", len(self._items))
        if too_many:
            self._reply(too_many)
            return
        for index, item in enumerate(self._items):
            key, value = from_payload(item), item["attributeValue"]
            refusal = self._settings.refusal(key, value, item.get("attributeType", "Actual"))
            if refusal:
                self._settle(index, refusal.status, refusal.reason_code, refusal.why)
            else:
                ask(key, value, lambda answer, index=index: self._answered(index, answer))  # type: ignore[misc]

    def _answered(self, index: int, answer: AnswerCall) -> None:
        item = self._items[index]
        if answer.status == "Accepted":
            self._settings.put(*from_payload(item)[:2], item["attributeValue"])
        self._settle(index, answer.status, answer.reason_code, answer.why)

    def _settle(self, index: int, status: str, reason_code: str, why: str) -> None:
        outcome = {"attributeStatus": status} | status_info("attributeStatusInfo", reason_code, why)
        self._results[index] = _addressed(self._items[index]) | outcome
        if all(self._results):
            self._reply({"setVariableResult": self._results})


def base_report(
    settings: DeviceModel, payload: Mapping[str, Any], utc_ms: int
) -> tuple[Answer, list[Message]]:
    """Return GetBaseReportResponse and the NotifyReport messages that follow it."""
    rows = list(_reported(settings, payload["reportBase"]))
    if not rows:
        return status_answer("EmptyResultSet"), []
    parts = [rows[at : at + _ITEMS_PER_REPORT] for at in range(0, len(rows), _ITEMS_PER_REPORT)]
    messages = [
        Message(
            "NotifyReport",
            {
                "requestId": payload["requestId"],
                "generatedAt": timestamp(utc_ms),
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "reportData": part,
            },
        )
        for number, part in enumerate(parts)
    ]
    return status_answer("Accepted"), messages


def _reported(settings: DeviceModel, base: str) -> Iterator[dict[str, Any]]:
    for variable, value in settings.report(settable_only=base == "ConfigurationInventory"):
        if base != "SummaryInventory" or variable.name in _AVAILABILITY:
            yield _report_row(variable, value)


def _report_row(variable: Variable, value: str | None) -> dict[str, Any]:
    name, instance = split_instance(variable.name)
    attribute = {"type": "Actual", "mutability": variable.mutability, "persistent": True}
    characteristics: dict[str, Any] = {"dataType": variable.type, "supportsMonitoring": False}
    if variable.unit:
        characteristics["unit"] = variable.unit
    if variable.minimum is not None:
        characteristics["minLimit"] = variable.minimum
    if variable.maximum is not None:
        characteristics["maxLimit"] = variable.maximum
    if variable.choices:
        characteristics["valuesList"] = ",".join(variable.choices)
    return {
        "component": {"name": variable.component}
        | ({"evse": {"id": variable.evse}} if variable.evse else {}),
        "variable": {"name": name} | ({"instance": instance} if instance else {}),
        "variableAttribute": [attribute | ({} if value is None else {"value": value})],
        "variableCharacteristics": characteristics,
    }


def _addressed(item: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("component", "variable", "attributeType")
    return {name: item[name] for name in wanted if name in item}


def _too_many(settings: DeviceModel, action: str, items: int) -> CallError | None:
    limit = settings.integer("DeviceDataCtrlr", f"ItemsPerMessage[{action}]")
    if items <= limit:
        return None
    return CallError("OccurrenceConstraintViolation", f"{items} items, at most {limit} in one {action}")
