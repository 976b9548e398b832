"""What a meter itself signed, in OCPP 2.1 and 2.0.1: byte for byte, beside the station's own seal."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.entries import MeterRecordBegan, MeterSealKept, MeterSealMissing
from firmware.core.events import MeterSeal
from tests.csms.samples import DER, ENDED, TX, item, stamp
from tests.csms.test_mapping import V, payload

TEXT = 'OCMF|{"FV":"1.0","PG":"T241","MF":"2.05"}|{"SA":"ECDSA-secp256r1-SHA256","SD":"3045"}'
BEGIN_TEXT = TEXT.replace("T241", "T240")
METER_KEY = "3059" + "ab" * 89


def values(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return [each["sampledValue"] for each in message["meterValue"]]


@pytest.mark.parametrize("version", V)
def test_it_follows_the_register_in_the_transactions_end(version: str) -> None:
    ended = replace(ENDED, meter_end_seal=MeterSeal(TEXT, METER_KEY))
    (begin,), (end, by_meter) = values(payload(ended, version))
    assert "customData" not in end
    assert (by_meter["value"], by_meter["context"]) == (end["value"], "Transaction.End")
    assert by_meter["customData"] == {"vendorId": "wattseal", "sealedBy": "meter"}
    signed = by_meter["signedMeterValue"]
    assert base64.b64decode(signed["signedMeterData"]).decode() == TEXT
    assert (signed["encodingMethod"], signed["signingMethod"]) == ("OCMF", "")
    assert base64.b64decode(signed["publicKey"]).decode() == f"oca:base16:asn1:{METER_KEY}"
    assert base64.b64decode(begin["signedMeterValue"]["publicKey"]).decode().endswith(DER.hex())


def test_a_meter_that_signs_begin_and_end_apart_has_one_at_each() -> None:
    ended = replace(
        ENDED, meter_begin_seal=MeterSeal(BEGIN_TEXT, METER_KEY), meter_end_seal=MeterSeal(TEXT, METER_KEY)
    )
    signed = [pair[1]["signedMeterValue"]["signedMeterData"] for pair in values(payload(ended))]
    assert [base64.b64decode(text).decode() for text in signed] == [BEGIN_TEXT, TEXT]


@pytest.mark.parametrize("version", V)
@pytest.mark.parametrize("when", ["late", "left-over"])
def test_one_that_comes_too_late_goes_by_itself_for_nothing_follows_the_end(version: str, when: Any) -> None:
    kept = MeterSealKept(stamp(3800), 1, TX, when, MeterSeal(TEXT, METER_KEY))
    message = payload(kept, version)
    assert (message["vendorId"], message["messageId"]) == ("Wattseal", "MeterSeal")
    assert (message["data"]["transactionId"], message["data"]["when"]) == (TX, when)
    assert base64.b64decode(message["data"]["signedMeterValue"]["signedMeterData"]).decode() == TEXT


def test_what_travels_in_the_end_or_as_a_fault_is_not_sent_twice() -> None:
    seal = MeterSeal(TEXT, METER_KEY)
    for entry in (
        MeterRecordBegan(stamp(), 1, TX, seal),
        MeterSealKept(stamp(), 1, TX, "end", seal),
        MeterSealMissing(stamp(), 1, TX, True, "no answer"),
    ):
        assert V["ocpp2.1"].message(item(entry)) is None
