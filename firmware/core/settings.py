"""What the core must know of its site, as plain values; the composition root fills it in."""

from dataclasses import dataclass

from firmware.core.tariff import Tariff
from firmware.core.web_payment import WebPayments


@dataclass(frozen=True, slots=True)
class MeterIdentity:
    """Which meter a record was read from; ``resolution_dwh`` is its import register's step."""

    vendor: str
    model: str
    serial: str
    resolution_dwh: int


@dataclass(frozen=True, slots=True)
class EvseSettings:
    """One EVSE. ``max_power_w`` bounds what its register can plausibly move by."""

    evse: int
    max_current_ma: int
    max_power_w: int
    meter: MeterIdentity


@dataclass(frozen=True, slots=True)
class Settings:
    """One station. Times are milliseconds of billing time."""

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
