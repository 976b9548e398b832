"""Proximity resistor → what the cable carries (IEC 61851-1, Table B.2; GB/T 18487.1, Table A.2)."""

from typing import Literal

CODES: tuple[tuple[int, int, int, int], ...] = (
    # from Ω, to Ω, IEC mA, GB/T mA; nominal 1500, 680, 220 and 100 Ω with room for contact and tolerance
    (1_100, 2_460, 13_000, 10_000),
    (400, 936, 20_000, 16_000),
    (164, 308, 32_000, 32_000),
    (75, 140, 63_000, 63_000),
)
OPEN_OHM = 4_500
"""Above this nothing is plugged in."""


def cable_ma(ohm: int, codes: Literal["iec", "gbt"]) -> int | None:
    """Return the rating in mA that a resistance means, None when it is none of the codes."""
    for from_ohm, to_ohm, iec_ma, gbt_ma in CODES:
        if from_ohm <= ohm <= to_ohm:
            return iec_ma if codes == "iec" else gbt_ma
    return None
