"""What must hold within a meter map, and between an EVSE and its meter. Yields "key: what, what next"."""

from collections.abc import Iterator, Mapping
from math import ceil

from config.schema import AnyMeterMap, MeterMap, Register, Site

_NOT_WHOLE = ("float32", "float64", "t5", "t6")
_ADDRESSES = 65536


def of_map(meter: AnyMeterMap) -> Iterator[str]:
    """Yield what makes no sense in a meter map."""
    if not isinstance(meter, MeterMap):
        return
    for key, register in _registers(meter):
        yield from _register(key, register)
    yield from _overlaps(meter)
    yield from _phases(meter)
    yield from _counter(meter)
    number = meter.serial_number
    if number is not None and number.count > meter.most_registers:
        yield (
            f"serial_number.count: {number.count} do not fit into one request, "
            f"most_registers is {meter.most_registers}"
        )


def of_phases(site: Site, meters: Mapping[str, AnyMeterMap]) -> Iterator[str]:
    """Yield the EVSEs whose meter would not see all of their phases."""
    for index, evse in enumerate(site.evse):
        meter = meters.get(evse.meter.map)
        if meter is not None and meter.phases < evse.phases:
            name = evse.meter.map
            yield (
                f'evse[{index}].meter.map: "{name}" measures one phase, and phases is {evse.phases}: '
                "the others' energy would not be billed; write phases = 1, or choose another meter"
            )


def _registers(meter: MeterMap) -> Iterator[tuple[str, Register]]:
    yield "import_dwh", meter.import_dwh
    yield "power_w", meter.power_w
    for key in ("voltage_mv", "current_ma"):
        yield from ((f"{key}[{index}]", each) for index, each in enumerate(getattr(meter, key)))


def _register(key: str, register: Register) -> Iterator[str]:
    kind, bits = register.type, register.bits
    if register.addresses.stop > _ADDRESSES:
        yield f"{key}.at: a {kind} at {register.at:#06x} goes beyond the last register, 0xffff"
    if register.scale == 0 or (register.scale < 0 and key != "power_w"):
        yield f"{key}.scale: {register.scale} must be above 0"
    for index, pattern in enumerate(register.invalid):
        if pattern >> bits:
            yield (
                f"{key}.invalid[{index}]: {pattern:#x} is wider than a {kind}; "
                f"it has {bits} bits, at most {(1 << bits) - 1:#x}"
            )
    if kind in _NOT_WHOLE:
        if register.exponent_at is not None:
            yield f"{key}.exponent_at: a {kind} has an exponent of its own; remove it, or choose an integer"
        if register.ratio_at:
            yield f"{key}.ratio_at: only for integers, and this is a {kind}; put a fixed ratio into its scale"


def _overlaps(meter: MeterMap) -> Iterator[str]:
    """Yield values, exponents and ratios that lie in the registers of another value."""
    taken: dict[int, str] = {}
    for key, register in _registers(meter):
        first = next((taken[at] for at in register.addresses if at in taken), None)
        if first is not None:
            yield f"{key}.at: {register.at:#06x} lies in the registers of {first}; look up which is wrong"
        taken |= {at: key for at in register.addresses if at not in taken}
    for key, register in _registers(meter):
        beside = [("exponent_at", register.exponent_at), *(("ratio_at", at) for at in register.ratio_at)]
        for name, at in beside:
            if at in taken:
                yield f"{key}.{name}: {at:#06x} lies in the registers of {taken[at]}; look up which is wrong"


def _phases(meter: MeterMap) -> Iterator[str]:
    for key in ("voltage_mv", "current_ma"):
        count = len(getattr(meter, key))
        if count not in (0, meter.phases):
            has = "one, or none" if meter.phases == 1 else "three, or none"
            yield f"{key}: {count} registers, and a meter with phases = {meter.phases} has {has}"


def _counter(meter: MeterMap) -> Iterator[str]:
    """Yield a resolution or an end of the import register that its type cannot have."""
    register = meter.import_dwh
    if register.type in _NOT_WHOLE or register.exponent_at is not None:
        return
    step_dwh = ceil(register.scale)
    if meter.resolution_dwh < step_dwh:
        yield (
            f"resolution_dwh: {meter.resolution_dwh} is finer than one step of import_dwh, "
            f"which its scale says is {register.scale}; write {step_dwh}, or correct the scale"
        )
    if meter.rollover_dwh is None:
        return
    bits = register.bits - (0 if register.type.startswith("u") else 1)
    if meter.rollover_dwh > (1 << bits) * register.scale and not register.ratio_at:
        yield (
            f"rollover_dwh: {meter.rollover_dwh} is more than a {register.type} can count "
            f"with a scale of {register.scale}"
        )
