"""What the station refuses to price, with OCPP's status and the place."""

from decimal import Decimal
from typing import Any

import pytest

from firmware.core.tariff_type import TariffError, canonical, parse


def tariff_type(**changes: Any) -> dict[str, Any]:
    plain = {"tariffId": "t", "currency": "CNY", "energy": {"prices": [{"priceKwh": Decimal("1.2")}]}}
    return plain | changes


@pytest.mark.parametrize(
    ("change", "status", "where"),
    [
        (
            {"energy": {"prices": [{"priceKwh": 1, "conditions": {"minPower": 3}}]}},
            "ConditionNotSupported",
            "energy.prices[0].conditions: minPower",
        ),
        (
            {"energy": {"prices": [{"priceKwh": Decimal("0.000001")}]}},
            "Rejected",
            "energy.prices[0].priceKwh",
        ),
        ({"energy": {"prices": [{"priceKwh": 1.2}]}}, "Rejected", "exact digits"),
        ({"energy": {"prices": [{"priceKwh": Decimal("-1")}]}}, "Rejected", "at least 0"),
        ({"energy": {"prices": [{"priceKwh": Decimal("NaN")}]}}, "Rejected", "priceKwh"),
        ({"energy": {"prices": [{"priceKwh": 1}] * 97}}, "TooManyElements", "97"),
        ({"reservationTime": {"prices": []}}, "Rejected", "reservationTime"),
        ({"validFrom": "2026-01-01T00:00:00Z"}, "Rejected", "validFrom"),
        ({"minCost": {"exclTax": 1}}, "Rejected", "minCost: inclTax"),
        (
            {"energy": {"prices": [{"priceKwh": 1, "conditions": {"startTimeOfDay": "24:00"}}]}},
            "Rejected",
            "24:00 is no time of day",
        ),
        (
            {"energy": {"prices": [{"priceKwh": 1, "conditions": {"validFromDate": "01.02.2026"}}]}},
            "Rejected",
            "is no date",
        ),
        (
            {
                "energy": {
                    "prices": [
                        {
                            "priceKwh": 1,
                            "customData": {
                                "vendorId": "wattseal",
                                "electricityKwh": Decimal("0.5"),
                                "serviceKwh": Decimal("0.4"),
                            },
                        }
                    ]
                }
            },
            "Rejected",
            "do not add up",
        ),
        (
            {"energy": {"prices": [{"priceKwh": 1}], "taxRates": [{"type": "VAT", "tax": 9, "stack": 1}]}},
            "Rejected",
            "stacked",
        ),
    ],
)
def test_what_cannot_be_priced_exactly_is_refused(change: dict[str, Any], status: str, where: str) -> None:
    with pytest.raises(TariffError) as refusal:
        parse(tariff_type(**change))
    assert refusal.value.status == status
    assert where in str(refusal.value)


def test_the_version_changes_with_any_price_and_not_with_the_order_of_keys() -> None:
    one = parse(tariff_type())
    reordered = parse(dict(reversed(tariff_type().items())))
    dearer = parse(tariff_type(energy={"prices": [{"priceKwh": Decimal("1.3")}]}))

    assert one.version == reordered.version
    assert one.version != dearer.version
    assert len(one.version) == 16


def test_numbers_are_hashed_by_value_not_by_their_spelling() -> None:
    assert canonical({"a": Decimal("1.20")}) == canonical({"a": Decimal("1.2")})
    assert canonical({"a": Decimal("2.0")}) == canonical({"a": 2})
