"""PWM channels through /sys/class/pwm (Documentation/driver-api/pwm.rst)."""

import time
from pathlib import Path
from typing import Any

from hal.linux.files import ROOT, device_by, read_number, read_text, write_text
from hal.ports import BoardLostError

FULL_E4 = 10_000
_NS_PER_S = 1_000_000_000
_APPEARS_WITHIN_S = 0.2


class SysfsPwm:
    """A channel, at its safe duty from the beginning and again when it is closed.

    Inverted wiring is counted in the duty, since not every driver knows polarity. Raises BoardLostError.
    """

    def __init__(self, pwm: dict[str, Any], root: Path = ROOT) -> None:
        chip = device_by(root / "sys/class/pwm", "pwmchip", pwm["chip"], "device")
        self._folder = chip / f"pwm{pwm['channel']}"
        self._inverted, self._safe_e4 = pwm["inverted"], pwm["safe_e4"]
        self._period_ns: int = _NS_PER_S // pwm["frequency_hz"]
        _export(chip, pwm["channel"], self._folder)
        self._begin()

    def set_duty(self, duty_e4: int) -> None:
        """Set the duty in 1/10000. Raises BoardLostError, ValueError outside 0 to 10000."""
        if not 0 <= duty_e4 <= FULL_E4:
            raise ValueError(f"a duty of {duty_e4}/10000 is outside 0 to {FULL_E4}")
        write_text(self._folder / "duty_cycle", str(self._on_ns(duty_e4)))

    def close(self) -> None:
        """Leave the channel running at its safe duty: one that is disabled may rest at either level."""
        self.set_duty(self._safe_e4)

    def _begin(self) -> None:
        """Set safe duty and period: the safe duty first if it fits, since a coil may be driven still.

        The kernel refuses a duty above the period that is in force, and any duty while that is 0.
        """
        self._count_upright()
        if read_number(self._folder / "period") >= max(1, self._on_ns(self._safe_e4)):
            self.set_duty(self._safe_e4)
        write_text(self._folder / "period", str(self._period_ns))
        self.set_duty(self._safe_e4)
        write_text(self._folder / "enable", "1")

    def _on_ns(self, duty_e4: int) -> int:
        """Return how long the pin is high in a period."""
        high_e4 = FULL_E4 - duty_e4 if self._inverted else duty_e4
        return self._period_ns * high_e4 // FULL_E4

    def _count_upright(self) -> None:
        """Undo an inversion that another program has left: it would turn our duties round."""
        polarity = self._folder / "polarity"
        if polarity.exists() and read_text(polarity) != "normal":
            write_text(self._folder / "enable", "0")  # a running channel keeps its polarity
            write_text(polarity, "normal")


def _export(chip: Path, channel: int, folder: Path) -> None:
    """Make the channel's files appear; udev may still be giving them to our group."""
    if not folder.exists():
        count = read_number(chip / "npwm")
        if channel >= count:
            raise BoardLostError(f"{chip}: there is no channel {channel}; it has {count}, counted from 0")
        write_text(chip / "export", str(channel))
    deadline = time.monotonic() + _APPEARS_WITHIN_S
    while not _writable(folder / "enable") and time.monotonic() < deadline:
        time.sleep(0.005)  # nothing announces udev's work


def _writable(path: Path) -> bool:
    try:
        with path.open("r+"):
            return True
    except OSError:
        return False
