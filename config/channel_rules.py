"""What must hold within one PWM channel or analogue input of a board file, and its coprocessor."""

import re
from collections.abc import Iterator

from config.schema import AdcChannel, Board, PwmChannel
from config.shape import closest, joined

PILOT_HZ = 1_000
"""IEC 61851-1, Annex A: the frequency of the control pilot."""
STEADY_E4 = 10_000

_COPROCESSOR_CHANNEL = re.compile("(high|low|proximity)([0-3]?)")
_PEAKS = {"pilot_high": "high", "pilot_low": "low"}


def of_channels(board: Board) -> Iterator[str]:
    """Yield what is wrong with the PWM channels and the analogue inputs of a Linux board."""
    for name, pwm in board.pwms.items():
        where = joined("pwms", name)
        yield from _source(board, where, "chip", pwm.chip, pwm.coprocessor)
        yield from _pwm(where, name, pwm)
    for name, adc in board.adcs.items():
        where = joined("adcs", name)
        yield from _source(board, where, "device", adc.device, adc.coprocessor)
        yield from _adc(where, name, adc)
        if adc.coprocessor is not None:
            yield from _coprocessor_adc(board, where, name, adc)


def _source(
    board: Board, where: str, key: str, value: int | str | None, coprocessor: str | None
) -> Iterator[str]:
    if (value is None) == (coprocessor is None):
        yield f"{where}.{key}: name either the {key} or the coprocessor that it is on, and not both"
    if coprocessor is not None and coprocessor not in board.coprocessors:
        there = ", ".join(f'"{name}"' for name in board.coprocessors) or "none"
        yield (
            f'{where}.coprocessor: there is no coprocessor "{coprocessor}", there is {there}'
            + closest(coprocessor, board.coprocessors)
        )


def _pwm(where: str, name: str, pwm: PwmChannel) -> Iterator[str]:
    if name.endswith(".pilot"):
        if pwm.frequency_hz != PILOT_HZ:
            yield (
                f"{where}.frequency_hz: {pwm.frequency_hz}, a control pilot has {PILOT_HZ} "
                "(IEC 61851-1, Annex A)"
            )
        if pwm.safe_e4 != STEADY_E4:
            yield (
                f"{where}.safe_e4: {pwm.safe_e4}, a pilot that offers no energy is steady high: "
                f"write {STEADY_E4}, or leave it out"
            )
    if name.endswith(".contactor") and pwm.safe_e4 != 0:
        yield f"{where}.safe_e4: {pwm.safe_e4} keeps the contactor closed when nobody drives it; write 0"
    if pwm.coprocessor is not None and (pwm.inverted or not name.endswith(".pilot")):
        yield f"{where}: a coprocessor drives control pilots only, and their polarity is its firmware's"


def _adc(where: str, name: str, adc: AdcChannel) -> Iterator[str]:
    if adc.gain == 0:
        yield f"{where}.gain: 0 measures nothing; it is the divider's factor from the input to the terminal"
    if adc.device is not None and not adc.channel:
        yield f'{where}.channel: missing, name the IIO channel, like "voltage0"'
    wanted = _PEAKS.get(name.rpartition(".")[2])
    if adc.peak not in (None, wanted):
        yield (
            f'{where}.peak: "{adc.peak}"; '
            + (f'this one is the "{wanted}" peak' if wanted else "only the two pilot inputs measure peaks")
        )


def _coprocessor_adc(board: Board, where: str, name: str, adc: AdcChannel) -> Iterator[str]:
    """Yield a channel that its coprocessor cannot have, or that is another pilot's (`hal/coprocessor`)."""
    if adc.peak is not None:
        yield f"{where}.peak: a coprocessor measures the peaks itself; remove it"
    found = _COPROCESSOR_CHANNEL.fullmatch(adc.channel)
    if found is None:
        yield (
            f'{where}.channel: "{adc.channel}" is not high, low or proximity, with the number of the pilot '
            'behind it: "high0"' + closest(adc.channel, ("high", "low", "proximity"))
        )
        return
    evse, _, port = name.rpartition(".")
    meant = port.removeprefix("pilot_")
    if meant in ("high", "low", "proximity") and found[1] != meant:
        yield f'{where}.channel: "{adc.channel}", this one must be "{meant}{found[2]}"'
    pilot = board.pwms.get(f"{evse}.pilot")
    if pilot is not None and pilot.coprocessor == adc.coprocessor and pilot.channel != int(found[2] or 0):
        yield (
            f'{where}.channel: "{adc.channel}" is of another pilot; {evse}.pilot is channel {pilot.channel}: '
            f'write "{found[1]}{pilot.channel}"'
        )
