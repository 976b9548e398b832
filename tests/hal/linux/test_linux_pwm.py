"""`hal.linux.pwm`: what the kernel would refuse is never written, however the channel was left."""

import sys
from pathlib import Path
from typing import Any

import pytest

from hal.linux.pwm import SysfsPwm
from tests.contract.linux_tree import PWM, plant

PILOT = {"chip": 0, "channel": 0, "frequency_hz": 1_000, "inverted": False, "safe_e4": 10_000}
COIL = {**PILOT, "safe_e4": 0}


class Writes:
    """Period and duty before each write to the channel and at the end: Python tells of an open (PEP 578)."""

    def __init__(self, channel: Path) -> None:
        self._channel = channel
        self.seen: list[tuple[int, int]] = []
        self._looking = self._on = False
        sys.addaudithook(self._hook)

    def __enter__(self) -> "Writes":
        self._on = True
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._look()

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and self._on and not self._looking and str(self._channel) in str(arguments[0]):
            self._look()

    def _look(self) -> None:
        self._looking = True
        self.seen.append((self._number("period"), self._number("duty_cycle")))
        self._looking = False

    def _number(self, name: str) -> int:
        return int((self._channel / name).read_text())


@pytest.mark.parametrize("pwm", [PILOT, COIL, {**PILOT, "inverted": True}], ids=["pilot", "coil", "inverted"])
@pytest.mark.parametrize(
    ("period", "duty"),
    [(0, 0), (50_000, 20_000), (500_000, 500_000), (1_000_000, 533_000), (20_000_000, 15_000_000)],
)
def test_the_duty_never_exceeds_the_period_on_the_way(
    root: Path, pwm: dict[str, Any], period: int, duty: int
) -> None:
    channel = root / PWM / "pwm0"
    plant(channel, {"period": str(period), "duty_cycle": str(duty)})
    with Writes(channel) as writes:
        driven = SysfsPwm(pwm, root)
        driven.set_duty(5_333)
        driven.close()
    assert all(duty <= period for period, duty in writes.seen), writes.seen
    assert (0, 1) not in [(period, min(duty, 1)) for period, duty in writes.seen], "no duty without a period"
    high = pwm["safe_e4"] if not pwm["inverted"] else 10_000 - pwm["safe_e4"]
    assert writes.seen[-1] == (1_000_000, 100 * high)


def test_a_channel_that_runs_inversed_does_not_turn_a_duty_round(root: Path) -> None:
    channel = root / PWM / "pwm0"
    plant(channel, {"polarity": "inversed"})
    SysfsPwm(PILOT, root).set_duty(2_000)
    shown = int((channel / "duty_cycle").read_text())
    assert shown == (200_000 if (channel / "polarity").read_text().strip() == "normal" else 800_000)
    assert int((channel / "enable").read_text()) == 1


def test_a_channel_that_is_not_there_yet_is_asked_for(root: Path) -> None:
    plant(root, {f"{PWM}/npwm": "4"})
    with pytest.raises(OSError, match=r"pwm3/"):
        SysfsPwm({**PILOT, "channel": 3}, root)
    assert (root / PWM / "export").read_text() == "3"
