"""A meter in virtual time, with what meters do wrong: stand still, repeat themselves, leap, be exchanged."""

from dataclasses import dataclass, field

from firmware.core.events import MeterReading
from firmware.core.units import Stamp


@dataclass
class VirtualMeter:
    """``import_mwh`` is what it has counted; its register shows that in whole steps, modulo ``rollover_dwh``.

    ``serial`` is the number that it tells, "" for none. ``works``: it answers. ``counts``: energy moves it.
    ``repeats``: a gateway answers in its place with what was read last. ``wild`` are the registers that the
    next readings have instead of the true one. ``phases`` of 0: it has no voltage or current registers.
    """

    import_mwh: int = 1_234_567_800
    serial: str = ""
    step_dwh: int = 1
    rollover_dwh: int | None = None
    phases: int = 0
    works: bool = True
    counts: bool = True
    repeats: bool = False
    wild: list[int] = field(default_factory=list)
    _last: MeterReading | None = None

    @property
    def import_dwh(self) -> int:
        """What its display shows."""
        shown = self.import_mwh // 100 // self.step_dwh * self.step_dwh
        return shown % self.rollover_dwh if self.rollover_dwh else shown

    def count(self, mwh: int) -> None:
        """Let energy flow through it."""
        if self.counts:
            self.import_mwh += mwh

    def read(self, at: Stamp, watts: int, *, register_only: bool) -> MeterReading:
        """Answer a request."""
        if self.repeats and self._last is not None:
            last = self._last
            return MeterReading(at, last.import_dwh, last.power_w, last.voltage_mv, last.current_ma)
        register = self.wild.pop(0) if self.wild else self.import_dwh
        if register_only:
            return MeterReading(at, register, resolution_dwh=self.step_dwh)
        voltage_mv, current_ma = self._electrical(at, watts) if self.phases else (None, None)
        self._last = MeterReading(at, register, watts, voltage_mv, current_ma, self.step_dwh)
        return self._last

    def _electrical(self, at: Stamp, watts: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return voltages that wander by some tenths, as mains do, and the currents that belong to them."""
        seconds, phases = at.mono_ms // 1_000, range(self.phases)
        voltage_mv = tuple(230_000 + (seconds * 7 + phase) % 13 * 100 for phase in phases)
        return voltage_mv, tuple(watts * 1_000_000 // self.phases // mv for mv in voltage_mv)
