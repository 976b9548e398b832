"""The interlock's composition root: the drivers of each EVSE on the board that the settings name."""

from dataclasses import dataclass

from drivers.connector_lock import ConnectorLock
from drivers.contactor import Contactor
from drivers.control_pilot import ControlPilot, duty_e4
from drivers.emergency_stop import EmergencyStop
from firmware.interlock.core import DutyFor
from firmware.interlock.model import Commands, Sampled
from hal.ports import Board

DUTY_FOR: DutyFor = duty_e4


@dataclass(frozen=True, slots=True)
class Devices:
    """What one EVSE is made of."""

    contactor: Contactor
    lock: ConnectorLock
    pilot: ControlPilot
    emergency_stop: EmergencyStop

    def sample(self, at_ms: int) -> Sampled:
        """Read all inputs. Raises BoardLostError."""
        high_mv, low_mv = self.pilot.peaks_mv()
        return Sampled(
            at_ms,
            high_mv,
            low_mv,
            self.contactor.mirror_open(),
            self.lock.locked(),
            self.emergency_stop.pressed(),
        )

    def apply(self, before: Commands | None, now: Commands) -> None:
        """Bring the outputs from one set of commands to another: open first, close last.

        ``before`` None: nothing is known of the outputs. Raises BoardLostError.
        """
        if not now.closed and (before is None or before.closed):
            self.contactor.drive(False)
        if before is None or before.duty_e4 != now.duty_e4:
            self.pilot.offer(now.duty_e4)
        if before is None or before.lock != now.lock:
            self.lock.drive(now.lock)
        if now.closed and (before is None or not before.closed):
            self.contactor.drive(True)


def devices_of(board: Board, evse: int) -> Devices:
    """Return the drivers of one EVSE, on the lines that the board calls ``evse{n}.…``."""
    name = f"evse{evse}"
    return Devices(
        Contactor(board.output(f"{name}.contactor"), board.input(f"{name}.contactor_mirror")),
        ConnectorLock(
            board.output(f"{name}.lock_forward"),
            board.output(f"{name}.lock_reverse"),
            board.input(f"{name}.lock_feedback"),
        ),
        ControlPilot(
            board.pwm(f"{name}.pilot"), board.adc(f"{name}.pilot_high"), board.adc(f"{name}.pilot_low")
        ),
        EmergencyStop(board.input("emergency_stop")),
    )
