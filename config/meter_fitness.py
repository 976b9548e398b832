"""Whether a meter counts finely enough for a bill of minutes. Pure.

A charge of 7.4 kW, one phase of 32 A at 230 V, is 123 Wh a minute: what the step of the register is of that
decides. The bill of a whole charge is the difference of two readings and suffers only once from it.
"""

from fractions import Fraction
from typing import Literal

from config.schema import Register

Fitness = Literal["good", "usable", "coarse"]

POWER_W = 7400
MINUTE_DWH = Fraction(POWER_W * 10, 60)
"""What such a charge is in a minute: 123.3 Wh."""

MOST: dict[Fitness, Fraction] = {"good": Fraction(1, 100), "usable": Fraction(1, 10)}
"""The largest step, as a part of such a minute, that is good or usable."""

_MANTISSA_BITS = {"float32": 24, "float64": 53}


def fitness(step_dwh: int) -> Fitness:
    """Return how a register with this step serves for billing by the minute."""
    share = step_dwh / MINUTE_DWH
    return next((name for name, most in MOST.items() if share <= most), "coarse")


def fine_up_to_dwh(register: Register, fit: Fitness) -> int | None:
    """Return the energy up to which a float's own step is so fine, None for integers: their step stays.

    A float of 24 bits doubles its step at each power of two (IEEE 754).
    """
    bits = _MANTISSA_BITS.get(register.type)
    if bits is None:
        return None
    unit = Fraction(register.scale)
    exponent = 0
    while unit * Fraction(2) ** (exponent + 1 - bits) <= MOST[fit] * MINUTE_DWH:
        exponent += 1
    while unit * Fraction(2) ** (exponent - bits) > MOST[fit] * MINUTE_DWH:
        exponent -= 1
    return int(unit * Fraction(2) ** exponent)
