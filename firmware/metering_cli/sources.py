"""Where readings come from: a port that is ours, or the running agent that owns it."""

import asyncio
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from config.schema import AnyMeterMap, MeterWiring
from firmware.metering_cli.reading import Absent, Reading, Taken
from firmware.metering_cli.wiring import OneMeter, Port
from firmware.runtime.faults_command import NoAgentError, ask

ASK_THE_AGENT = (
    "if the station runs, its agent owns the line: wattseal meter read --config SITE asks it; "
    "or stop the station first (systemctl stop wattseal)"
)


class Source(Protocol):
    """One meter, read as often as one likes. ``label`` says which."""

    @property
    def label(self) -> str: ...
    async def read(self) -> Reading: ...
    async def close(self) -> None: ...


class FromPort:
    """A meter on a port, which it alone has from the first reading on."""

    def __init__(self, label: str, port: Port, wiring: MeterWiring, meter: AnyMeterMap) -> None:
        self.label = label
        self._meter = OneMeter(port, wiring, meter)
        self._serial: str | None = None

    async def read(self) -> Reading:
        """Read everything; the number on the plate until it has been told."""
        reading = await self._meter.read(serial=self._serial is None)
        if isinstance(reading, Absent):
            return reading._replace(next=ASK_THE_AGENT) if "in use" in reading.why else reading
        if self._serial is None and isinstance(reading.serial, str):
            self._serial = reading.serial
        return reading if self._serial is None else reading._replace(serial=self._serial)

    async def close(self) -> None:
        """Let go of the port."""
        await self._meter.close()


class FromAgent:
    """What the agent behind ``path`` last read of an EVSE's meter."""

    def __init__(self, label: str, path: Path, evse: int) -> None:
        self.label = label
        self._path, self._evse = path, evse

    async def read(self) -> Reading:
        """Return the agent's last reading, or what it says is wrong."""
        try:
            return await asyncio.to_thread(self.read_now)
        except NoAgentError as error:
            return Absent(str(error), "see the station's log", port=True)

    def read_now(self) -> Reading:
        """Do the same at once. Raises NoAgentError."""
        answer = ask(self._path, "meters")
        for meter in answer.get("meters", ()):
            if meter["evse"] == self._evse:
                return _reading(meter)
        raise NoAgentError(f"{self._path}: the agent there knows nothing of this meter; restart the station")

    async def close(self) -> None:
        """Nothing is held."""


class _Sample(NamedTuple):
    import_dwh: int
    resolution_dwh: int
    power_w: int | None
    voltage_mv: tuple[int, ...] | None
    current_ma: tuple[int, ...] | None


def _reading(meter: dict[str, Any]) -> Reading:
    if meter["why"]:
        return Absent(meter["why"], "wattseal faults --config SITE says what to do")
    told = meter["reading"]
    if told is None:
        return Absent("the agent has not read it yet", "wait some seconds, then ask again")
    sample = _Sample(
        told["import_dwh"],
        told["resolution_dwh"],
        told["power_w"],
        _tuple(told["voltage_mv"]),
        _tuple(told["current_ma"]),
    )
    return Taken(sample, meter["serial"], None, told["age_ms"])


def _tuple(values: list[int] | None) -> tuple[int, ...] | None:
    return None if values is None else tuple(values)
