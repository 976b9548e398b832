"""Ledger entries as OCPP 2.1 and 2.0.1 messages, each held against the OCA's schema."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from firmware.core import faults
from firmware.core.entries import (
    Entry,
    SettingStored,
    StopDecided,
    TariffRemoved,
    TariffStored,
    TransactionEnded,
)
from firmware.core.events import Limit
from firmware.csms.client import DIALECTS
from firmware.csms.fault_events import COMPONENTS
from firmware.csms.ocpp2 import Ocpp2
from firmware.csms.schemas import Schemas
from firmware.csms.v21 import V21
from firmware.csms.v201 import V201
from tests.csms.samples import (
    CATALOGUE,
    CHARGING,
    DER,
    ENDED,
    IDENTITY,
    LIMIT,
    PLUGGED,
    RELEASED,
    STARTED,
    STOPPED,
    TARIFF,
    TX,
    item,
    ocmf,
    stamp,
    usage,
)

V = {version.version: version(DER, CATALOGUE) for version in (V21, V201)}
SCHEMAS = {version: Schemas(version) for version in V}
KEY = base64.b64encode(f"oca:base16:asn1:{DER.hex()}".encode()).decode()
NEVER_BEGAN: TransactionEnded = replace(ENDED, import_begin_dwh=None, import_end_dwh=None)
SENT: list[Entry] = [
    STARTED, LIMIT, PLUGGED, CHARGING, usage("B", 3), usage("C"), usage("S"), usage("T"), usage("X"), ENDED,
    STOPPED, RELEASED, replace(STOPPED, fault="NewerThanThisCatalogue", evse=0, transaction_id=""),
    replace(NEVER_BEGAN, trigger="EVConnectTimeout", stopped_reason="Timeout"),
    usage("C", trigger="CostLimitReached"), usage("C", trigger="TariffChanged"),
    usage("B", trigger="NotAWord"),
    replace(ENDED, trigger="CostLimitReached", stopped_reason="LocalOutOfCredit"),
    replace(ENDED, stopped_reason="ReqEnergyTransferRejected"),
]  # fmt: skip


def payload(entry: Entry, version: str = "ocpp2.1") -> dict[str, Any]:
    message = V[version].message(item(entry))
    assert message is not None
    assert SCHEMAS[version].check_own(f"{message.action}Request", message.payload) is None
    return message.payload


@pytest.mark.parametrize("version", V)
@pytest.mark.parametrize("entry", SENT, ids=lambda entry: type(entry).__name__)
def test_every_entry_becomes_a_message_that_fits_its_schema(entry: Entry, version: str) -> None:
    assert payload(entry, version)


@pytest.mark.parametrize("version", V)
@pytest.mark.parametrize(
    "entry",
    [
        usage("E"),
        StopDecided(stamp(), 1, TX, "Remote", "RemoteStop", ""),
        SettingStored("A", "B", "c"),
        TariffStored(1, TARIFF),
        TariffRemoved(1),
    ],
    ids=lambda entry: type(entry).__name__,
)
def test_some_entries_are_the_stations_own_business(entry: Entry, version: str) -> None:
    assert V[version].message(item(entry)) is None


@pytest.mark.parametrize("version", V)
def test_the_station_introduces_itself_within_the_protocols_lengths(version: str) -> None:
    dialect = V[version]
    long = replace(IDENTITY, model="m" * 60, vendor="v" * 60, serial="s" * 60, firmware_version="f" * 60)
    for message in (
        dialect.boot(IDENTITY, "PowerUp"),
        dialect.boot(long, "Unknown"),
        dialect.heartbeat(),
        dialect.status(1, "Faulted", stamp()),
    ):
        assert SCHEMAS[version].check_own(f"{message.action}Request", message.payload) is None


def test_started_names_the_payment_the_request_and_the_tariff() -> None:
    assert payload(STARTED) == {
        "eventType": "Started",
        "timestamp": "2026-06-01T02:00:00.000Z",
        "triggerReason": "RemoteStart",
        "seqNo": 0,
        "offline": False,
        "transactionInfo": {
            "transactionId": TX,
            "chargingState": "Idle",
            "remoteStartId": 77,
            "tariffId": "chu-ac-2026-1",
        },
        "idToken": {"idToken": "psp-4711", "type": "DirectPayment"},
        "evse": {"id": 1, "connectorId": 1},
    }


def test_the_accepted_limit_is_echoed_with_its_digits() -> None:
    event = payload(LIMIT)
    assert event["triggerReason"] == "LimitSet"
    limit = event["transactionInfo"]["transactionLimit"]
    assert {name: str(value) for name, value in limit.items()} == {"maxCost": "10.0000", "maxTime": "3600"}
    energy = payload(replace(LIMIT, limit=Limit(energy_dwh=50_005)))["transactionInfo"]["transactionLimit"]
    assert str(energy["maxEnergy"]) == "5000.5"


def test_a_minute_carries_the_register_first_and_signed() -> None:
    event = payload(usage("C"))
    register, power = event["meterValue"][0]["sampledValue"]
    assert (register["measurand"], str(register["value"])) == ("Energy.Active.Import.Register", "12346879.0")
    assert register["context"] == "Sample.Periodic"
    signed = register["signedMeterValue"]
    assert base64.b64decode(signed["signedMeterData"]).decode() == ocmf("C", "10:01:00")
    assert (signed["encodingMethod"], signed["signingMethod"], signed["publicKey"]) == ("OCMF", "", "")
    assert (power["measurand"], power["value"]) == ("Power.Active.Import", 7200)
    assert event["transactionInfo"]["timeSpentCharging"] == 60


def test_the_begin_record_carries_the_key() -> None:
    register = payload(usage("B", 3))["meterValue"][0]["sampledValue"][0]
    assert register["context"] == "Transaction.Begin"
    assert register["signedMeterValue"]["publicKey"] == KEY


def test_power_that_was_not_measured_is_absent() -> None:
    values = payload(replace(usage(), power_w=None))["meterValue"][0]["sampledValue"]
    assert [value["measurand"] for value in values] == ["Energy.Active.Import.Register"]


def test_the_end_has_no_token_and_both_sealed_registers() -> None:
    event = payload(ENDED)
    assert "idToken" not in event
    assert event["transactionInfo"]["stoppedReason"] == "TimeLimitReached"
    begin, end = event["meterValue"]
    assert (begin["timestamp"], end["timestamp"]) == ("2026-06-01T02:00:12.000Z", "2026-06-01T03:01:40.000Z")
    contexts = [value["sampledValue"][0]["context"] for value in (begin, end)]
    assert contexts == ["Transaction.Begin", "Transaction.End"]
    assert str(end["sampledValue"][0]["value"]) == "12352874.9"
    assert end["sampledValue"][0]["signedMeterValue"]["publicKey"] == KEY


def test_the_bill_goes_in_exact_numbers() -> None:
    details = payload(ENDED)["costDetails"]
    cost = details["totalCost"]
    assert (str(cost["total"]["inclTax"]), str(cost["total"]["exclTax"])) == ("15.00", "14.9999")
    parts = [str(cost[name]["exclTax"]) for name in ("energy", "chargingTime", "idleTime", "fixed")]
    assert parts == ["10.4342", "1.2000", "0.0000", "0.5000"]
    assert cost["energy"]["customData"] == {
        "vendorId": "wattseal",
        "electricity": Decimal("6.8362"),
        "service": Decimal("3.5980"),
    }
    usage_text = {name: str(value) for name, value in details["totalUsage"].items()}
    assert usage_text == {"energy": "7196.0", "chargingTime": "3630", "idleTime": "30"}


def test_a_charge_that_never_began_ends_without_readings() -> None:
    assert "meterValue" not in payload(NEVER_BEGAN)


def test_a_fault_names_the_component_the_code_and_the_text() -> None:
    (event,) = payload(STOPPED)["eventData"]
    assert event["component"] == {"name": "EmergencyStopSensor", "evse": {"id": 1}}
    assert event["variable"] == {"name": "Problem", "instance": "EmergencyStop"}
    assert (event["techCode"], event["techInfo"]) == ("CX012", "Emergency stop pressed: button 1")
    assert (event["severity"], event["cleared"], event["transactionId"]) == (1, False, TX)
    (cleared,) = payload(RELEASED)["eventData"]
    assert (cleared["cleared"], cleared["actualValue"]) == (True, "false")


@pytest.mark.parametrize("version", V)
@pytest.mark.parametrize("fault", sorted(faults.CATALOGUE))
def test_every_fault_of_the_catalogue_can_be_told(fault: str, version: str) -> None:
    assert fault in COMPONENTS
    dialect = DIALECTS[version](DER, faults.CATALOGUE)
    message = dialect.message(item(replace(STOPPED, fault=fault)))
    assert message is not None
    assert SCHEMAS[version].check_own("NotifyEventRequest", message.payload) is None


def test_2_0_1_has_no_limits_no_cost_and_its_own_words() -> None:
    assert "costDetails" not in payload(ENDED, "ocpp2.0.1")
    assert payload(LIMIT, "ocpp2.0.1")["seqNo"] == LIMIT.seq_no
    assert payload(STARTED, "ocpp2.0.1")["idToken"]["type"] == "Central"
    assert "severity" not in payload(STOPPED, "ocpp2.0.1")["eventData"][0]
    assert (
        payload(replace(ENDED, trigger="CostLimitReached"), "ocpp2.0.1")["triggerReason"]
        == "ChargingStateChanged"
    )


ANSWERS: list[tuple[dict[str, Any], dict[str, object]]] = [
    ({}, {"limit": None, "token_accepted": True, "total_cost_e4": None}),
    ({"transactionLimit": {"maxCost": 10}}, {"limit": Limit(cost_e4=100_000)}),
    ({"transactionLimit": {"maxCost": Decimal("29.9")}}, {"limit": Limit(cost_e4=299_000)}),
    ({"transactionLimit": {"maxEnergy": Decimal("5000.55"), "maxTime": 3600}},
     {"limit": Limit(energy_dwh=50_005, time_ms=3_600_000)}),
    ({"transactionLimit": {"maxTime": 0}}, {"limit": Limit(time_ms=0)}),
    ({"transactionLimit": {"maxCost": Decimal("-1")}}, {"limit": Limit(cost_e4=-10_000)}),
    ({"transactionLimit": {"maxSoC": 80}}, {"limit": Limit()}),
    ({"idTokenInfo": {"status": "Blocked"}}, {"token_accepted": False}),
    ({"idTokenInfo": {"status": "Accepted"}}, {"token_accepted": True}),
    ({"totalCost": Decimal("15.00")}, {"total_cost_e4": 150_000}),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_what_the_backend_answers_reaches_the_core_exactly(
    answer: Mapping[str, Any], expected: dict[str, object]
) -> None:
    answered = V["ocpp2.1"].answered(STARTED, answer, stamp(1))
    assert (answered.transaction_id, answered.seq_no) == (TX, 0)
    assert {name: getattr(answered, name) for name in expected} == expected


def test_a_resend_carries_the_same_message() -> None:
    for entry in SENT:
        first, again = (Ocpp2.message(V["ocpp2.1"], item(entry, 9)) for _ in range(2))
        assert first == again
