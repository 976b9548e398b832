"""The ports of one EVSE by the names that the station knows: what each drives, and what each shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sim.board.contactor import FULL_E4
from sim.board.pilot import STEADY_HIGH_E4
from sim.board.proximity import contact_mv

if TYPE_CHECKING:
    from sim.board.evse import Evse

Value = TypeVar("Value")


class Pins(Protocol):
    """Where inputs are made visible to the station."""

    def publish(self, kind: str, values: dict[str, Any]) -> None:
        """Set values of kind ``in``, ``adc`` or ``temp``; what has changed is sent at once."""


class Terminals:
    """``outputs`` and ``pwms`` are what the station may drive, ``safe_e4`` the duty each PWM falls to."""

    def __init__(self, evse: Evse, pins: Pins) -> None:
        self._evse = evse
        self._pins = pins
        self.outputs = self._named(self._outputs())
        self.pwms = self._named(self._pwms())
        pilot = self._name("pilot")
        self.safe_e4 = {name: STEADY_HIGH_E4 if name == pilot else 0 for name in self.pwms}

    def show(self) -> None:
        """Let the station see what is true now."""
        evse, pins = self._evse, self._pins
        inputs = {
            "contactor_mirror": evse.contactor.mirror_open,
            "lock_feedback": evse.lock.feedback,
            "residual_current": evse.residual_device.tripped,
        }
        high_mv, low_mv = evse.pilot_mv
        volts = {
            "pilot_high": high_mv,
            "pilot_low": low_mv,
            "proximity": contact_mv(evse.cable_a, evse.vehicle.plugged, evse.defects),
        }
        broken = "thermometer_broken" in evse.defects
        pins.publish("in", self._named(inputs))
        pins.publish("adc", self._named(volts))
        pins.publish("temp", self._named({"temperature": None if broken else evse.temperature_mc}))

    def _outputs(self) -> dict[str, Callable[[bool], None]]:
        evse = self._evse
        outputs: dict[str, Callable[[bool], None]] = {
            "lock_forward": lambda on: evse.lock.drive(forward=on),
            "residual_test": evse.test_residual_device,
            "ventilation": evse.ventilate,
        }
        if evse.wiring.lock == "motor":
            outputs["lock_reverse"] = lambda on: evse.lock.drive(reverse=on)
        if not evse.wiring.economiser:
            outputs["contactor"] = lambda on: evse.drive_coil(FULL_E4 if on else 0)
        return outputs

    def _pwms(self) -> dict[str, Callable[[int], None]]:
        evse = self._evse
        economiser = {"contactor": evse.drive_coil} if evse.wiring.economiser else {}
        return {"pilot": evse.set_pilot, **economiser}

    def _named(self, parts: dict[str, Value]) -> dict[str, Value]:
        return {self._name(part): value for part, value in parts.items()}

    def _name(self, part: str) -> str:
        return f"evse{self._evse.number}.{part}"
