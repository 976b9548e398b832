"""A new key is told to the backend in its turn; a backend that does not know it holds nothing up."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from firmware.core.entries import KeyRotated
from firmware.csms.v21 import V21
from firmware.csms.v201 import V201
from tests.csms.bench import Refuse, bench
from tests.csms.samples import CATALOGUE, DER, STARTED, item, stamp, usage

ROTATION = KeyRotated(stamp(), 1, "3059aa", DER.hex(), 'OCMF|{"PG":"F1"}|{"SD":"30"}')


@pytest.mark.parametrize("version", [V21, V201])
def test_it_goes_as_data_with_its_text_as_it_is(version: type[V21 | V201]) -> None:
    action, payload = version(DER, CATALOGUE).message(item(ROTATION)) or ("", {})
    assert action == "DataTransfer"
    assert payload == {"vendorId": "Wattseal", "messageId": "KeyRotated", "data": ROTATION.ocmf}


def test_a_record_from_before_carries_the_key_from_before() -> None:
    old = replace(item(usage("B")), sealed_by="3059bb")
    for sent, key in ((old, "3059bb"), (item(usage("B")), DER.hex())):
        message = V21(DER, CATALOGUE).message(sent)
        assert message is not None
        register = message.payload["meterValue"][0]["sampledValue"][0]
        shown = base64.b64decode(register["signedMeterValue"]["publicKey"]).decode()
        assert shown == f"oca:base16:asn1:{key}"


def refuse(_: dict[str, Any]) -> dict[str, Any]:
    raise Refuse("NotImplemented")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: {"status": "Accepted"},
        lambda _: {"status": "Rejected"},
        lambda _: {"status": "UnknownVendorId"},
        lambda _: {"status": "UnknownMessageId"},
        refuse,
    ],
)
def test_whatever_the_backend_says_to_it_the_next_charge_goes_out(
    answer: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    async def script() -> None:
        async with bench({"DataTransfer": answer}, entries=(ROTATION, STARTED)) as here:
            await here.until(lambda: 2 in here.outbox.acknowledged)
            assert here.backend.actions()[-2:] == ["DataTransfer", "TransactionEvent"]

    asyncio.run(script())
