"""The books: each transaction as its messages tell it, each record once, and the settlement at the end.

Nothing is rolled back: what comes twice is answered as the first time, what comes too late or in the wrong
order is kept, and is an alarm.
"""

import base64
import binascii
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sim.csms import wording
from sim.csms.alarms import Alarm, AlarmList
from sim.csms.meter_seals import MeterKeys, is_sealed_by_meter
from sim.csms.payments import PayDesk, Payment
from sim.csms.pricing import Tariff
from sim.csms.transaction import Receipt, Transaction
from sim.csms.verify import Checked, Stream

Answer = dict[str, Any]
"""What a TransactionEventResponse says, with the field names of `ocpp`'s call_result."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A message that was taken: a hash of its content, and how it was answered."""

    digest: str
    answer: Answer


@dataclass(slots=True)
class Books:
    """All transactions and record streams of this backend. ``now`` gives billing time as ISO 8601."""

    desk: PayDesk
    alarms: AlarmList
    symbol: str
    now: Callable[[], str]
    tariffs: dict[str, Tariff] = field(default_factory=dict)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    streams: dict[str, Stream] = field(default_factory=dict)
    meter_keys: MeterKeys = field(default_factory=MeterKeys)
    accepted_tokens: set[str] = field(default_factory=set)
    _by_message: dict[tuple[str, str], Answered] = field(default_factory=dict)
    _by_number: dict[tuple[str, int], Answered] = field(default_factory=dict)

    def take(self, station: str, message_id: str, event: Mapping[str, Any], received_ns: int) -> Answer:
        """Book one TransactionEvent (camelCase, numbers as int or Decimal) and return its answer.

        ``received_ns`` is CLOCK_MONOTONIC when its frame came in.
        """
        digest = _digest_of(event)
        transaction = self._transaction_of(station, event)
        known = self._by_message.get((station, message_id)) or self._by_number.get(
            (transaction.id, event["seqNo"])
        )
        if known is not None:
            if known.digest != digest:
                self._alarm(transaction, f"doubled: event {event['seqNo']} came again with another content")
            return known.answer
        answered = Answered(digest, self._book(transaction, event, received_ns))
        self._by_message[station, message_id] = answered
        self._by_number[transaction.id, event["seqNo"]] = answered
        return answered.answer

    def take_meter_seal(self, station: str, data: Mapping[str, Any]) -> bool:
        """Keep what a meter signed too late for its transaction's end; False for an unknown transaction."""
        transaction = self.transactions.get(data["transactionId"])
        if transaction is None or transaction.station != station:
            return False
        self._keep_meter_seal(transaction, data["when"], data["signedMeterValue"])
        return True

    def open_on(self, station: str, evse: int) -> Transaction | None:
        """Return the transaction that is under way on an EVSE, None if it is free."""
        for transaction in self.transactions.values():
            if (transaction.station, transaction.evse) == (station, evse) and transaction.receipt is None:
                return transaction
        return None

    def stream(self, station: str) -> Stream:
        return self.streams.setdefault(station, Stream(station))

    def _transaction_of(self, station: str, event: Mapping[str, Any]) -> Transaction:
        info = event["transactionInfo"]
        transaction = self.transactions.get(info["transactionId"])
        if transaction is None:
            transaction = Transaction(
                id=info["transactionId"],
                station=station,
                evse=event.get("evse", {}).get("id", 1),
                payment=self.desk.payments.get(event.get("idToken", {}).get("idToken", "")),
                started_at=event["timestamp"],
            )
            self.transactions[transaction.id] = transaction
            if event["eventType"] != "Started":
                self._object(transaction, "order: the transaction did not begin with Started")
        return transaction

    def _book(self, transaction: Transaction, event: Mapping[str, Any], received_ns: int) -> Answer:
        if transaction.receipt is not None:
            self._alarm(transaction, f"order: event {event['seqNo']} came after the end")
            return {}
        self._check_number(transaction, event["seqNo"])
        for checked in self._records_in(transaction.station, event):
            for problem in transaction.book(checked, self.tariffs):
                self._alarm(transaction, problem)
        self._keep_meter_seals(transaction, event)
        self._note_state(transaction, event)
        if event["eventType"] == "Ended":
            self._close(transaction, event, received_ns)
        return self._answer(transaction, event)

    def _check_number(self, transaction: Transaction, number: int) -> None:
        newest = transaction.newest_event
        if number < newest:
            self._object(transaction, f"order: event {number} came after event {newest}")
        elif number > newest + 1:
            self._object(transaction, f"missing: event {newest} is followed by event {number}")
        transaction.newest_event = max(newest, number)

    def _records_in(self, station: str, event: Mapping[str, Any]) -> Iterator[Checked]:
        for sampled in _sampled_values(event):
            signed = sampled.get("signedMeterValue")
            if signed is None or is_sealed_by_meter(sampled):
                continue
            try:
                text = base64.b64decode(signed["signedMeterData"], validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                yield Checked(None, (f"unreadable: signedMeterData is not text in base64: {error}",))
                continue
            yield self.stream(station).take(text, signed.get("publicKey", ""))

    def _keep_meter_seals(self, transaction: Transaction, event: Mapping[str, Any]) -> None:
        for sampled in _sampled_values(event):
            if is_sealed_by_meter(sampled) and "signedMeterValue" in sampled:
                self._keep_meter_seal(transaction, sampled["context"], sampled["signedMeterValue"])

    def _keep_meter_seal(self, transaction: Transaction, context: str, signed: Mapping[str, Any]) -> None:
        seal = self.meter_keys.check(transaction.station, transaction.evse, context, signed)
        for problem in transaction.keep(seal):
            self._alarm(transaction, problem)

    def _note_state(self, transaction: Transaction, event: Mapping[str, Any]) -> None:
        info = event["transactionInfo"]
        transaction.phase = info.get("chargingState", transaction.phase)
        for sampled in _sampled_values(event):
            if sampled.get("measurand") == "Power.Active.Import" and "phase" not in sampled:
                transaction.power_w = _in_base_unit(sampled)
        payment = transaction.payment
        if payment is not None:
            payment.transaction = transaction.id
            if "transactionLimit" in info:
                self._note_limit(transaction, payment, info["transactionLimit"])

    def _note_limit(self, transaction: Transaction, payment: Payment, limit: Mapping[str, Any]) -> None:
        transaction.limit_accepted = True
        accepted = {name: Decimal(value) for name, value in limit.items() if name.startswith("max")}
        paid = {name: Decimal(str(value)) for name, value in payment.limit.items()}
        if accepted != paid:
            self._object(
                transaction, f"limit: the station accepted {limit}, the driver chose {payment.limit}"
            )

    def _close(self, transaction: Transaction, event: Mapping[str, Any], received_ns: int) -> None:
        for problem in transaction.close_problems(event.get("costDetails")):
            self._alarm(transaction, problem)
        transaction.phase, transaction.power_w = "Ended", None
        transaction.stopped_reason = event["transactionInfo"].get("stoppedReason", "Local")
        transaction.end_trigger = event["triggerReason"]
        transaction.ended_at = event["timestamp"]
        bill = transaction.bill
        transaction.receipt = Receipt(
            energy_dwh=transaction.energy_dwh,
            total_minor=bill.total_minor if bill else 0,
            currency=bill.tariff.currency if bill else next(iter(self.tariffs.values())).currency,
            minutes=sum(minute.is_counted for minute in transaction.minutes),
            settled=not transaction.problems,
            verified=transaction.seals_good,
            problems=tuple(transaction.problems),
            cost_details=event.get("costDetails"),
            ended_received_ns=received_ns,
            settled_ns=time.monotonic_ns(),
        )
        if transaction.problems:
            self._alarm(transaction, f"not-settled: {transaction.problems[0]}")

    def _answer(self, transaction: Transaction, event: Mapping[str, Any]) -> Answer:
        answer: Answer = {}
        payment, receipt = transaction.payment, transaction.receipt
        if "idToken" in event:
            known = payment is not None or event["idToken"]["idToken"] in self.accepted_tokens
            answer["id_token_info"] = {"status": "Accepted" if known else "Invalid"}
        if payment is not None and receipt is None and not transaction.limit_accepted:
            answer["transaction_limit"] = dict(payment.limit)
        if receipt is not None and receipt.settled:
            answer["total_cost"] = float(Decimal(receipt.total_minor) / 100)
            english, chinese = (
                {"format": "UTF8", "language": language, "content": self.charged(receipt, language)}
                for language in ("en", "zh")
            )
            answer["updated_personal_message"] = english
            answer["updated_personal_message_extra"] = [chinese]
        return answer

    def charged(self, receipt: Receipt, language: str) -> str:
        """Return the sentence that tells the driver what was charged."""
        return wording.text("charged", language, amount=wording.amount(receipt.total_minor, self.symbol))

    def _object(self, transaction: Transaction, problem: str) -> None:
        transaction.object_to(problem)
        self._alarm(transaction, problem)

    def _alarm(self, transaction: Transaction, problem: str) -> None:
        self.alarms.add(
            Alarm(
                at=self.now(),
                station=transaction.station,
                code=problem.partition(":")[0],
                text=problem,
                fault="NotSettled" if problem.startswith("not-settled") else "Unverified",
                evse=transaction.evse,
                transaction=transaction.id,
            )
        )


def _digest_of(event: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(event, sort_keys=True, default=str).encode()).hexdigest()


def _sampled_values(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for meter_value in event.get("meterValue", ()):
        yield from meter_value["sampledValue"]


def _in_base_unit(sampled: Mapping[str, Any]) -> float | None:
    """Return a sampled power in watts, None for what is no number (NaN passes OCPP's schemas)."""
    unit = sampled.get("unitOfMeasure", {})
    factor: int = 1000 if unit.get("unit") == "kW" else 1
    watts = float(sampled["value"]) * factor * 10.0 ** int(unit.get("multiplier", 0))
    return watts if math.isfinite(watts) else None
