"""`hal.linux.probe`: what it finds of each part, and that it switches nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hal.linux.probe import Finding, probe
from tests.contract.linux_tree import FB, HWMON, IIO, LED, PWM, plant

Make = Callable[..., dict[str, Any]]


def found(io: dict[str, Any], root: Path) -> dict[str, Finding]:
    return {finding.where: finding for finding in probe(io, root)}


@pytest.fixture
def whole(root: Path, io_with: Make) -> dict[str, Any]:
    """A board whose parts are all there."""
    plant(root, {f"{FB}/bits_per_pixel": "32", f"{FB}/virtual_size": "800,480", f"{FB}/stride": "3200"})
    plant(root, {f"{IIO}/in_voltage1_raw": "21900", "dev/fb0": "", "dev/watchdog": ""})
    return io_with() | {"watchdog": {"device": "/dev/watchdog", "timeout_s": 5}}


def test_what_is_there_is_told_with_what_it_says_now(root: Path, whole: dict[str, Any]) -> None:
    plant(root, {f"{IIO}/in_voltage0_raw": "1234"})
    findings = found(whole, root)
    assert [finding for finding in findings.values() if not finding.ok] == []
    texts = {where: finding.text for where, finding in findings.items()}
    assert texts["leds.ready"] == "virtual:status, brightness 0 to 255"
    assert texts['pwms."evse1.pilot"'] == "pwmchip0 channel 0 of 2"
    assert texts['adcs."evse1.proximity"'] == "1234 mV now"
    assert texts['adcs."evse1.pilot_high"'] == "8900 mV now"
    assert texts['thermometers."evse1.temperature"'] == "25.0 °C now"
    assert "800 × 480, 32 bits a pixel" in texts["display"]
    assert "not opened" in texts["watchdog"]


def test_nothing_is_switched(root: Path, whole: dict[str, Any]) -> None:
    files = [path for path in root.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    found(whole, root)
    assert {path: path.read_bytes() for path in files} == before


def test_what_is_not_there_is_told_and_the_rest_is_tried_too(root: Path, whole: dict[str, Any]) -> None:
    for name in (
        f"{LED}/max_brightness",
        f"{PWM}/npwm",
        f"{IIO}/name",
        f"{HWMON}/temp1_input",
        "dev/watchdog",
    ):
        (root / name).unlink()
    plant(root, {f"{FB}/virtual_size": "1024,600"})
    findings = found(whole | {"rtc": {"device": "/dev/rtc0"}}, root)
    assert [where for where, finding in findings.items() if finding.ok] == []
    assert "max_brightness: No such file" in findings["leds.ready"].text
    assert 'there is no "adc"' in findings['adcs."evse1.proximity"'].text
    assert "1024 × 600" in findings["display"].text
    assert "watchdog is not there" in findings["watchdog"].text
    assert "rtc0: No such file" in findings["rtc"].text


def test_a_line_without_a_chip_is_told(root: Path, whole: dict[str, Any]) -> None:
    line = {"chip": "/dev/gpiochip0", "line": 17, "active_low": False, "bias": "as-is", "debounce_us": 0}
    (root / "dev/gpiochip1").write_bytes(b"")
    finding = found(whole | {"inputs": {"emergency_stop": line}}, root)["inputs.emergency_stop"]
    assert not finding.ok
    assert "gpiochip0 is not there; there is" in finding.text
    assert "gpiochip1" in finding.text
