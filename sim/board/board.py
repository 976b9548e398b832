"""The whole board: EVSEs, emergency stop, meters on their line, display, and the hal's sockets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sim.board.display import Display
from sim.board.evse import Evse, phase_voltages
from sim.board.hal_server import HalServer
from sim.board.line import PacedLine
from sim.board.load import Load
from sim.board.meter import Health, Measured, MeterBus
from sim.board.timeline import Timeline
from sim.board.vehicle import Vehicle

REACTION_MS = 200
"""How long a vehicle takes to close S2 on an offer, in real milliseconds."""


@dataclass(frozen=True)
class BoardOptions:
    """What a board is made of. ``start_kwh`` is the first meter's register at the start."""

    address: str
    tty: str
    watts: float = 7200.0
    phases: int = 3
    baudrate: int = 9600
    evses: int = 1
    start_kwh: float = 1234.5678
    load: Load | None = None


class SimBoard:
    """A board with ``options.evses`` EVSEs; meters are units 1 … N on the one line. Needs a running loop."""

    def __init__(self, options: BoardOptions, timeline: Timeline) -> None:
        self.display = Display()
        self.line = PacedLine(options.baudrate)
        self._options = options
        self._timeline = timeline
        self._hal = HalServer()
        self._emergency_stop = False
        self.evses = {number: self._evse(number) for number in range(1, options.evses + 1)}
        self._meters = MeterBus(
            self.line.device_tty, {number: self._measure(evse) for number, evse in self.evses.items()}
        )
        self.outputs = tuple(name for evse in self.evses.values() for name in evse.outputs)
        self.pwms = tuple(evse.name("pilot") for evse in self.evses.values())

    async def start(self) -> None:
        """Open the line and the sockets."""
        self._publish_emergency_stop()
        self.line.start()
        self.line.link(self._options.tty)
        await self._meters.start()
        await self.display.start(self._options.address)
        await self._hal.start(self._options.address, self)

    async def stop(self) -> None:
        """Close everything, as a power cut would."""
        await self._hal.stop()
        await self.display.stop()
        await self._meters.stop()
        self.line.close()

    def drive(self, output: str, on: bool) -> None:
        """Switch an output. Raises KeyError for an unknown one."""
        self._owner(output).drive(output, on)

    def set_duty(self, pwm: str, duty_e4: int) -> None:
        """Set a pilot's duty. Raises KeyError for an unknown one."""
        if pwm not in self.pwms:
            raise KeyError(pwm)
        self._owner(pwm).set_duty(duty_e4)

    def set_emergency_stop(self, pressed: bool) -> None:
        """Press or release the emergency stop of the whole board."""
        self._emergency_stop = pressed
        self._publish_emergency_stop()

    def set_meter_health(self, evse: Evse, health: Health) -> None:
        """Let the meter of an EVSE be well, silent or talking junk."""
        self._meters.health[evse.number] = health

    def state(self, evse: Evse) -> dict[str, Any]:
        """Return what is true now at an EVSE and of the board."""
        health = self._meters.health[evse.number]
        return {**evse.state(), "emergency_stop": self._emergency_stop, "meter": health}

    def _evse(self, number: int) -> Evse:
        options = self._options
        reaction_ms = REACTION_MS * self._timeline.rate
        vehicle = Vehicle(options.watts, options.phases, reaction_ms, options.load)
        start_wh = options.start_kwh * 1000 + (number - 1) * 100_000
        return Evse(number, vehicle, self._timeline, self._hal, start_wh)

    def _measure(self, evse: Evse) -> Callable[[], Measured]:
        def measure() -> Measured:
            evse.update()
            volts = phase_voltages(self._timeline.billing_ms())
            return Measured(volts, evse.phase_power_w(), evse.import_wh)

        return measure

    def _owner(self, name: str) -> Evse:
        for evse in self.evses.values():
            if name.startswith(evse.name("")):
                return evse
        raise KeyError(name)

    def _publish_emergency_stop(self) -> None:
        self._hal.publish("in", {"emergency_stop": self._emergency_stop})
