"""The whole board: EVSEs, mains, emergency stop, door, meters on their line, display, the hal's sockets."""

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim.board.display import Display
from sim.board.evse import PLAIN, Evse, Wiring
from sim.board.hal_server import HalServer
from sim.board.heartbeat import Heartbeat
from sim.board.line import PacedLine
from sim.board.load import Load
from sim.board.mains import Mains
from sim.board.meter_map import DEFAULT, Health, Measured
from sim.board.meters import meters_on
from sim.board.timeline import Timeline
from sim.board.vehicle import Vehicle

REACTION_MS = 200
"""How long a vehicle takes to close S2 on an offer, in real milliseconds."""


@dataclass(frozen=True)
class BoardOptions:
    """What a board is made of. ``start_kwh`` is the first meter's register at the start.

    ``meter`` names the meters' map (config/meters/), all of one kind.
    ``heartbeat``: the contactors' coils are supplied only while the output ``heartbeat`` is toggled.
    ``reaction_ms`` is how long a vehicle takes to close S2 on an offer, in real milliseconds.
    """

    address: str
    tty: str
    watts: float = 7200.0
    phases: int = 3
    baudrate: int = 9600
    evses: int = 1
    start_kwh: float = 1234.5678
    load: Load | None = None
    wiring: Wiring = PLAIN
    heartbeat: bool = False
    meter: str = DEFAULT
    reaction_ms: float = REACTION_MS


class SimBoard:
    """A board with ``options.evses`` EVSEs; meters are units 1 … N on the one line. Needs a running loop."""

    def __init__(self, options: BoardOptions, timeline: Timeline) -> None:
        self.display = Display()
        self.line = PacedLine(options.baudrate)
        self.hal = HalServer()
        self.mains = Mains()
        self.emergency_stop = False
        self.door_open = False
        self._options = options
        self._timeline = timeline
        self._heartbeat = Heartbeat(self._supply_coils) if options.heartbeat else None
        self.evses = {number: self._evse(number) for number in range(1, options.evses + 1)}
        self._meters = meters_on(
            self.line.device_tty,
            options.meter,
            {number: self._measure(evse) for number, evse in self.evses.items()},
            timeline.billing_ms,
        )
        terminals = [evse.terminals for evse in self.evses.values()]
        self._switches = dict(ChainMap(*(each.outputs for each in terminals)))
        if self._heartbeat is not None:
            self._switches["heartbeat"] = self._heartbeat.drive
        self._duties = dict(ChainMap(*(each.pwms for each in terminals)))
        self.outputs = tuple(self._switches)
        self.pwms: Mapping[str, int] = dict(ChainMap(*(each.safe_e4 for each in terminals)))
        self._supply_coils()

    async def start(self) -> None:
        """Open the line and the sockets."""
        self._publish_inputs()
        self.line.start()
        self.line.link(self._options.tty)
        await self._meters.start()
        await self.display.start(self._options.address)
        await self.hal.start(self._options.address, self)

    async def stop(self) -> None:
        """Close everything, as a power cut would."""
        await self.hal.stop()
        await self.display.stop()
        await self._meters.stop()
        self.line.close()

    def drive(self, output: str, on: bool) -> None:
        """Switch an output. Raises KeyError for an unknown one."""
        self._switches[output](on)

    def set_duty(self, pwm: str, duty_e4: int) -> None:
        """Set a PWM's duty. Raises KeyError for an unknown one."""
        self._duties[pwm](duty_e4)

    def set_emergency_stop(self, pressed: bool) -> None:
        """Press or release the emergency stop of the whole board."""
        self.emergency_stop = pressed
        if pressed:
            self._mark("estop_pressed")
        self._publish_inputs()

    def set_door(self, opened: bool) -> None:
        """Open or close the housing's door."""
        self.door_open = opened
        if opened:
            self._mark("door_opened")
        self._publish_inputs()

    def change_mains(self, do: Callable[[Mains], None]) -> None:
        """Let something happen to the mains now; the board itself lives on from its reserve."""
        failed_before = self.mains.failed
        for evse in self.evses.values():
            evse.update()
        do(self.mains)
        if self.mains.failed and not failed_before:
            self._mark("mains_failed")
        self._publish_inputs()
        self._supply_coils()

    def set_meter_health(self, evse: Evse, health: Health) -> None:
        """Let the meter of an EVSE be well, silent or talking junk."""
        self._meters.health[evse.number] = health

    def state(self, evse: Evse) -> dict[str, Any]:
        """Return what is true now at an EVSE and of the board."""
        return {
            **evse.state(),
            "emergency_stop": self.emergency_stop,
            "door_open": self.door_open,
            "power_failing": self.mains.failed,
            "mains_v": self.mains.volts,
            "coils_supplied": self._coils_supplied(),
            "meter": self._meters.health[evse.number],
            "hung": self.hal.hung,
            "watchdog_bites": self.hal.bites,
        }

    def _evse(self, number: int) -> Evse:
        options = self._options
        reaction_ms = options.reaction_ms * self._timeline.rate
        vehicle = Vehicle(options.watts, options.phases, reaction_ms, options.load)
        start_wh = options.start_kwh * 1000 + (number - 1) * 100_000
        return Evse(
            number, vehicle, self._timeline, self.hal, self.mains, wiring=options.wiring, start_wh=start_wh
        )

    def _measure(self, evse: Evse) -> Callable[[], Measured]:
        def measure() -> Measured:
            evse.update()
            volts = self.mains.measured(self._timeline.billing_ms())
            return evse.meter.show(Measured(volts, evse.phase_power_w(), evse.import_wh))

        return measure

    def _coils_supplied(self) -> bool:
        return not self.mains.failed and (self._heartbeat is None or self._heartbeat.alive)

    def _supply_coils(self) -> None:
        for evse in self.evses.values():
            evse.contactor.supply(self._coils_supplied())
            evse.update()

    def _mark(self, name: str) -> None:
        for evse in self.evses.values():
            evse.marks.set(name)

    def _publish_inputs(self) -> None:
        inputs = {
            "emergency_stop": self.emergency_stop,
            "door": self.door_open,
            "power_failing": self.mains.failed,
        }
        self.hal.publish("in", inputs)
