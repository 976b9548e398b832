"""What a site, a board and a meter map say, as types. Times are seconds, currents amperes, as people write.

Every key is checked when a file is loaded (`config.load`): unknown keys, wrong types and values out of range
are errors with their path. config/site.example.toml shows every key with its meaning.
"""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A TOML table: frozen, and a key that is not named here is an error."""


Positive = Annotated[int, Meta(gt=0)]
Name = Annotated[str, Meta(min_length=1, max_length=48)]


class Operator(_Table, frozen=True):
    """Who sells the energy, as drivers read it on display and pay page."""

    name: Name
    name_en: str = ""
    hotline: str = ""


class Offers(_Table, frozen=True):
    """What a driver can choose: minutes of charging, or amounts in the main unit of the currency."""

    minutes: tuple[Positive, ...] = (60, 120, 180)
    amounts: tuple[Positive, ...] = (10, 20, 30)


class WebPayments(_Table, frozen=True):
    """The QR code on the display (OCPP 2.1 WebPaymentsCtrlr). The backend may set all of these later."""

    url_template: str
    validity_s: Annotated[int, Meta(ge=6, le=3600)] = 30
    length: Annotated[int, Meta(ge=6, le=32)] = 12


class Csms(_Table, frozen=True):
    """The backend. ``trace`` names a file that takes every OCPP frame as a JSON line; empty is off."""

    url: str
    password: str = ""
    versions: tuple[Literal["ocpp2.1", "ocpp2.0.1"], ...] = ("ocpp2.1",)
    call_timeout_s: Positive = 30
    trace: str = ""


class MeterWiring(_Table, frozen=True):
    """Which meter measures an EVSE: its register map (config/meters/), its port on the board, its unit."""

    map: Name
    port: Name = "meter"
    unit: Annotated[int, Meta(ge=1, le=247)] = 1
    serial: str = ""


class Evse(_Table, frozen=True, kw_only=True):
    """One EVSE: what its cable and fuse carry, and its meter."""

    id: Positive
    max_current_a: Annotated[int, Meta(ge=6, le=80)] = 32
    phases: Literal[1, 3] = 3
    meter: MeterWiring


class Transactions(_Table, frozen=True):
    """Times a driver meets. ``silent_meter_s``: how long without a valid reading before charging stops.

    ``vehicle_full_s``: a vehicle that takes nothing for so long is full, and the charge ends.
    """

    connection_timeout_s: Positive = 60
    receipt_s: Positive = 60
    record_every_s: Annotated[int, Meta(ge=10, le=900)] = 60
    silent_meter_s: Positive = 5
    vehicle_full_s: Positive = 120


class Station(_Table, frozen=True):
    """This charger. ``id`` is its OCPP identity, ``label`` what is painted on it."""

    id: Name
    label: str = ""
    model: str = "Wattseal AC"
    vendor: str = "Wattseal"
    serial: str = ""


class Site(_Table, frozen=True, kw_only=True):
    """site.toml: all of one charger. ``board`` and ``tariff`` are paths relative to the site file."""

    station: Station
    operator: Operator
    csms: Csms
    web_payments: WebPayments
    board: str
    tariff: str
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "CNY"
    language: Literal["zh", "en"] = "zh"
    time_zone: str = "Asia/Shanghai"
    state_dir: str = "/var/lib/wattseal"
    run_dir: str = "/run/wattseal"
    offers: Offers = Offers()
    transactions: Transactions = Transactions()
    evse: Annotated[tuple[Evse, ...], Meta(min_length=1)]


class ClockSource(_Table, frozen=True):
    """Where billing time comes from: the kernel, or a scaled clock on a bench (see `hal.clock`)."""

    source: Literal["system", "scaled"] = "system"
    rate: Positive = 1
    anchor_monotonic_ns: int = 0
    anchor_utc_ms: int = 0


class SerialPort(_Table, frozen=True):
    """A serial line of the board and its settings."""

    device: str
    baudrate: Positive = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1


class Display(_Table, frozen=True):
    """The display's picture size in pixels."""

    width: Positive = 800
    height: Positive = 480


class Board(_Table, frozen=True):
    """A board file: which hal backend provides the I/O, and the board's named parts."""

    backend: Literal["remote"]
    address: str
    clock: ClockSource = ClockSource()
    serial: dict[str, SerialPort] = field(default_factory=dict)
    display: Display = Display()


class Register(_Table, frozen=True):
    """One value of a meter map: where it is, how it is coded, what one of its units is worth.

    ``at`` is the zero-based PDU address; ``scale`` multiplies the raw value to the unit in the key's name.
    """

    at: Annotated[int, Meta(ge=0, le=65535)]
    type: Literal["float32", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
    scale: Decimal = Decimal(1)
    word_order: Literal["big", "little"] = "big"


class MeterMap(_Table, frozen=True):
    """A meter as data (config/meters/*.toml), every value with its source in the file's comments."""

    name: str
    source: str
    function: Literal[3, 4]
    resolution_dwh: Positive
    import_dwh: Register
    power_w: Register
    voltage_mv: tuple[Register, ...] = ()
    current_ma: tuple[Register, ...] = ()


class Loaded(Struct, frozen=True):
    """A site with everything its paths name, each checked.

    ``tariff`` is the OCPP 2.1 TariffType as read from TOML, its numbers as `decimal.Decimal`.
    """

    path: Path
    site: Site
    board: Board
    meters: dict[str, MeterMap]
    tariff: dict[str, Any]
