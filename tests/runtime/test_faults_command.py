"""``wattseal faults`` against an agent's control socket: shows what stands, clears by the interlock."""

import asyncio
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firmware.core.effects import ClearInterlockFaults
from firmware.core.events import Event
from firmware.runtime.agent_control import SOCKET, AgentControl
from firmware.runtime.faults_command import main
from tests.support.virtual import VirtualStation

SITE = Path(__file__).parents[2] / "config" / "site.example.toml"


class ObedientStation(VirtualStation):
    """Its interlock forgets what it is told to, but for what is in ``stubborn``."""

    stubborn: frozenset[str] = frozenset()

    def post(self, event: Event) -> None:
        self.feed(event)
        if any(isinstance(effect, ClearInterlockFaults) for effect in self.effects):
            self.faults = self.stubborn
            self._report()


def faulted(*names: str) -> ObedientStation:
    station = ObedientStation()
    station.faults = frozenset(names)
    station._report()
    return station


@pytest.fixture
def site(tmp_path: Path) -> Path:
    config = SITE.parent
    for folder in ("boards", "tariffs"):
        (tmp_path / folder).symlink_to(config / folder)
    text = SITE.read_text().replace('"/run/wattseal"', f'"{tmp_path}"')
    (tmp_path / "site.toml").write_text(text)
    return tmp_path / "site.toml"


@contextmanager
def served(station: VirtualStation, site: Path) -> Iterator[Path]:
    """Serve the control socket from a loop of its own, as the agent's does."""
    path, loop, started = site.parent / SOCKET, asyncio.new_event_loop(), threading.Event()
    post = station.post if isinstance(station, ObedientStation) else station.feed
    control = AgentControl(path, state=lambda: station.state, post=post, stamp=station.stamp)
    task = loop.create_task(control.run())

    def until_listening() -> None:
        started.set() if path.exists() else loop.call_soon(until_listening)

    def serve() -> None:
        loop.call_soon(until_listening)
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        assert started.wait(5)
        yield path
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        loop.close()


def test_a_sound_station_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(VirtualStation(), site):
        assert main(["--config", str(site), "--language", "en"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "EVSE 1: contactor open, 0 closings, pilot A",
        "  no fault stands",
    ]


def test_a_standing_fault_is_shown_with_what_to_do(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(faulted("EmergencyStop", "ContactorWelded"), site):
        assert main(["--config", str(site), "--language", "en"]) == 1
    out = capsys.readouterr().out
    assert out.index("ContactorWelded: Contactor welded") < out.index("EmergencyStop: Emergency stop pressed")
    assert "remedy: Switch the upstream breaker off" in out
    assert "ends: cleared on site: wattseal faults --clear" in out


def test_the_sites_own_language_is_spoken(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(faulted("ResidualCurrent"), site):
        main(["--config", str(site)])
    out = capsys.readouterr().out
    assert "ResidualCurrent: 漏电保护动作" in out
    assert "可能原因: 车辆或电缆绝缘损坏" in out


def test_an_engineer_clears_and_sees_that_it_is_gone(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(faulted("ContactorWelded"), site):
        assert main(["--config", str(site), "--language", "en", "--clear"]) == 0
    assert "no fault stands" in capsys.readouterr().out


def test_a_fault_that_the_interlock_does_not_let_go_stays(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station = faulted("ContactorWelded")
    station.stubborn = frozenset({"ContactorWelded"})
    with served(station, site):
        assert main(["--config", str(site), "--language", "en", "--clear"]) == 1
    assert "ContactorWelded" in capsys.readouterr().out


def test_the_socket_is_for_this_user_alone_and_goes_with_the_agent(site: Path) -> None:
    with served(VirtualStation(), site) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_without_a_running_agent_it_says_what_to_do(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(site)]) == 2
    error = capsys.readouterr().err
    assert f"{site.parent / SOCKET}: no agent answers there" in error
    assert "wattseal run" in error


def test_a_site_file_that_is_wrong_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in capsys.readouterr().err
