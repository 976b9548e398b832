"""What a DL/T 645-2007 meter sends, as exact integers. Pure."""

from collections.abc import Mapping
from fractions import Fraction

from config.schema import DataItem, Dlt645Map
from drivers.meter.decode import round_half_up
from drivers.meter.dlt645_frames import digits
from drivers.meter.errors import MeterValueError
from drivers.meter.maps import Sample

_SIGN = 0x80
_NO_VALUE = 0xFF

Values = Mapping[int, bytes]
"""What a meter sent, by data identifier."""


def items_of(meter: Dlt645Map, *, full: bool) -> tuple[DataItem, ...]:
    """Return what a reading asks for, the import register first: a reading is stamped for it."""
    if not full:
        return (meter.import_dwh,)
    return (meter.import_dwh, meter.power_w, meter.current_ma, meter.voltage_mv)


def sample_of(meter: Dlt645Map, values: Values, *, full: bool) -> Sample:
    """Return the reading in a meter's values. Raises MeterValueError.

    A current is how much flows, without the sign that tells its direction: that is the power's.
    """
    import_dwh = decode(values, meter.import_dwh, "import register")[0]
    if import_dwh < 0:
        raise MeterValueError(f"import register reads {import_dwh}, a cumulative energy below zero")
    if not full:
        return Sample(import_dwh, meter.resolution_dwh)
    return Sample(
        import_dwh,
        meter.resolution_dwh,
        decode(values, meter.power_w, "power")[0],
        decode(values, meter.voltage_mv, "voltage", meter.phases),
        tuple(abs(ma) for ma in decode(values, meter.current_ma, "current", meter.phases)),
    )


def decode(values: Values, item: DataItem, name: str, count: int = 1) -> tuple[int, ...]:
    """Return ``count`` values of a data item in the unit of its key, each rounded half up once.

    Raises MeterValueError when there are more or fewer, or one is no decimal number.
    """
    sent = values[item.id]
    if len(sent) != count * item.bytes:
        raise MeterValueError(
            f"{name}: {len(sent)} bytes where the map says {count} × {item.bytes} (data {item.id:08X})"
        )
    return tuple(
        _number(sent[start : start + item.bytes], item, name) for start in range(0, len(sent), item.bytes)
    )


def number_text(sent: bytes) -> str:
    """Return the number on the plate: digits, without leading zeros. Raises MeterValueError."""
    text = digits(sent)
    if not text.isdecimal():
        raise MeterValueError(f"meter number reads {text}, which are no digits")
    return text.lstrip("0")


def _number(sent: bytes, item: DataItem, name: str) -> int:
    if set(sent) == {_NO_VALUE}:
        raise MeterValueError(f"{name}: the meter says that it has no such value (data {item.id:08X})")
    negative = item.signed and bool(sent[-1] & _SIGN)
    magnitude = bytes((*sent[:-1], sent[-1] & ~_SIGN)) if negative else sent
    text = digits(magnitude)
    if not text.isdecimal():
        raise MeterValueError(f"{name} reads {digits(sent)}, which is no decimal number")
    value = round_half_up(int(text) * Fraction(item.scale))
    return -value if negative else value
