"""Tries every part that a board file names, one by one, and says of each what there is: nothing is switched.

Outputs and PWM channels are looked at, not driven; a watchdog is not opened, since opening arms it.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hal.linux.files import ROOT, device_by, read_number, under
from hal.ports import BoardLostError


class Finding(NamedTuple):
    """One part: ``where`` it is named in the board file, and what was found."""

    where: str
    ok: bool
    text: str


def probe(io: dict[str, Any], root: Path = ROOT) -> Iterator[Finding]:
    """Yield what is found of each part; ``io`` is the board file's (`config.board_io`)."""
    for table, look in _LOOKS.items():
        for name, part in io[table].items():
            where = f'{table}."{name}"' if "." in name else f"{table}.{name}"
            yield _found(where, look, part, root)
    if Path(io["display"]["device"]).is_absolute():
        yield _found("display", lambda _part, at: _display(io, at), io["display"], root)
    for name, look in (("watchdog", _watchdog), ("rtc", _rtc)):
        if io[name] is not None:
            yield _found(name, look, io[name], root)


_Look = Callable[[dict[str, Any], Path], str]


def _found(where: str, look: _Look, part: dict[str, Any], root: Path) -> Finding:
    try:
        return Finding(where, True, look(part, root))
    except (BoardLostError, ValueError, KeyError) as error:
        return Finding(where, False, _advised(str(error.args[0])))


def _advised(why: str) -> str:
    return f"{why}: run as root, or join the group that owns it" if why.endswith("Permission denied") else why


def _line(part: dict[str, Any], root: Path) -> str:
    from hal.linux.gpio import free_line

    return free_line(part, root)


def _led(part: dict[str, Any], root: Path) -> str:
    folder = root / "sys/class/leds" / part["led"]
    return f"{folder.name}, brightness 0 to {read_number(folder / 'max_brightness')}"


def _coprocessor(part: dict[str, Any], _root: Path) -> str:
    from hal.coprocessor.coprocessor import PilotCoprocessor

    coprocessor = PilotCoprocessor(part["device"], part["baudrate"])
    try:
        return f"{part['device']}: {coprocessor.firmware}, {coprocessor.pilots} pilots"
    finally:
        coprocessor.close()


def _pwm(part: dict[str, Any], root: Path) -> str:
    if part["coprocessor"] is not None:
        return f"pilot {part['channel']} of coprocessor {part['coprocessor']}"
    chip = device_by(root / "sys/class/pwm", "pwmchip", part["chip"], "device")
    count = read_number(chip / "npwm")
    if part["channel"] >= count:
        raise BoardLostError(f"{chip.name} has {count} channels, counted from 0")
    return f"{chip.name} channel {part['channel']} of {count}"


def _adc(part: dict[str, Any], root: Path) -> str:
    from hal.linux.adc import IioAdc

    if part["coprocessor"] is not None:
        return f"{part['channel']} of coprocessor {part['coprocessor']}"
    adc = IioAdc(part, root)
    try:
        return f"{adc.read_mv()} mV now"
    finally:
        adc.close()


def _thermometer(part: dict[str, Any], root: Path) -> str:
    from hal.linux.thermometer import HwmonThermometer

    return f"{HwmonThermometer(part, root).read_mc() / 1000:.1f} °C now"


def _display(io: dict[str, Any], root: Path) -> str:
    from hal.linux.framebuffer import LinuxFramebuffer

    bytes_per_pixel, _ = LinuxFramebuffer(io, root).geometry()
    device = under(root, io["display"]["device"])
    _require_access(device, os.W_OK)
    return (
        f"{device}: {io['display']['width']} × {io['display']['height']}, {8 * bytes_per_pixel} bits a pixel"
    )


def _watchdog(part: dict[str, Any], root: Path) -> str:
    device = under(root, part["device"])
    _require_access(device, os.W_OK)
    return f"{device} is there (not opened: that would arm it)"


def _rtc(part: dict[str, Any], root: Path) -> str:
    from hal.linux.rtc import LinuxRtc

    return f"{part['device']}: {LinuxRtc(part, root).read_utc_s()} s since 1970"


def _require_access(device: Path, mode: int) -> None:
    if not device.exists():
        raise BoardLostError(f"{device} is not there")
    if not os.access(device, mode):
        raise BoardLostError(f"{device}: Permission denied")


_LOOKS: dict[str, _Look] = {
    "outputs": _line,
    "inputs": _line,
    "leds": _led,
    "coprocessors": _coprocessor,
    "pwms": _pwm,
    "adcs": _adc,
    "thermometers": _thermometer,
}
