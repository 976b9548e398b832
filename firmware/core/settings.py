"""What the core must know of its site, as plain values; the composition root fills it in."""

from dataclasses import dataclass

from firmware.core.tariff import Tariff
from firmware.core.web_payment import WebPayments


@dataclass(frozen=True, slots=True)
class MeterIdentity:
    """Which meter a record was read from; ``resolution_dwh`` is its import register's step.

    ``serial`` goes into records until the meter itself tells its number. ``named``: the site file says it,
    so that another number is another meter. ``rollover_dwh`` is where the register begins at 0 again.
    """

    vendor: str
    model: str
    serial: str
    resolution_dwh: int
    rollover_dwh: int | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class EvseSettings:
    """One EVSE. ``max_power_w`` bounds what its register can plausibly move by.

    ``phases`` are the supply's phases that its L1 to L3 are wired to (its phase rotation). ``meter_signs``:
    its meter keeps a signed record of its own; ``meter_seal_required``: no energy without one.
    """

    evse: int
    max_current_ma: int
    max_power_w: int
    meter: MeterIdentity
    phases: tuple[int, ...] = (1, 2, 3)
    meter_signs: bool = False
    meter_seal_required: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """One station. Times are milliseconds of billing time.

    ``supply_ma`` is what each phase of the supply carries for all EVSEs together, None where each has its
    own. ``physics_rate``: so many milliseconds of billing time pass in one of the vehicle's and interlock's.
    """

    station_id: str
    vendor: str
    model: str
    firmware_version: str
    tariff: Tariff
    web_payments: WebPayments
    evses: tuple[EvseSettings, ...]
    connection_timeout_ms: int = 60_000
    receipt_ms: int = 60_000
    record_every_ms: int = 60_000
    vehicle_full_ms: int = 120_000
    backend_alert_ms: int = 300_000
    meter_seal_ms: int = 2_000
    supply_ma: int | None = None
    physics_rate: int = 1

    def evse(self, number: int) -> EvseSettings:
        """Return one EVSE's settings."""
        for evse in self.evses:  # asked for at every reading: a loop is the quickest
            if evse.evse == number:
                return evse
        raise KeyError(number)
