"""A paced line on which a wrong setting garbles, as on a real one: what it carries then reaches nobody."""

import os
import termios
from contextlib import suppress

from sim.board.line import PacedLine


class StrictLine(PacedLine):
    """Carries requests only while the station's port is set to ``baudrate`` and ``parity`` (N, E or O).

    A pty keeps the speed of its slave side. It keeps no parity bit; that a port checks the parity of what it
    hears can be seen, and which one.
    """

    def __init__(self, baudrate: int, parity: str = "N") -> None:
        super().__init__(baudrate, 11 if parity != "N" else 10)
        self._speed = getattr(termios, f"B{baudrate}")
        self._parity = parity
        self.lost = 0

    def _carry_request(self) -> None:
        flags, _, control, _, speed, *_ = termios.tcgetattr(self._station_keep)
        odd = "O" if control & termios.PARODD else "E"
        parity = odd if flags & termios.INPCK else "N"
        if (speed, parity) == (self._speed, self._parity):
            super()._carry_request()
            return
        with suppress(BlockingIOError):
            self.lost += len(os.read(self._station, 4096))
