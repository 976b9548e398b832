"""What the driver at the charger sees, as values; the screens room draws it."""

from enum import Enum
from typing import NamedTuple


class Screen(Enum):
    """One picture each."""

    STARTING_UP = "starting up"
    SCAN = "scan to charge"
    PAYING = "payment under way"
    PREPARING = "preparing"
    PLUG_IN = "plug in"
    WAITING = "waiting for the vehicle"
    CHARGING = "charging"
    PAUSED = "vehicle pauses"
    STOPPING = "stopping"
    RECEIPT = "receipt"
    OUT_OF_SERVICE = "out of service"


class CustomerView(NamedTuple):
    """One EVSE's picture. Values that a screen has no use for are None.

    ``remaining_ms`` counts down to the stop (an estimate from the present power for an amount or an energy).
    ``online`` is False while the backend cannot be reached. ``fault`` is a catalogue name.
    ``note`` says why charging is slow or does not begin: a name of the lease's NOTES, or "WaitingForCurrent".
    ``bill_minor`` is the bill in the minor unit; ``settled`` once the backend has charged it.
    """

    screen: Screen
    evse: int
    online: bool = True
    qr_url: str | None = None
    power_w: int | None = None
    energy_dwh: int | None = None
    cost_e4: int | None = None
    remaining_ms: int | None = None
    elapsed_ms: int | None = None
    paid_cost_e4: int | None = None
    paid_time_ms: int | None = None
    bill_minor: int | None = None
    settled: bool = False
    stopped_reason: str | None = None
    fault: str | None = None
    note: str | None = None
