"""What holds for every `hal.ports.Watchdog`."""

from typing import Protocol

from hal.ports import Watchdog
from tests.contract.rig import Rig


class WatchdogRig(Rig, Protocol):
    """A rig whose board file names a watchdog."""

    def armed(self) -> Watchdog:
        """Open the board and arm its watchdog."""

    def look_on(self, for_s: float, watchdog: Watchdog | None) -> None:
        """Let time pass, with the board refreshed, and fed where a watchdog is given."""

    def acted(self, within_s: float) -> bool:
        """Return whether the watchdog acts within that time, or has since it was armed."""


class WatchdogContract:
    """Unfed it acts; fed or closed it does not."""

    def test_unfed_it_acts(self, rig: WatchdogRig) -> None:
        watchdog = rig.armed()
        assert rig.acted(2 * watchdog.timeout_ms / 1000 + 1)

    def test_fed_it_does_not(self, rig: WatchdogRig) -> None:
        watchdog = rig.armed()
        rig.look_on(1.5 * watchdog.timeout_ms / 1000, watchdog)
        assert not rig.acted(0)
        watchdog.close()

    def test_closed_it_never_does(self, rig: WatchdogRig) -> None:
        watchdog = rig.armed()
        watchdog.feed()
        watchdog.close()
        assert not rig.acted(1.5 * watchdog.timeout_ms / 1000)
        watchdog.close()
