"""Who is let in: the path names the station, the subprotocol is agreed, the password is right."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from .conftest import ROOT, Csms, start_csms, stop_csms


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Csms]:
    """A backend whose site file has a password."""
    work_dir = tmp_path_factory.mktemp("guarded")
    text = (
        (ROOT / "config/site.example.toml").read_text().replace('password = ""', 'password = "open-sesame"')
    )
    site = Path(work_dir / "site.toml")
    site.write_text(text)
    running = start_csms(work_dir, site)
    yield running
    stop_csms(running)


def refused(address: str, subprotocols: list[str] | None) -> int:
    with pytest.raises(InvalidStatus) as failed, connect(address, subprotocols=subprotocols, proxy=None):
        pass
    return int(failed.value.response.status_code)


def test_the_subprotocol_is_agreed(csms: Csms) -> None:
    offered = ["ocpp2.0.1", "ocpp2.1", "ocpp1.6"]
    with connect(f"{csms.ocpp}/sub-1", subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == "ocpp2.1"


def test_no_common_subprotocol_is_refused(csms: Csms) -> None:
    assert refused(f"{csms.ocpp}/sub-2", ["ocpp1.5"]) == 400
    assert refused(f"{csms.ocpp}/sub-2", None) == 400


def test_other_paths_are_refused(csms: Csms) -> None:
    assert refused(csms.ocpp, ["ocpp2.1"]) == 404
    assert refused(f"{csms.ocpp}/a/b", ["ocpp2.1"]) == 404


def test_a_trailing_slash_is_fine(csms: Csms) -> None:
    with connect(f"{csms.ocpp}/sub-3/", subprotocols=["ocpp2.1"], proxy=None) as socket:
        assert socket.subprotocol == "ocpp2.1"


@pytest.mark.parametrize("user", ["", "station-1:wrong@", "another:open-sesame@"])
def test_a_wrong_password_is_refused(guarded: Csms, user: str) -> None:
    assert refused(guarded.ocpp.replace("://", f"://{user}") + "/station-1", ["ocpp2.1"]) == 401


def test_the_right_password_opens(guarded: Csms) -> None:
    address = guarded.ocpp.replace("://", "://station-1:open-sesame@") + "/station-1"
    with connect(address, subprotocols=["ocpp2.1"], proxy=None) as socket:
        assert socket.subprotocol == "ocpp2.1"
