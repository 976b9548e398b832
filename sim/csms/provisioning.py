"""What a station is given once it is connected: the pay page's settings and the tariff."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from ocpp.v21 import call

from sim.csms.site import Site
from sim.csms.station import Payload, Station, StationError

_PAY_PATH = "/pay/{chargingstationid}/{evse}?totp={totp}&v={version}"


@dataclass(slots=True)
class StationView:
    """What the backend knows of a station, over all its connections.

    ``web_payments`` has the station's answer to each setting; ``secret`` is what one-time codes are made of.
    """

    id: str
    link: Station | None = None
    version: str = ""
    boot: Payload = field(default_factory=dict)
    connectors: dict[int, str] = field(default_factory=dict)
    web_payments: dict[str, str] = field(default_factory=dict)
    tariff: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    provisioning: Literal["due", "tried", "done"] = "due"


async def set_web_payments(view: StationView, link: Station, site: Site, pay_address: str) -> None:
    """Set WebPaymentsCtrlr. Raises StationError when the station does not take all of it.

    The address in the QR code stays the site file's, unless that is only a loopback address.
    """
    wanted = {
        "SharedSecret": view.secret,
        "ValidityTime": str(site.validity_s),
        "Length": str(site.code_length),
    }
    if not site.names_its_own_address:
        wanted["URLTemplate"] = pay_address + _PAY_PATH
    component = {"name": "WebPaymentsCtrlr"}
    request = call.SetVariables(
        set_variable_data=[
            {"component": component, "variable": {"name": name}, "attributeValue": value}
            for name, value in wanted.items()
        ]
    )
    answer = await link.ask(request)
    for result in answer.set_variable_result:
        view.web_payments[result["variable"]["name"]] = result["attribute_status"]
    refused = {name: status for name, status in view.web_payments.items() if status != "Accepted"}
    if refused:
        raise StationError(f"SetVariables WebPaymentsCtrlr: {refused}")


async def set_tariff(view: StationView, link: Station, tariff: Mapping[str, Any]) -> None:
    """Set the default tariff of all EVSEs. Raises StationError when the station refuses it."""
    answer = await link.ask(call.SetDefaultTariff(evse_id=0, tariff=on_wire(tariff)))
    view.tariff = answer.status
    if answer.status not in ("Accepted", "DuplicateTariffId"):
        raise StationError(f"SetDefaultTariff: {answer.status} {answer.status_info or ''}".strip())


def on_wire(value: Any) -> Any:
    """Return plain JSON values whose numbers leave as the very decimals they were read as.

    The `ocpp` package rounds a Decimal to one digit; a float it writes by its shortest text, which is exact
    for what a price can be. Raises ValueError for a number that a float would change.
    """
    if isinstance(value, Mapping):
        return {key: on_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [on_wire(item) for item in value]
    if isinstance(value, Decimal):
        if Decimal(repr(float(value))) != value:
            raise ValueError(f"{value} has more digits than a JSON number carries")
        return float(value)
    return value


def exact(value: Any) -> Any:
    """Return JSON values with their floats as the decimals that were written."""
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return Decimal(repr(value)) if isinstance(value, float) else value
