"""Rotates a station's key in a process of its own, which is killed on the way."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

from firmware.core.key_rotation import StationName
from firmware.ledger.store import Ledger
from firmware.signing.public_keys import PublicKeys
from firmware.signing.rotation import rotate
from firmware.signing.stores import place_of
from tests.ledger.samples import stamp

NAME = StationName("Wattseal Wattseal AC", "chu-003", "0.1.0")


class Mortal:
    """Passes calls on to the parts of a rotation, and dies before or after the n-th of them."""

    def __init__(self, part: Any, killed: "Count") -> None:
        self._part, self._count = part, killed

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._part, name)
        return value if not callable(value) else self._count.around(value)


class Count:
    def __init__(self, deadly: int) -> None:
        self._left = deadly

    def around(self, call: Any) -> Any:
        def passed_on(*arguments: Any) -> Any:
            self._down()
            result = call(*arguments)
            self._down()
            return result

        return passed_on

    def _down(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def rotate_until(moment: int, state_dir: Path) -> None:
    """Rotate a station's key in a file, and be killed at the n-th moment."""
    killed = Count(moment)
    place, public = place_of("file:station.key", state_dir), PublicKeys(state_dir)
    parts = [Mortal(part, killed) for part in (place, public, Ledger.open(state_dir / "ledger.db"))]
    rotate(*parts, NAME, stamp(9))


def killed_at(moment: int, state_dir: Path) -> bool:
    """Return whether the rotation was killed, rather than done before its n-th moment."""
    process = multiprocessing.get_context("fork").Process(target=rotate_until, args=(moment, state_dir))
    process.start()
    process.join(30)
    assert process.exitcode in (0, -signal.SIGKILL), f"the rotation ended with {process.exitcode}"
    return process.exitcode != 0
