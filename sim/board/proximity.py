"""The proximity contact: a resistor in the plug names the cable's current (IEC 61851-1, Table B.2)."""

from sim.board.defects import Defects

SUPPLY_MV = 3_300
PULL_UP_OHM = 330
OHM_OF_A = {13: 1_500, 20: 680, 32: 220, 63: 100}
"""The cable's current in amperes, and its resistor."""


def contact_mv(cable_a: int, plugged: bool, defects: Defects) -> int:
    """Return the voltage at the contact in mV: the supply's while nothing is plugged in."""
    if "proximity_shorted" in defects:
        return 0
    if not plugged or "proximity_open" in defects:
        return SUPPLY_MV
    ohm = OHM_OF_A[cable_a]
    return round(SUPPLY_MV * ohm / (ohm + PULL_UP_OHM))
