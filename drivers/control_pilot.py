"""The control pilot's electrical side (IEC 61851-1, Annex A): a 1 kHz PWM out, two peak voltages in."""

from hal.ports import Adc, Pwm

STEADY_HIGH_E4 = 10_000
"""Steady +12 V: the EVSE offers no energy."""


def duty_e4(limit_ma: int) -> int:
    """Return the duty in 1/10000 that offers ``limit_ma`` (IEC 61851-1, Table A.7).

    6 to 51 A: amperes / 0.6 per cent; 51 to 80 A: amperes / 2.5 + 64 per cent. Below 6 A nothing can be
    offered; above 80 A is offered as 80 A.
    """
    if limit_ma < 6_000:
        return STEADY_HIGH_E4
    if limit_ma <= 51_000:
        return limit_ma // 6
    return min(limit_ma, 80_000) // 25 + 6_400


class ControlPilot:
    """One pilot line. Voltages are the peaks of its positive and negative halves, in millivolts."""

    def __init__(self, pwm: Pwm, high: Adc, low: Adc) -> None:
        self._pwm = pwm
        self._high = high
        self._low = low

    def offer(self, duty: int) -> None:
        """Set the duty in 1/10000. Raises BoardLostError."""
        self._pwm.set_duty(duty)

    def peaks_mv(self) -> tuple[int, int]:
        """Return the positive and negative peak. Raises BoardLostError."""
        return self._high.read_mv(), self._low.read_mv()
