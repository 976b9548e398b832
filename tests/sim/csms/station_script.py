"""A station as a script: raw OCPP frames over a real websocket, records sealed with a key of its own."""

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from queue import Queue
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Json = dict[str, Any]
SHANGHAI = timezone(timedelta(hours=8))
TEN_O_CLOCK = datetime(2026, 6, 1, 10, 0, tzinfo=SHANGHAI)


class CallRefused(Exception):
    """The backend answered with CALLERROR."""

    def __init__(self, frame: list[Any]) -> None:
        super().__init__(frame)
        self.code: str = frame[2]


@dataclass
class Sealer:
    """Makes records in OCMF, chained and sealed; a test may bend one before it is sealed."""

    station: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    page: int = 0
    digest: str = ""

    @property
    def public_key_hex(self) -> str:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()

    @property
    def public_key(self) -> str:
        return base64.b64encode(f"oca:base16:asn1:{self.public_key_hex}".encode()).decode()

    def seal(self, fields: Json, reading: Json) -> str:
        """Return the next record of the chain as OCMF text."""
        self.page += 1
        numbered = {"PG": f"T{self.page}", "CI": f"{self.station}*1", "UH": self.digest, "RD": [reading]}
        payload = json.dumps({"FV": "1.3", "GS": self.station, **numbered, **fields}, separators=(",", ":"))
        for key in ("RV", "UB"):  # numbers with all their decimals, as the station writes them
            payload = payload.replace(f'"{key}":"', f'"{key}":').replace('!"', "")
        self.digest = hashlib.sha256(payload.encode()).hexdigest()
        seal = self.key.sign(payload.encode(), ec.ECDSA(SHA256())).hex()
        return f'OCMF|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{seal}"}}'


class ScriptedStation:
    """One connected station. Calls from the backend are answered as ``replies`` says, and kept."""

    def __init__(self, ocpp: str, identity: str, sealer: Sealer | None = None) -> None:
        self.identity = identity
        self.sealer = sealer or Sealer(identity)
        self.received: list[tuple[str, Json]] = []
        self.texts: list[str] = []
        self.replies: dict[str, Callable[[Json], Json | None]] = {
            "SetVariables": _all_accepted,
            "SetDefaultTariff": lambda _: {"status": "Accepted"},
            "RequestStartTransaction": lambda _: {"status": "Accepted", "transactionId": str(uuid.uuid4())},
            "RequestStopTransaction": lambda _: {"status": "Accepted"},
            "NotifyWebPaymentStarted": lambda _: {},
        }
        self._answers: dict[str, Queue[list[Any]]] = {}
        self._arrived = threading.Condition()
        self._open = ExitStack()
        address = f"{ocpp}/{identity}"
        self._socket = self._open.enter_context(connect(address, subprotocols=["ocpp2.1"], proxy=None))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        self._open.close()
        self._reader.join(5)

    def call(self, action: str, payload: Json, message_id: str | None = None) -> Json:
        """Send a call and return its answer. Raises CallRefused."""
        message_id = message_id or str(uuid.uuid4())
        answers = self._answers[message_id] = Queue()
        self.send([2, message_id, action, payload])
        frame = answers.get(timeout=10)
        if frame[0] == 4:
            raise CallRefused(frame)
        return frame[2]

    def send(self, frame: Any) -> None:
        self._socket.send(json.dumps(frame))

    def wait_for(self, action: str, count: int = 1) -> Json:
        """Return the payload of the newest call of an action, once there were ``count``."""
        with self._arrived:
            self._arrived.wait_for(lambda: self.count(action) >= count, 10)
        assert self.count(action) >= count, f"{action} came {self.count(action)} times"
        return [payload for name, payload in self.received if name == action][-1]

    def count(self, action: str) -> int:
        return sum(name == action for name, _ in self.received)

    def boot(self) -> "ScriptedStation":
        """Boot, and wait until the backend has given its settings and its tariff."""
        about = {"model": "Scripted", "vendorName": "Tests", "firmwareVersion": "1"}
        answer = self.call("BootNotification", {"reason": "PowerUp", "chargingStation": about})
        assert answer["status"] == "Accepted"
        self.wait_for("SetDefaultTariff")
        self.status("Available")
        return self

    def status(self, status: str) -> None:
        at = TEN_O_CLOCK.isoformat()
        self.call(
            "StatusNotification",
            {"timestamp": at, "evseId": 1, "connectorId": 1, "connectorStatus": status},
        )

    @property
    def secret(self) -> str:
        """The secret of one-time codes, as the backend set it."""
        items = self.wait_for("SetVariables")["setVariableData"]
        return next(item["attributeValue"] for item in items if item["variable"]["name"] == "SharedSecret")

    def _read(self) -> None:
        try:
            while True:
                text = str(self._socket.recv())
                self._take(json.loads(text), text)
        except ConnectionClosed:
            return

    def _take(self, frame: list[Any], text: str) -> None:
        if frame[0] != 2:
            self._answers[frame[1]].put(frame)
            return
        reply = self.replies.get(frame[2], lambda _: None)(frame[3])
        answer = [4, frame[1], "NotImplemented", "", {}] if reply is None else [3, frame[1], reply]
        self.send(answer)
        with self._arrived:
            self.received.append((frame[2], frame[3]))
            self.texts.append(text)
            self._arrived.notify_all()


def _all_accepted(payload: Json) -> Json:
    names = [{key: item[key] for key in ("component", "variable")} for item in payload["setVariableData"]]
    return {"setVariableResult": [{**name, "attributeStatus": "Accepted"} for name in names]}


@dataclass
class Charge:
    """One transaction as the station tells it; prices are those of 10:00 to 12:00 (尖)."""

    station: ScriptedStation
    payment: str
    transaction: str
    meter_dwh: int = 12_345_678
    at: datetime = TEN_O_CLOCK
    charging_ms: int = 0
    cost_cap: Decimal | None = None
    number: int = 0
    begin_dwh: int = 0
    records: list[str] = field(default_factory=list)
    bend: Json = field(default_factory=dict)

    def start(self) -> Json:
        token = {"idToken": self.payment, "type": "DirectPayment"}
        return self.tell("Started", "RemoteStart", idToken=token, evse={"id": 1, "connectorId": 1})

    def accept_limit(self, limit: Json) -> Json:
        return self.tell("Updated", "LimitSet", transactionInfo={"transactionLimit": limit})

    def plug_in(self) -> Json:
        """Plug in, with the begin record."""
        self.begin_dwh = self.meter_dwh
        return self.tell("Updated", "CablePluggedIn", "EVConnected", meterValue=[self.record("B")])

    def minute(self, energy_dwh: int = 1_200) -> Json:
        """Charge for one minute, 120 Wh unless said otherwise."""
        return self.tell(
            "Updated", "MeterValuePeriodic", "Charging", meterValue=[self.next_minute(energy_dwh)]
        )

    def next_minute(self, energy_dwh: int = 1_200) -> Json:
        """Return the meter value of one more minute without sending it."""
        self.meter_dwh += energy_dwh
        self.at += timedelta(minutes=1)
        self.charging_ms += 60_000
        return self.record("C")

    def end(self, reason: str = "Remote", total: Decimal | None = None, **extra: Any) -> Json:
        """End with the pair of records and the cost details (``total`` bends them)."""
        pair = [self._meter_value(self.records[0], "Transaction.Begin"), self.record("E", "Transaction.End")]
        return self.tell("Ended", "RemoteStop", "Idle", reason, meterValue=pair, **self.bill(total), **extra)

    def bill(self, total: Decimal | None = None) -> Json:
        total = self.total if total is None else total
        energy = (self.meter_dwh - self.begin_dwh) / 10
        seconds = self.charging_ms // 1000
        cost = {"currency": "CNY", "typeOfCost": "NormalCost", "total": {"inclTax": float(total)}}
        usage = {"energy": energy, "chargingTime": seconds, "idleTime": 0}
        return {"costDetails": {"totalCost": cost, "totalUsage": usage}}

    @property
    def cost(self) -> Decimal:
        """What it comes to: 1.45 a kWh, 0.02 a minute, 0.50 once."""
        energy = Decimal(self.meter_dwh - self.begin_dwh) / 10_000
        cost = energy * Decimal("1.45") + Decimal(self.charging_ms) / 60_000 * Decimal("0.02")
        cost += Decimal("0.5") if energy else 0
        return min(cost, self.cost_cap) if self.cost_cap is not None else cost

    @property
    def total(self) -> Decimal:
        return Decimal(int(self.cost * 100 + Decimal("0.5"))) / 100

    def record(self, kind: str, context: str = "Sample.Periodic") -> Json:
        """Seal the next record and return it as a MeterValueType."""
        stamp = self.at.strftime("%Y-%m-%dT%H:%M:%S,000%z S")
        register = f"{self.meter_dwh / 10_000:.4f}!"
        reading = {
            "TM": stamp,
            "TX": kind,
            "RV": register,
            "RI": "1-0:1.8.0",
            "RU": "kWh",
            "EF": "",
            "ST": "G",
        }
        fields = {
            "IS": False,
            "UT": self.transaction,
            "UI": "chu-ac-2026-1",
            "UV": "0123456789abcdef",
            "UR": "0.1",
            "UB": f"{self.begin_dwh / 10_000:.4f}!",
            "UC": f"{self.cost:.4f}",
            "UU": "CNY",
            "UD": self.charging_ms,
            "UW": 0,
            "UM": self.charging_ms,
        }
        bent = {key: value for key, value in self.bend.items() if key in reading}
        text = self.station.sealer.seal(
            {**fields, **self.bend} | {key: fields.get(key) for key in bent}, reading | bent
        )
        self.records.append(text)
        return self._meter_value(text, context)

    def _meter_value(self, text: str, context: str) -> Json:
        signed = {
            "signedMeterData": base64.b64encode(text.encode()).decode(),
            "encodingMethod": "OCMF",
            "signingMethod": "",
            "publicKey": self.station.sealer.public_key,
        }
        register = {
            "value": self.meter_dwh / 10,
            "measurand": "Energy.Active.Import.Register",
            "context": context,
            "signedMeterValue": signed,
        }
        power = {"value": 7200, "measurand": "Power.Active.Import", "context": context}
        return {"timestamp": self.at.isoformat(), "sampledValue": [register, power]}

    def tell(
        self, event: str, trigger: str, state: str | None = None, reason: str | None = None, **extra: Any
    ) -> Json:
        """Send a TransactionEvent under the next number and return its answer."""
        message = self.event(event, trigger, state, reason, **extra)
        return self.station.call("TransactionEvent", message)

    def event(
        self, event: str, trigger: str, state: str | None = None, reason: str | None = None, **extra: Any
    ) -> Json:
        """Return the next TransactionEvent without sending it."""
        info = {"transactionId": self.transaction, **extra.pop("transactionInfo", {})}
        info |= {"chargingState": state} if state else {}
        info |= {"stoppedReason": reason} if reason else {}
        head = {"eventType": event, "timestamp": self.at.isoformat(), "triggerReason": trigger}
        message = {**head, "seqNo": self.number, "transactionInfo": info, **extra}
        self.number += 1
        return message
