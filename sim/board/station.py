"""One station's connection to the board: what it drives, and the watchdog that it may arm."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

FULL_E4 = 10_000
WATCHDOG_MOST_MS = 60_000


class Hardware(Protocol):
    """What the station's commands act on. ``pwms`` gives each channel's safe duty."""

    outputs: tuple[str, ...]
    pwms: Mapping[str, int]

    def drive(self, output: str, on: bool) -> None:
        """Switch an output. Raises KeyError for an unknown one."""

    def set_duty(self, pwm: str, duty_e4: int) -> None:
        """Set a PWM's duty. Raises KeyError for an unknown one."""


class Station:
    """Obeys commands; ``bite`` is called after the watchdog has made safe what this station drove."""

    def __init__(self, hardware: Hardware, bite: Callable[[], None]) -> None:
        self._hardware = hardware
        self._bite = bite
        self._driven: set[str] = set()
        self._watchdog_ms = 0
        self._watchdog: asyncio.TimerHandle | None = None

    def obey(self, command: Any) -> None:
        """Carry out one command. Raises KeyError, ValueError or TypeError for one that is none."""
        if not isinstance(command, dict):
            raise TypeError(f"{command!r} is no object")
        if "out" in command:
            self._hardware.drive(command["out"], bool(command["value"]))
            self._driven.add(command["out"])
        if "pwm" in command:
            self._hardware.set_duty(command["pwm"], _whole(command, "duty_e4", FULL_E4))
            self._driven.add(command["pwm"])
        if "watchdog_ms" in command:
            self._watchdog_ms = _whole(command, "watchdog_ms", WATCHDOG_MOST_MS)
            self._wind_up()
        if "feed" in command:
            self._wind_up()

    def end(self) -> None:
        """Make safe what this station drove; its watchdog is over."""
        self._watchdog_ms = 0
        self._wind_up()
        driven, self._driven = self._driven, set()
        for name in sorted(driven & set(self._hardware.outputs)):
            self._hardware.drive(name, False)
        for name in sorted(driven & set(self._hardware.pwms)):
            self._hardware.set_duty(name, self._hardware.pwms[name])

    def _wind_up(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._watchdog_ms:
            loop = asyncio.get_running_loop()
            self._watchdog = loop.call_later(self._watchdog_ms / 1000, self._starved)

    def _starved(self) -> None:
        self.end()
        self._bite()


def _whole(command: dict[str, Any], key: str, most: int) -> int:
    value = command[key]
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{key} {value!r} is no integer from 0 to {most}")
    return value
