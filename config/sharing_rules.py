"""What of a board only one port may use: a line, a PWM channel, an analogue channel, a serial device."""

from collections.abc import Hashable, Iterable, Iterator

from config.schema import AdcChannel, Board
from config.shape import joined

Use = tuple[Hashable, str, str]
"""What is used, by which key, and what it is called."""


def of_ports(board: Board) -> Iterator[str]:
    """Yield the ports of a Linux board that two keys use."""
    yield from _twice(_lines(board))
    yield from _twice(_pwm_channels(board))
    yield from _twice(_led_names(board))
    yield from _analogue(board)


def of_serial_devices(board: Board) -> Iterator[str]:
    """Yield serial devices and gateways that two keys use: meters on one line share one ``[serial.NAME]``.

    A gateway has one connection with one owner, so that one request at a time is open behind it.
    """
    uses: list[Use] = [
        (port.device, f"{joined('serial', name)}.device", port.device) for name, port in board.serial.items()
    ]
    uses += [
        (part.device, f"{joined('coprocessors', name)}.device", part.device)
        for name, part in board.coprocessors.items()
    ]
    uses += [
        ((port.host, port.port), f"{joined('tcp', name)}.host", f"{port.host}:{port.port}")
        for name, port in board.tcp.items()
    ]
    yield from _twice(uses)
    for name in board.serial.keys() & board.tcp.keys():
        yield f"{joined('tcp', name)}: a serial port has that name already; meters name their port by it"


def _lines(board: Board) -> Iterator[Use]:
    for table in ("outputs", "inputs"):
        for name, port in getattr(board, table).items():
            chip = port.chip.removeprefix("/dev/")
            yield (chip, port.line), joined(table, name), f"line {port.line} of {chip}"


def _pwm_channels(board: Board) -> Iterator[Use]:
    for name, pwm in board.pwms.items():
        used = (pwm.coprocessor, pwm.chip, pwm.channel)
        what = f"coprocessor {pwm.coprocessor}" if pwm.coprocessor else f"PWM chip {pwm.chip}"
        yield used, joined("pwms", name), f"channel {pwm.channel} of {what}"


def _led_names(board: Board) -> Iterator[Use]:
    return ((led.led, joined("leds", name), f"LED {led.led}") for name, led in board.leds.items())


def _analogue(board: Board) -> Iterator[str]:
    """Yield channels that are read twice. Only two peaks of one channel come from the same samples."""
    seen: dict[Hashable, tuple[str, AdcChannel]] = {}
    for name, adc in board.adcs.items():
        where = joined("adcs", name)
        channel = adc.channel + "0" if adc.coprocessor and not adc.channel[-1:].isdigit() else adc.channel
        first, other = seen.setdefault((adc.coprocessor, adc.device, channel), (where, adc))
        if first != where and (None in (adc.peak, other.peak) or adc.peak == other.peak):
            yield (
                f'{where}: channel "{adc.channel}" is read by {first} already; '
                'only its peak = "high" and its peak = "low" can be two inputs'
            )


def _twice(uses: Iterable[Use]) -> Iterator[str]:
    seen: dict[Hashable, str] = {}
    for used, where, called in uses:
        first = seen.setdefault(used, where)
        if first != where:
            yield f"{where}: {called} is used by {first} already"
