"""A coprocessor's pilots as ports of a board: what `config.schema` calls its channels."""

import re

from hal.coprocessor.coprocessor import PilotCoprocessor
from hal.ports import Adc, Pwm

_CHANNEL = re.compile(r"(high|low|proximity)(\d?)")


def open_pwm(coprocessor: PilotCoprocessor, channel: int) -> Pwm:
    """Return the pilot ``channel`` as a PWM. Raises KeyError when there is none."""
    coprocessor.require_pilot(channel)
    return _PilotPwm(coprocessor, channel)


def open_adc(coprocessor: PilotCoprocessor, channel: str) -> Adc:
    """Return a voltage as an analogue input: ``high``, ``low``, ``proximity``; of pilot 1 ``high1`` …

    Raises KeyError when there is none of that name.
    """
    match = _CHANNEL.fullmatch(channel)
    if match is None:
        raise KeyError(f'a coprocessor has no channel "{channel}"; it has high, low and proximity, high1 …')
    pilot = int(match[2] or 0)
    coprocessor.require_pilot(pilot)
    if match[1] == "proximity" and not coprocessor.has_proximity:
        raise KeyError(f'channel "{channel}": this coprocessor measures no proximity contact')
    return _KINDS[match[1]](coprocessor, pilot)


class _Channel:
    def __init__(self, coprocessor: PilotCoprocessor, pilot: int) -> None:
        self._coprocessor, self._pilot = coprocessor, pilot


class _PilotPwm(_Channel):
    def set_duty(self, duty_e4: int) -> None:
        self._coprocessor.set_duty(duty_e4, self._pilot)


class _High(_Channel):
    def read_mv(self) -> int:
        return self._coprocessor.peaks_mv(self._pilot)[0]


class _Low(_Channel):
    def read_mv(self) -> int:
        return self._coprocessor.peaks_mv(self._pilot)[1]


class _Proximity(_Channel):
    def read_mv(self) -> int:
        return self._coprocessor.proximity_mv(self._pilot)


_KINDS: dict[str, type[_High | _Low | _Proximity]] = {"high": _High, "low": _Low, "proximity": _Proximity}
