"""When things last happened at the board, on the clock that all processes share."""

import time

NAMES = (
    "plugged",
    "unplugged",
    "left_c",
    "lock_released",
    "lock_locked",
    "commanded_closed",
    "commanded_open",
    "contactor_closed",
    "contactor_opened",
    "power_on",
    "power_off",
    "leaked",
    "residual_tested",
    "estop_pressed",
    "door_opened",
    "mains_failed",
)


class Marks:
    """CLOCK_MONOTONIC nanoseconds of the last time of each of `NAMES`, None before the first.

    ``commanded_*``: the station switched the contactor's coil, or its watchdog did. ``contactor_*``: the
    contacts moved. ``power_on``: current first flowed; ``power_off``: it ended. ``residual_tested``: the test
    current began. What the station sees is marked when it is sent: ``left_c`` (the pilot left state C or D),
    ``leaked``, ``estop_pressed``, ``door_opened``, ``mains_failed``.
    """

    def __init__(self) -> None:
        self.ns: dict[str, int | None] = dict.fromkeys(NAMES)

    def set(self, name: str) -> None:
        """Note that ``name`` happened now."""
        if name not in self.ns:
            raise KeyError(name)
        self.ns[name] = time.monotonic_ns()
