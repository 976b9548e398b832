"""The interlock's composition root: the drivers of each EVSE on the board that the settings name."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from drivers.connector_lock import ConnectorLock, MotorLock, NoLock, SolenoidLock
from drivers.contactor import Coil, Contactor, EconomisedCoil, PlainCoil
from drivers.control_pilot import ControlPilot, duty_e4
from drivers.emergency_stop import EmergencyStop
from drivers.proximity import Proximity
from drivers.residual_current import ResidualCurrent
from drivers.temperature import Temperature
from firmware.interlock.core import DutyFor
from firmware.interlock.json_object import SettingsError
from firmware.interlock.model import Commands, Sampled
from firmware.interlock.settings import EvseSettings
from hal.ports import Board, Input, Output

DUTY_FOR: DutyFor = duty_e4


class Devices(NamedTuple):
    """What one EVSE is made of; None is what this installation does not have."""

    contactor: Contactor
    lock: ConnectorLock
    pilot: ControlPilot
    emergency_stop: EmergencyStop
    residual_current: ResidualCurrent | None = None
    ventilation: Output | None = None
    proximity: Proximity | None = None
    temperature: Temperature | None = None
    door: Input | None = None
    power_failing: Input | None = None

    def sample(self, at_ms: int) -> Sampled:
        """Read all inputs. Raises BoardLostError."""
        high_mv, low_mv = self.pilot.peaks_mv()
        return Sampled(
            at_ms,
            high_mv,
            low_mv,
            mirror_open=self.contactor.mirror_open(),
            locked=self.lock.locked(),
            emergency_stop=self.emergency_stop.pressed(),
            residual_current=self.residual_current is not None and self.residual_current.tripped(),
            door_open=self.door is not None and self.door.read(),
            power_failing=self.power_failing is not None and self.power_failing.read(),
            temperature_mc=None if self.temperature is None else self.temperature.read_mc(),
            proximity_ohm=None if self.proximity is None else self.proximity.read_ohm(),
        )

    def apply(self, before: Commands | None, now: Commands) -> None:
        """Bring the outputs from one set of commands to another: open first, close last.

        ``before`` None: nothing is known of the outputs. Raises BoardLostError.
        """
        coil = (now.closed, now.economised)
        switched = before is None or (before.closed, before.economised) != coil
        if switched and not now.closed:
            self.contactor.drive(*coil)
        if before is None or before.duty_e4 != now.duty_e4:
            self.pilot.offer(now.duty_e4)
        if before is None or before.lock != now.lock:
            self.lock.drive(now.lock)
        if self.residual_current is not None and (
            before is None or before.residual_test != now.residual_test
        ):
            self.residual_current.test(now.residual_test)
        if self.ventilation is not None and (before is None or before.ventilate != now.ventilate):
            self.ventilation.set(now.ventilate)
        if switched and now.closed:
            self.contactor.drive(*coil)


def devices_of(board: Board, evse: EvseSettings) -> Devices:
    """Return the drivers of one EVSE, on the lines that the board calls ``evse{n}.…``.

    Raises SettingsError with the path of the setting whose part the board has not.
    """
    name = f"evse{evse.number}"
    with _asked_for_by(evse, "rules.economiser"):
        coil = _coil(board, evse)
    with _asked_for_by(evse, "rules.lock"):
        lock = _lock(board, evse)
    with _asked_for_by(evse, "rules.residual_current"):
        residual_current = _residual_current(board, evse)
    with _asked_for_by(evse, "rules.ventilation"):
        ventilation = board.output(f"{name}.ventilation") if evse.rules.ventilation else None
    with _asked_for_by(evse, "rules.proximity"):
        proximity = evse.divider and Proximity(board.adc(f"{name}.proximity"), *evse.divider)
    with _asked_for_by(evse, "rules.derating"):
        derated = evse.rules.derating is not None
        temperature = Temperature(board.thermometer(f"{name}.temperature")) if derated else None
    with _asked_for_by(evse, "id"):
        return Devices(
            Contactor(coil, board.input(f"{name}.contactor_mirror")),
            lock,
            ControlPilot(
                board.pwm(f"{name}.pilot"), board.adc(f"{name}.pilot_high"), board.adc(f"{name}.pilot_low")
            ),
            EmergencyStop(board.input("emergency_stop")),
            residual_current,
            ventilation,
            proximity,
            temperature,
            door=_of_the_board(board, "door"),
            power_failing=_of_the_board(board, "power_failing"),
        )


def heartbeat_of(board: Board) -> Output | None:
    """Return the output that feeds the coils' supply as long as it is toggled, None without one."""
    return board.output("heartbeat") if "heartbeat" in board.names()["output"] else None


def _coil(board: Board, evse: EvseSettings) -> Coil:
    name = f"evse{evse.number}.contactor"
    if evse.rules.economiser:
        return EconomisedCoil(board.pwm(name), evse.hold_e4)
    return PlainCoil(board.output(name))


def _lock(board: Board, evse: EvseSettings) -> ConnectorLock:
    name = f"evse{evse.number}"
    if evse.rules.lock == "none":
        return NoLock()
    forward, feedback = board.output(f"{name}.lock_forward"), board.input(f"{name}.lock_feedback")
    if evse.rules.lock == "solenoid":
        return SolenoidLock(forward, feedback)
    return MotorLock(forward, board.output(f"{name}.lock_reverse"), feedback)


def _residual_current(board: Board, evse: EvseSettings) -> ResidualCurrent | None:
    if not evse.rules.residual_current:
        return None
    name = f"evse{evse.number}"
    return ResidualCurrent(board.output(f"{name}.residual_test"), board.input(f"{name}.residual_current"))


def _of_the_board(board: Board, name: str) -> Input | None:
    """Return an input that boards may have or not, shared by all EVSEs."""
    return board.input(name) if name in board.names()["input"] else None


@contextmanager
def _asked_for_by(evse: EvseSettings, setting: str) -> Iterator[None]:
    """A part that the board has not is a mistake in the setting that asks for it."""
    try:
        yield
    except KeyError as error:
        raise SettingsError(f"{evse.path}{setting}: {error.args[0]}") from error
