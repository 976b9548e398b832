"""``python -m sim.leash PARENT_PID COMMAND…``: become COMMAND, and end when the process that started it ends.

The kernel sends SIGTERM to this process when its parent dies (prctl(2), PR_SET_PDEATHSIG); the setting
survives exec. It is made here, after the fork and in a fresh process, because running Python between fork
and exec is unsafe in a parent that has threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent and replace it by the command; never returns."""
    parent, command = int(arguments[0]), arguments[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # the parent was gone before the setting was made
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
