"""What a cumulative import register may read next. Pure arithmetic over one meter's readings.

Nothing here guesses a value: a reading is believed as it is, or not at all.
"""

from typing import NamedTuple

from firmware.core.events import MeterReading
from firmware.core.settings import EvseSettings

DWH_IN_W_MS = 360_000
"""0.1 Wh is 360 W·s."""

_TOLERANCE = 2
_REFRESH_MS = 2_000
"""A meter renews its registers once a second or so, and an answer may have been under way as long."""

_FLOWING_W = 100
"""Below this a meter may count slowly, or not at all: its class binds it from I_min on (EN 50470-3)."""

_LEAST_CHARGE_VA = 1_380
"""6 A at 230 V: less is no charge (IEC 61851-1, table A.8), and may be all reactive."""

_FROZEN_STEPS = 2
_FROZEN_MS = 30_000
_ALIKE_MS = 300_000
_LEAK_DWH = 50
_LEAK_WINDOW_MS = 900_000
_COARSE_SHARE = 100


class Still(NamedTuple):
    """A register that has stood since ``since_ms`` with the contactor closed.

    ``flowed_w_ms`` is the energy that flowed meanwhile by the meter's own power, in W·ms. Since ``alike_ms``
    not one bit of a reading has changed.
    """

    since_ms: int
    alike_ms: int
    flowed_w_ms: int = 0


def most_dwh(settings: EvseSettings, elapsed_ms: int, step_dwh: int) -> int:
    """Return the most that a register can rise by: twice what cable and fuse carry, and two steps."""
    carried_w_ms = settings.max_power_w * (max(0, elapsed_ms) + _REFRESH_MS)
    return _TOLERANCE * carried_w_ms // DWH_IN_W_MS + 2 * step_dwh


def overdue_dwh(still: Still | None) -> int:
    """Return what a register that stood may catch up with: what flowed by its own power, and a tenth."""
    return 0 if still is None else still.flowed_w_ms * 11 // (10 * DWH_IN_W_MS)


def why_not(before_dwh: int, reading: MeterReading, most: int) -> str:
    """Say why a register cannot follow ``before_dwh``, or "": it never falls, nor rises by above ``most``."""
    moved = reading.import_dwh - before_dwh
    if moved < 0:
        return f"import register fell from {before_dwh} to {reading.import_dwh} dWh"
    return f"import register rose by {moved} dWh at once" if moved > most else ""


def rolled_over(before_dwh: int, reading: MeterReading, most: int, settings: EvseSettings) -> bool:
    """Say whether a register that fell has only begun at 0 again."""
    modulus = settings.meter.rollover_dwh
    if modulus is None or reading.import_dwh >= before_dwh:
        return False
    return 0 <= reading.import_dwh + modulus - before_dwh <= most


def step_dwh(reading: MeterReading, settings: EvseSettings) -> int:
    """Return the register's step at this reading."""
    return reading.resolution_dwh or settings.meter.resolution_dwh


def is_coarse(reading: MeterReading, settings: EvseSettings) -> bool:
    """Say whether one step is more than a hundredth of what a minute can bring: no use for minutes."""
    minute_w_ms = settings.max_power_w * 60_000
    return step_dwh(reading, settings) * DWH_IN_W_MS * _COARSE_SHARE > minute_w_ms


def stands_still(still: Still | None, before: MeterReading, reading: MeterReading) -> Still | None:
    """Return how long the register has stood still with the contactor closed, None when it moved."""
    now_ms = reading.at.mono_ms
    if reading.import_dwh != before.import_dwh:
        return None
    still = still or Still(before.at.mono_ms, before.at.mono_ms)
    power_w = min(_flowing_w(before), _flowing_w(reading))
    flowed_w_ms = power_w * (now_ms - before.at.mono_ms) if power_w >= _FLOWING_W else 0
    alike = reading.voltage_mv and _electrical(reading) == _electrical(before)
    return Still(still.since_ms, still.alike_ms if alike else now_ms, still.flowed_w_ms + flowed_w_ms)


def why_frozen(still: Still, reading: MeterReading, settings: EvseSettings) -> str:
    """Say why a meter that stands still is no meter any more, or "".

    Either by its own power two steps of its register have flowed, in half a minute or more: a register of
    0.1 kWh has 8.5 minutes at 1.4 kW. Or voltage, current, power and register have not changed by one bit
    for five minutes: a live meter's voltage wanders, a gateway's copy of a dead meter's does not.
    """
    stood_ms = reading.at.mono_ms - still.since_ms
    flowed_dwh = still.flowed_w_ms // DWH_IN_W_MS
    if stood_ms >= _FROZEN_MS and flowed_dwh >= _FROZEN_STEPS * step_dwh(reading, settings):
        return f"import register stood at {reading.import_dwh} dWh while {flowed_dwh} dWh flowed"
    if reading.at.mono_ms - still.alike_ms >= _ALIKE_MS:
        return f"the same reading, bit for bit, for {stood_ms // 1000} s with the contactor closed"
    return ""


def window(since: MeterReading | None, reading: MeterReading) -> MeterReading:
    """Return the reading from which energy through an open contactor is counted: for 15 min at most."""
    if since is None or reading.at.mono_ms - since.at.mono_ms > _LEAK_WINDOW_MS:
        return reading
    return since


def why_leaking(since: MeterReading, reading: MeterReading, settings: EvseSettings) -> str:
    """Say what flowed through an open contactor, or "": 5 Wh, two steps, 100 W on average are too much."""
    moved = reading.import_dwh - since.import_dwh
    elapsed_ms = reading.at.mono_ms - since.at.mono_ms
    enough = moved >= max(_LEAK_DWH, _FROZEN_STEPS * step_dwh(reading, settings))
    if not enough or moved * DWH_IN_W_MS < _FLOWING_W * elapsed_ms:
        return ""
    return f"{moved} dWh counted in {elapsed_ms // 1000} s with the contactor open"


def _flowing_w(reading: MeterReading) -> int:
    """Return the power that a reading tells of; half its apparent power where its power is less."""
    power_w = reading.power_w or 0
    if not reading.voltage_mv or not reading.current_ma:
        return power_w
    pairs = zip(reading.voltage_mv, reading.current_ma, strict=False)
    apparent_va = sum(mv * abs(ma) for mv, ma in pairs) // 1_000_000
    return max(power_w, apparent_va // 2) if apparent_va >= _LEAST_CHARGE_VA else power_w


def _electrical(reading: MeterReading) -> tuple[object, ...]:
    return reading.power_w, reading.voltage_mv, reading.current_ma
