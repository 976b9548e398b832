"""The composition root of ``wattseal board``: the drivers that turn a reading into what it means."""

from config.schema import ProximityDivider
from drivers.proximity import resistance_ohm


def ohms(contact_mv: int, divider: ProximityDivider) -> int:
    """Return the resistor in the plug behind a contact's voltage."""
    return resistance_ohm(contact_mv, divider.supply_mv, divider.pull_up_ohm)
