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
Baudrate = Literal[
    300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600
]  # fmt: skip
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
    """Which meter measures an EVSE: its map (config/meters/), its port on the board, its number on the line.

    ``unit`` is its Modbus number, ``address`` its twelve digits on a DL/T 645 line. ``serial`` is the number
    on its plate, where the meter itself does not tell. A meter that is set otherwise than the others on its
    line has its own ``baudrate``, ``parity`` and ``stopbits``. ``answer_within_ms``: how long it may think,
    beyond the wire's own time. ``seal``: whether a meter that signs is asked for its own record of a charge
    ("none", "wanted"), or energy flows only with one ("required").
    """

    map: Name
    port: Name = "meter"
    unit: Annotated[int, Meta(ge=1, le=247)] = 1
    address: Annotated[str, Meta(pattern="^([0-9]{12})?$")] = ""
    serial: str = ""
    baudrate: Baudrate | None = None
    parity: Literal["N", "E", "O"] | None = None
    stopbits: Literal[1, 2] | None = None
    answer_within_ms: Annotated[int, Meta(ge=20, le=5000)] | None = None
    seal: Literal["none", "wanted", "required"] = "wanted"


class Evse(_Table, frozen=True, kw_only=True):
    """One EVSE: what its cable and fuse carry, and its meter.

    ``phase_rotation``: the supply's phases (R, S, T) that its L1, L2 and L3 are wired to, as in OCPP; one
    with a single phase is on the first of them. It counts where the board's supply is shared.
    """

    id: Positive
    max_current_a: Annotated[int, Meta(ge=6, le=80)] = 32
    phases: Literal[1, 3] = 3
    phase_rotation: Literal["RST", "RTS", "SRT", "STR", "TRS", "TSR"] = "RST"
    meter: MeterWiring


class Transactions(_Table, frozen=True):
    """Times a driver meets. ``silent_meter_s``: how long without a valid reading before charging stops.

    ``vehicle_full_s``: a vehicle that takes nothing for so long is full, and the charge ends.
    ``meter_seal_s``: so long a meter that signs by itself is waited for, at begin and at end of a charge.
    """

    connection_timeout_s: Positive = 60
    receipt_s: Positive = 60
    record_every_s: Annotated[int, Meta(ge=10, le=900)] = 60
    silent_meter_s: Positive = 5
    vehicle_full_s: Positive = 120
    meter_seal_s: Positive = 2


class Signing(_Table, frozen=True):
    """Where the key is that seals usage records.

    ``key`` is a file (``file:station.key``, relative to the state folder) or a key on a token, as a
    PKCS #11 URI (RFC 7512): ``pkcs11:token=wattseal;object=station?module-path=…&pin-source=…``.
    """

    key: Annotated[str, Meta(pattern="^(file|pkcs11):.+")] = "file:station.key"


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
    signing: Signing = Signing()
    evse: Annotated[tuple[Evse, ...], Meta(min_length=1)]


class ClockSource(_Table, frozen=True):
    """Where billing time comes from: the kernel, or a scaled clock on a bench (see `hal.clock`)."""

    source: Literal["system", "scaled"] = "system"
    rate: Positive = 1
    anchor_monotonic_ns: int = 0
    anchor_utc_ms: int = 0


class Rs485(_Table, frozen=True):
    """The kernel's RS-485 mode (ioctl TIOCSRS485): the driver switches the transceiver's direction itself."""

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before_send_ms: Annotated[int, Meta(ge=0, le=100)] = 0
    delay_after_send_ms: Annotated[int, Meta(ge=0, le=100)] = 0


class SerialPort(_Table, frozen=True):
    """A serial line of the board and its settings; ``rs485`` where the kernel is to switch direction."""

    device: str
    baudrate: Baudrate = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    rs485: Rs485 | None = None


class TcpPort(_Table, frozen=True):
    """A meter, or a gateway to some, on the network: Modbus TCP."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65535)] = 502


class Display(_Table, frozen=True):
    """The display's picture size in pixels, as a person sees it.

    ``device`` is the framebuffer on a Linux board; ``rotation`` turns the picture clockwise on a panel that
    is mounted otherwise.
    """

    width: Positive = 800
    height: Positive = 480
    device: str = "/dev/fb0"
    rotation: Literal[0, 90, 180, 270] = 0


Bias = Literal["as-is", "disabled", "pull-up", "pull-down"]
Drive = Literal["push-pull", "open-drain", "open-source"]


class OutputLine(_Table, frozen=True):
    """A GPIO output. ``line`` is its number on the chip, or the name that the device tree gives it."""

    chip: str
    line: Annotated[int, Meta(ge=0)] | str
    active_low: bool = False
    drive: Drive = "push-pull"


class InputLine(_Table, frozen=True):
    """A GPIO input. ``debounce_us``: changes shorter than this are not seen (the kernel's own debouncing)."""

    chip: str
    line: Annotated[int, Meta(ge=0)] | str
    active_low: bool = False
    bias: Bias = "as-is"
    debounce_us: Annotated[int, Meta(ge=0, le=100_000)] = 0


class PwmChannel(_Table, frozen=True):
    """A PWM channel: of a ``chip`` in /sys/class/pwm (number or device's name), or a coprocessor's pilot.

    ``safe_e4`` is the duty it falls to: steady high for a control pilot, 0 for a coil. ``frequency_hz``,
    ``inverted`` and ``safe_e4`` of a coprocessor's pilot are its firmware's.
    """

    chip: Annotated[int, Meta(ge=0)] | str | None = None
    channel: Annotated[int, Meta(ge=0)] = 0
    frequency_hz: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    inverted: bool = False
    safe_e4: Annotated[int, Meta(ge=0, le=10_000)] = 10_000
    coprocessor: str | None = None


class AdcChannel(_Table, frozen=True):
    """An analogue input: of an IIO device (its number or name), or one that a coprocessor measures.

    The terminal's voltage is ``(raw + the kernel's offset) × the kernel's scale × gain + offset_mv``.
    ``peak``: the channel is sampled through the IIO buffer and its highest or lowest value of the last
    ``window_ms`` counts; for pilots whose board has no peak detector.
    """

    device: Annotated[int, Meta(ge=0)] | str | None = None
    channel: str = ""
    gain: Decimal = Decimal(1)
    offset_mv: int = 0
    peak: Literal["high", "low"] | None = None
    window_ms: Annotated[int, Meta(ge=2, le=100)] = 5
    coprocessor: str | None = None


class ThermometerChannel(_Table, frozen=True):
    """A temperature input of a hwmon device (its name in /sys/class/hwmon/*/name, or its number)."""

    hwmon: Annotated[int, Meta(ge=0)] | str
    channel: str = "temp1"


class Coprocessor(_Table, frozen=True):
    """A pilot coprocessor on a serial port (docs/PILOT_COPROCESSOR.md)."""

    device: str
    baudrate: Baudrate = 115_200


class WatchdogDevice(_Table, frozen=True):
    """The hardware watchdog: ``timeout_s`` after the interlock's last sign of life it acts."""

    device: str = "/dev/watchdog"
    timeout_s: Annotated[int, Meta(ge=1, le=60)] = 5


class RtcDevice(_Table, frozen=True):
    """The battery-backed clock."""

    device: str = "/dev/rtc0"


class LedOutput(_Table, frozen=True):
    """A LED of /sys/class/leds; drivers find it among the outputs, by its name here."""

    led: str


class Derating(_Table, frozen=True):
    """Above ``from_c`` the offer falls in a line to 6 A at ``stop_c``; there charging stops.

    It goes on below ``resume_c``.
    """

    from_c: int = 60
    stop_c: int = 80
    resume_c: int = 70


class ProximityDivider(_Table, frozen=True):
    """The proximity circuit: codes of which standard, and the resistor from its supply to the contact."""

    codes: Literal["iec", "gbt"] = "iec"
    supply_mv: Positive = 3_300
    pull_up_ohm: Positive = 330


class EvseParts(_Table, frozen=True):
    """What is built in at one EVSE of the board; the lines that it needs must be named (`evse1.contactor` …).

    ``release_on``: what frees a locked plug besides the agent's word, never under voltage.
    ``economiser``: ``pwms."evse1.contactor"`` drives the coil and holds it with ``hold_e4``.
    """

    lock: Literal["motor", "solenoid", "none"] = "motor"
    lock_holds: Literal["plug", "holster"] = "plug"
    release_on: tuple[Literal["EmergencyStop", "PowerFailing"], ...] = ()
    proximity: ProximityDivider | None = None
    residual_current: bool = False
    ventilation: bool = False
    economiser: bool = False
    hold_e4: Annotated[int, Meta(ge=500, le=10_000)] = 4_000
    reclose_ms: Annotated[int, Meta(ge=50, le=60_000)] = 1_000
    derating: Derating | None = None
    under_voltage_v: Positive = 184
    over_voltage_v: Positive = 264


class Board(_Table, frozen=True):
    """A board file: which hal backend provides the I/O, and the board's named parts.

    ``remote`` needs ``address`` alone: that board declares its own ports. ``linux`` names every port.
    ``max_current_a`` is what the board's supply carries per phase for all its EVSEs together.
    """

    backend: Literal["remote", "linux"]
    address: str = ""
    sample_every_ms: Annotated[int, Meta(ge=1, le=20)] = 5
    max_current_a: Annotated[int, Meta(ge=6)] | None = None
    clock: ClockSource = ClockSource()
    serial: dict[str, SerialPort] = field(default_factory=dict)
    tcp: dict[str, TcpPort] = field(default_factory=dict)
    display: Display = Display()
    outputs: dict[str, OutputLine] = field(default_factory=dict)
    leds: dict[str, LedOutput] = field(default_factory=dict)
    inputs: dict[str, InputLine] = field(default_factory=dict)
    pwms: dict[str, PwmChannel] = field(default_factory=dict)
    adcs: dict[str, AdcChannel] = field(default_factory=dict)
    thermometers: dict[str, ThermometerChannel] = field(default_factory=dict)
    coprocessors: dict[str, Coprocessor] = field(default_factory=dict)
    watchdog: WatchdogDevice | None = None
    rtc: RtcDevice | None = None
    evses: dict[str, EvseParts] = field(default_factory=dict)

    def parts(self, evse: int) -> EvseParts:
        """Return what is built in at an EVSE; one that the file does not describe has the plain set."""
        return self.evses.get(str(evse), EvseParts())


RegisterType = Literal[
    "float32", "float64", "int16", "uint16", "int32", "uint32", "int64", "uint64", "t5", "t6"
]  # fmt: skip


REGISTER_WORDS: dict[str, int] = {
    "int16": 1,
    "uint16": 1,
    "int32": 2,
    "uint32": 2,
    "float32": 2,
    "t5": 2,
    "t6": 2,
    "float64": 4,
    "int64": 4,
    "uint64": 4,
}
"""How many 16-bit registers a value takes."""


class Register(_Table, frozen=True):
    """One value of a meter map: where it is, how it is coded, what one of its units is worth.

    ``at`` is the zero-based PDU address. The value is raw × ``scale`` × 10^(the int16 at ``exponent_at``) ×
    each uint16 at ``ratio_at`` (transformers), in the unit of the key's name. ``t5`` and ``t6`` are a signed
    decimal exponent of 8 bits and a value of 24 (Iskra; t6 is signed). ``invalid`` are raw patterns, as
    unsigned numbers, with which the meter says that it has no value.
    """

    at: Annotated[int, Meta(ge=0, le=65535)]
    type: RegisterType
    scale: Decimal = Decimal(1)
    word_order: Literal["big", "little"] = "big"
    exponent_at: Annotated[int, Meta(ge=0, le=65535)] | None = None
    ratio_at: tuple[Annotated[int, Meta(ge=0, le=65535)], ...] = ()
    invalid: tuple[Annotated[int, Meta(ge=0)], ...] = ()

    @property
    def addresses(self) -> range:
        """The registers that the value itself takes."""
        return range(self.at, self.at + REGISTER_WORDS[self.type])

    @property
    def bits(self) -> int:
        return 16 * REGISTER_WORDS[self.type]


class SerialNumber(_Table, frozen=True):
    """Where a meter keeps the number on its plate: text, a number, or binary coded decimal digits.

    ``function``: how it is read, where that is not the map's own function.
    """

    at: Annotated[int, Meta(ge=0, le=65535)]
    count: Annotated[int, Meta(ge=1, le=32)]
    type: Literal["ascii", "unsigned", "bcd"] = "ascii"
    word_order: Literal["big", "little"] = "big"
    function: Literal[3, 4] | None = None


class FactorySettings(_Table, frozen=True):
    """How a meter's line is set when it comes out of its box."""

    baudrate: Baudrate = 9600
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    unit: Annotated[int, Meta(ge=1, le=247)] = 1


class MeterMap(_Table, frozen=True, kw_only=True):
    """A meter as data (config/meters/*.toml), every value with its source in the file's comments.

    ``resolution_dwh`` is the step of the import register as the meter counts; a float's own step may be
    coarser and is reckoned from its value. ``rollover_dwh`` is where the register begins at 0 again, None
    where nobody lives to see it. ``most_registers`` fit into one request; ``read_through`` unused registers
    between two values are read with them, rather than asking twice. ``signs`` names the driver of a meter
    that signs its own records.
    """

    name: str
    source: str
    function: Literal[3, 4]
    phases: Literal[1, 3] = 3
    factory: FactorySettings = FactorySettings()
    most_registers: Annotated[int, Meta(ge=4, le=125)] = 125
    read_through: Annotated[int, Meta(ge=0, le=124)] = 60
    resolution_dwh: Positive
    rollover_dwh: Positive | None = None
    import_dwh: Register
    power_w: Register
    voltage_mv: tuple[Register, ...] = ()
    current_ma: tuple[Register, ...] = ()
    serial_number: SerialNumber | None = None
    signs: Literal["iskra", "bauer"] | None = None


class DataItem(_Table, frozen=True):
    """One data item of a DL/T 645 meter, or a block of them, one per phase.

    ``id`` is the data identifier DI3 DI2 DI1 DI0, ``bytes`` what one value takes, in binary coded decimal.
    The value is its digits as a whole number × ``scale``, in the unit of the key's name. ``signed``: the
    highest bit is a sign.
    """

    id: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
    bytes: Annotated[int, Meta(ge=1, le=8)]
    scale: Decimal = Decimal(1)
    signed: bool = False


class Dlt645Map(_Table, frozen=True, kw_only=True):
    """A meter that speaks DL/T 645-2007, as data; ``protocol`` tells such a file from a Modbus map.

    ``voltage_mv`` and ``current_ma`` bring as many values as there are ``phases``.
    """

    protocol: Literal["dlt645_2007"]
    name: str
    source: str
    phases: Literal[1, 3] = 3
    factory: FactorySettings = FactorySettings(baudrate=2400, parity="E")
    resolution_dwh: Positive
    rollover_dwh: Positive | None = None
    import_dwh: DataItem
    power_w: DataItem
    voltage_mv: DataItem
    current_ma: DataItem
    serial_number: DataItem | None = None


AnyMeterMap = MeterMap | Dlt645Map


class Loaded(Struct, frozen=True):
    """A site with everything its paths name, each checked.

    ``tariff`` is the OCPP 2.1 TariffType as read from TOML, its numbers as `decimal.Decimal`.
    """

    path: Path
    site: Site
    board: Board
    meters: dict[str, AnyMeterMap]
    tariff: dict[str, Any]
