"""The phone: two steps, one-time codes that must be good, a live page, a receipt, and clear refusals."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from pyocmf.utils.xml import OcmfContainer

from sim.csms import totp

from .conftest import Csms, eventually
from .station_script import Charge, ScriptedStation

Connect = Callable[..., ScriptedStation]


def code_of(csms: Csms, station: ScriptedStation, later_s: int = 0) -> str:
    """The one-time code of a station's display, now or at another time."""
    return totp.code_at(station.secret, csms.billing_s() + later_s, validity_s=30, length=12)


def scan(csms: Csms, station: ScriptedStation, later_s: int = 0, **query: str) -> httpx.Response:
    """Open the page that the QR code shows; ``later_s`` is by how much the code is off."""
    code = code_of(csms, station, later_s)
    return csms.http.get(f"/pay/{station.identity}/1", params={"totp": code, "v": "1", **query})


def offers(page: httpx.Response) -> dict[str, str]:
    """The links to step 2, by offer."""
    links = re.findall(r'id="offer-(\w+)" href="([^"]+)"', page.text)
    return {offer: link.replace("&amp;", "&") for offer, link in links}


def pay(csms: Csms, page: httpx.Response) -> httpx.Response:
    """Tap the button of step 2."""
    address = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert address is not None, page.text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return csms.http.post(address[1], data=fields)


def live(csms: Csms, paid: httpx.Response) -> Any:
    return csms.get(paid.headers["location"].split("?")[0] + "/state")


def test_two_steps_from_the_code_to_charging(csms: Csms, station: ScriptedStation) -> None:
    first = scan(csms, station)
    assert first.status_code == 200
    assert set(offers(first)) == {"t60", "t120", "t180", "a10", "a20", "a30"}
    for shown in ("楚氏充电", "3 号充电桩", "1.45", "1 小时", "¥30", "约 6.6 度", "电费 0.95 + 服务费 0.50"):
        assert shown in first.text
    second = csms.http.get(offers(first)["a10"])
    assert "支付 ¥10.00" in second.text
    paid = pay(csms, second)
    assert paid.status_code == 303

    asked = station.wait_for("RequestStartTransaction")
    payment = paid.headers["location"].split("/")[2].split("?")[0]
    assert asked["idToken"] == {"idToken": payment, "type": "DirectPayment"}
    assert asked["evseId"] == 1
    assert "transactionLimit" not in asked
    assert csms.http.get(paid.headers["location"]).status_code == 200


def test_the_page_speaks_english_when_asked(csms: Csms, station: ScriptedStation) -> None:
    first = scan(csms, station, lang="en")
    for shown in (
        "Chu Charging",
        "Charger 3",
        "By time",
        "1 h",
        "about 6.6 kWh",
        "electricity 0.95 + service 0.50",
    ):
        assert shown in first.text
    paid = pay(csms, csms.http.get(offers(first)["t60"]))
    assert paid.headers["location"].endswith("lang=en")
    assert "Stop charging" in csms.http.get(paid.headers["location"]).text


def test_language_can_be_switched_without_scanning_again(csms: Csms, station: ScriptedStation) -> None:
    first = scan(csms, station)
    link = re.search(r'class="language" data-inside href="([^"]+)"', first.text)
    assert link is not None
    assert "By amount" in csms.http.get(link[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("later_s", [-30, 30])
def test_the_codes_beside_the_present_one_are_good(
    csms: Csms, station: ScriptedStation, later_s: int
) -> None:
    assert scan(csms, station, later_s).status_code == 200


@pytest.mark.parametrize("later_s", [-120, 3600])
def test_a_stale_code_is_refused_with_what_to_do(csms: Csms, station: ScriptedStation, later_s: int) -> None:
    page = scan(csms, station, later_s)
    assert page.status_code == 403
    assert "二维码已过期" in page.text and "请重新扫描充电桩屏幕上的二维码" in page.text
    assert "Scan the code on the charger again" in scan(csms, station, later_s, lang="en").text


@pytest.mark.parametrize("code", ["", "000000000000", "<script>", "x" * 500])
def test_a_forged_code_is_refused(csms: Csms, station: ScriptedStation, code: str) -> None:
    page = csms.http.get(f"/pay/{station.identity}/1", params={"totp": code})
    assert page.status_code == 403
    assert code not in page.text or not code


def test_a_code_of_another_charger_is_refused(csms: Csms, connect: Connect) -> None:
    mine, other = connect().boot(), connect().boot()
    code = code_of(csms, other)
    assert csms.http.get(f"/pay/{mine.identity}/1", params={"totp": code}).status_code == 403


def test_a_forged_session_pays_nothing(csms: Csms, station: ScriptedStation) -> None:
    address = f"/pay/{station.identity}/1"
    assert (
        csms.http.get(f"{address}/confirm", params={"session": "forged", "offer": "a10"}).status_code == 403
    )
    assert csms.http.post(address, data={"session": "forged", "offer": "a10"}).status_code == 403
    assert station.count("RequestStartTransaction") == 0


def test_an_offer_that_is_none_is_refused(csms: Csms, station: ScriptedStation) -> None:
    link = offers(scan(csms, station))["a10"].replace("a10", "a1")
    assert csms.http.get(link).status_code == 422


def test_paying_twice_starts_once(csms: Csms, station: ScriptedStation) -> None:
    second = csms.http.get(offers(scan(csms, station))["t60"])
    answers = [pay(csms, second) for _ in range(3)]
    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert station.count("RequestStartTransaction") == 1


def test_the_charger_hears_that_somebody_pays_and_that_they_left(
    csms: Csms, station: ScriptedStation
) -> None:
    first = scan(csms, station)
    assert station.wait_for("NotifyWebPaymentStarted") == {"evseId": 1, "timeout": 120}
    session = re.search(r"session=([\w-]+)", first.text)
    assert session is not None
    left = csms.http.post(f"/pay/{station.identity}/1/left", params={"session": session[1]})
    assert left.status_code == 204
    assert station.wait_for("NotifyWebPaymentStarted", 2) == {"evseId": 1, "timeout": 0}


def test_a_charger_that_knows_no_web_payments_is_paid_at_all_the_same(
    csms: Csms, station: ScriptedStation
) -> None:
    del station.replies["NotifyWebPaymentStarted"]
    assert pay(csms, csms.http.get(offers(scan(csms, station))["t60"])).status_code == 303
    station.wait_for("RequestStartTransaction")


def test_an_offline_charger_is_said_to_be_offline(csms: Csms, connect: Connect) -> None:
    station = connect().boot()
    station.close()
    eventually(lambda: not csms.is_connected(station))
    code = code_of(csms, station)
    page = csms.http.get(f"/pay/{station.identity}/1", params={"totp": code, "lang": "en"})
    assert page.status_code == 503
    assert "This charger is offline" in page.text and "Nothing was charged" in page.text


def test_a_faulted_charger_is_out_of_service(csms: Csms, station: ScriptedStation) -> None:
    station.status("Faulted")
    page = scan(csms, station, lang="en")
    assert page.status_code == 409 and "Out of service" in page.text


def test_an_occupied_charger_is_in_use(csms: Csms, station: ScriptedStation) -> None:
    csms.pay(station, minutes=60).start()
    page = scan(csms, station, lang="en")
    assert page.status_code == 409 and "This charger is in use" in page.text
    answer = csms.post("/api/pay", station=station.identity, minutes=60)
    assert (answer["payment"], answer["reason"]) == (None, "refused_occupied")
    assert answer["error"] == "This charger is in use"


def test_an_unknown_charger_is_not_found(csms: Csms) -> None:
    page = csms.http.get("/pay/nowhere/1", params={"totp": "x", "lang": "en"})
    assert page.status_code == 404 and "No such charger" in page.text
    assert csms.http.get("/charge/nothing").status_code == 404


def test_a_refused_start_is_shown_and_costs_nothing(csms: Csms, station: ScriptedStation) -> None:
    info = {"reasonCode": "InternalError", "additionalInfo": "the tariff is missing"}
    station.replies["RequestStartTransaction"] = lambda _: {"status": "Rejected", "statusInfo": info}
    paid = pay(csms, csms.http.get(offers(scan(csms, station))["t60"]))
    state = live(csms, paid)
    assert (state["phase"], state["reason"]) == ("refused", "refused")
    assert state["error"] == "InternalError the tariff is missing"
    answer = csms.post("/api/pay", station=station.identity, minutes=60)
    assert answer["error"] == "InternalError the tariff is missing"


def test_the_live_page_follows_the_charge_to_its_receipt(csms: Csms, station: ScriptedStation) -> None:
    paid = pay(csms, csms.http.get(offers(scan(csms, station))["a10"]))
    state = live(csms, paid)
    assert state["phase"] == "starting"
    payment = paid.headers["location"].split("/")[2].split("?")[0]
    charge = Charge(station, payment, "live-1-" + station.identity)

    charge.start()
    assert live(csms, paid)["phase"] == "plug_in"
    charge.accept_limit({"maxCost": 10})
    charge.plug_in()
    assert live(csms, paid)["phase"] == "waiting"
    for _ in range(2):
        charge.minute()
    state = live(csms, paid)
    assert state["phase"] == "charging"
    assert (state["power_w"], state["energy_kwh"], state["cost"]) == (7200, "0.240", "0.89")
    assert 40 * 60 < state["remaining_s"] < 52 * 60  # ¥9.11 at ¥0.194 a minute
    assert [minute["verified"] for minute in state["minutes"]] == [True, True]

    stopped = csms.http.post(paid.headers["location"].split("?")[0] + "/stop")
    assert stopped.status_code == 303
    assert station.wait_for("RequestStopTransaction") == {"transactionId": charge.transaction}
    assert live(csms, paid)["phase"] == "stopping"
    charge.end()
    state = live(csms, paid)
    assert state["phase"] == "receipt"
    assert state["receipt"]["charged_texts"] == {
        "zh": "Wattseal 已扣款 ¥0.89",
        "en": "Wattseal has charged ¥0.89",
    }
    assert state["refund"] == "9.11"
    assert state["ended_by"] == {"zh": "您已停止", "en": "you stopped it"}


def test_the_remaining_time_is_that_of_the_choice(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, minutes=60)
    charge.start()
    charge.plug_in()
    charge.minute()
    state = csms.get(f"/charge/{charge.payment}/state")
    assert 58 * 60 <= state["remaining_s"] <= 59 * 60


def test_stopping_from_a_phone_by_the_api(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, minutes=60)
    charge.start()
    assert csms.post("/api/stop", transaction_id=charge.transaction) == {"status": "Accepted"}
    assert csms.http.post("/api/stop", json={"transaction_id": "none"}).status_code == 404


@pytest.mark.parametrize("choice", [{}, {"amount": 0}, {"minutes": -1}, {"amount": "ten"}])
def test_a_senseless_choice_is_refused(csms: Csms, station: ScriptedStation, choice: dict[str, Any]) -> None:
    answer = csms.http.post("/api/pay", json={"station": station.identity, **choice})
    assert answer.status_code == 422


def test_a_test_can_bring_a_senseless_limit_all_the_same(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, limit={"maxCost": 0})
    assert charge.start()["transactionLimit"] == {"maxCost": 0}


def test_pages_need_nothing_from_elsewhere(csms: Csms, station: ScriptedStation) -> None:
    charge = csms.pay(station, minutes=60)
    pages = [
        scan(csms, station).text,
        csms.http.get(f"/charge/{charge.payment}").text,
        csms.http.get("/docs").text,
    ]
    pages += [csms.http.get(f"/static/{name}").text for name in ("style.css", "pay.js", "charge.js")]
    for page in pages:
        assert not re.findall(r"(?:href|src|url)[=(]\W*https?://", page)


def test_the_api_page_lists_the_api(csms: Csms) -> None:
    page = csms.http.get("/docs").text
    for path in (
        "/api/state",
        "/api/transactions/{transaction_id}",
        "/api/pay",
        "/api/call",
        "/pay/{station}/{evse}",
    ):
        assert path in page


def test_a_driver_takes_the_signed_records_away(csms: Csms, station: ScriptedStation, tmp_path: Path) -> None:
    paid = pay(csms, csms.http.get(offers(scan(csms, station))["a10"]))
    address = paid.headers["location"].split("?")[0] + "/charge.xml"
    assert csms.http.get(address).status_code == 404
    charge = Charge(station, address.split("/")[2], "proof-1-" + station.identity)
    charge.start()
    charge.accept_limit({"maxCost": 10})
    charge.plug_in()
    charge.minute()
    charge.end()
    assert f'href="{address}"' in csms.http.get(paid.headers["location"]).text
    (tmp_path / "charge.xml").write_bytes(csms.http.get(address).content)
    begin, end = OcmfContainer.from_xml(tmp_path / "charge.xml", strict=True)
    assert (begin.context, end.context) == ("Transaction.Begin", "Transaction.End")
    assert begin.transaction_id == end.transaction_id
    assert begin.verify_signature()
    assert end.verify_signature()
