"""Real-time priority and memory that is not swapped out, where the kernel grants them."""

import ctypes
import os

_PRIORITY = 20
_MCL_CURRENT_FUTURE_ONFAULT = 1 | 2 | 4  # lock pages as they are used, not all that is mapped: mlockall(2)


def ask_for_real_time() -> list[str]:
    """Ask for SCHED_FIFO and locked memory; return what was refused."""
    missing = []
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except OSError:
        missing.append("SCHED_FIFO")
    if ctypes.CDLL(None).mlockall(_MCL_CURRENT_FUTURE_ONFAULT) != 0:
        missing.append("mlockall")
    return missing
