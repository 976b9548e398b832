"""The bench from outside, over its HTTP API."""

from typing import Any

import pytest
import zxingcpp
from fake_bench import ApiClient, FakeBench

from sim import api

ACTIONS = [row[0] for row in api._BOARD_ACTIONS]


def test_everything_the_page_does_has_a_way_in(client: ApiClient) -> None:
    paths = set(client.get("/openapi.json").json()["paths"])
    actions = (
        "plug_in unplug ready full load emergency_stop release_emergency_stop silence_meter revive_meter"
    )
    actions += (
        " junk_meter weld_contactor unweld_contactor jam_lock free_lock cut_power restore_power kill_agent"
    )
    readings = "state display.png records receipt transactions timeline scan"
    for name in f"{actions} card pay stop {readings}".split():
        assert f"/api/{name}" in paths


@pytest.mark.parametrize("name", ACTIONS)
def test_each_action_at_the_board_answers_with_its_state(client: ApiClient, name: str) -> None:
    answer = client.post(f"/api/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["pilot"] in "ABC"


def test_plugging_in_twice_is_refused_with_the_reason(client: ApiClient) -> None:
    assert client.post("/api/plug_in").json()["plugged"] is True
    second = client.post("/api/plug_in")
    assert second.status_code == 409
    assert second.json() == {"error": "already plugged in", "hint": api._LOOK}


def test_whatever_hands_can_do_has_a_way_in(client: ApiClient) -> None:
    assert client.post("/api/board/set_load", json={"watts": 3_000}).json()["watts"] == 3_000
    assert client.post("/api/board/plug_in").json()["plugged"] is True
    assert client.post("/api/board/plug_in").status_code == 409
    assert client.post("/api/board/plug_in", json=[1]).status_code == 422


def test_the_load_is_a_number_of_watts(client: ApiClient) -> None:
    assert client.post("/api/load", json={"watts": 11_000}).json()["watts"] == 11_000
    bad = client.post("/api/load", json={"watts": "much"})
    assert bad.status_code == 422
    assert bad.json()["error"].startswith("watts: ")
    assert client.post("/api/load", json={"watts": -1}).status_code == 422
    assert client.post("/api/load").json()["error"].startswith("body: ")


def test_a_payment_is_for_a_time_or_an_amount(client: ApiClient) -> None:
    both = client.post("/api/pay", json={"minutes": 60, "amount": 10})
    assert (both.status_code, "either" in both.json()["error"]) == (422, True)
    assert client.post("/api/pay", json={}).status_code == 422
    assert client.post("/api/pay", json={"minutes": 61}).json()["error"] == "this is not offered here"
    assert client.post("/api/pay", json={"minutes": 60}).json()["transaction_id"] == "charge-1"
    assert [charge["id"] for charge in client.get("/api/transactions").json()] == ["charge-1"]


def test_stopping_without_a_charge_says_what_to_do(client: ApiClient) -> None:
    answer = client.post("/api/stop")
    assert answer.status_code == 404
    assert answer.json() == {"error": "there was no charge yet", "hint": "pay first: POST /api/pay"}


def test_the_receipt_of_the_newest_charge(client: ApiClient, bench: FakeBench) -> None:
    assert client.get("/api/receipt").json()["total"] == "0.00"
    client.post("/api/pay", json={"amount": 20})
    assert bench.csms is not None
    bench.csms.seal_minutes(60)
    bench.csms.settle()
    receipt = client.get("/api/receipt").json()
    assert (receipt["total"], receipt["minutes"], receipt["verified"]) == ("12.14", 60, True)
    unknown = client.get("/api/transactions/none")
    assert (unknown.status_code, unknown.json()["error"]) == (404, "there is no transaction 'none'")
    assert len(client.get("/api/records").json()) == 61
    assert client.get("/api/transactions/charge-1").json()["limit"] == {"maxCost": 20}


def test_what_is_not_there_is_answered_in_json_too(client: ApiClient) -> None:
    assert client.post("/api/nothing").json()["error"] == "there is no POST /api/nothing"
    assert client.get("/api/plug_in").status_code == 404


def test_a_card_is_not_read_and_the_answer_says_so(client: ApiClient) -> None:
    answer = client.post("/api/card", json={"token": "04A1B2C3"})
    assert answer.status_code == 501
    assert "no card reader" in answer.json()["error"]


def test_the_display_is_a_picture_that_a_phone_can_scan(client: ApiClient, bench: FakeBench) -> None:
    answer = client.get("/api/display.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert client.get("/api/scan").json() == {"url": bench.board.pay_url}


def test_without_power_the_display_is_dark_and_nothing_can_be_scanned(client: ApiClient) -> None:
    assert client.post("/api/cut_power").json()["has_power"] is False
    assert client.get("/api/display.png").json()["error"] == "the display is dark"
    assert client.get("/api/scan").status_code == 409
    assert client.post("/api/kill_agent").json()["error"] == "the station has no power"
    assert client.post("/api/restore_power").json()["has_power"] is True


def test_a_board_that_is_gone_is_unavailable_not_a_traceback(client: ApiClient, bench: FakeBench) -> None:
    bench.board.gone = True
    answer = client.get("/api/state")
    assert answer.status_code == 503
    assert answer.json()["error"] == "the simulated board closed its control socket"


def test_with_an_external_backend_its_books_are_its_own(bench: Any) -> None:
    bench.csms = None
    client = ApiClient(bench)
    assert client.get("/api/state").json()["backend"] is None
    answer = client.post("/api/pay", json={"minutes": 60})
    assert answer.status_code == 409
    assert "not ours" in answer.json()["error"]


def test_the_camera_reads_what_another_decoder_reads(bench: FakeBench, client: ApiClient) -> None:
    import io

    from PIL import Image

    shown = Image.open(io.BytesIO(client.get("/api/display.png").content))
    assert zxingcpp.read_barcodes(shown)[0].text == client.get("/api/scan").json()["url"]
