"""The proximity contact: the resistor in the plug, by the voltage that it leaves of a divider's supply."""

from hal.ports import Adc

MOST_OHM = 1_000_000
"""No plug: nothing is between contact and earth."""


def resistance_ohm(contact_mv: int, supply_mv: int, pull_up_ohm: int) -> int:
    """Return the resistance from contact to earth behind ``pull_up_ohm`` from ``supply_mv``, in whole ohms.

    At the supply's voltage or above nothing is plugged in: `MOST_OHM`. At 0 V or below it is shorted: 0.
    """
    if contact_mv >= supply_mv:
        return MOST_OHM
    return min(MOST_OHM, max(0, contact_mv) * pull_up_ohm // (supply_mv - max(0, contact_mv)))


class Proximity:
    """One proximity contact (IEC 61851-1, B.2; GB/T 18487.1, CC): what it reads is the cable's code."""

    def __init__(self, contact: Adc, supply_mv: int, pull_up_ohm: int) -> None:
        self._contact = contact
        self._supply_mv = supply_mv
        self._pull_up_ohm = pull_up_ohm

    def read_ohm(self) -> int:
        """Return the plug's resistor. Raises BoardLostError."""
        return resistance_ohm(self._contact.read_mv(), self._supply_mv, self._pull_up_ohm)
