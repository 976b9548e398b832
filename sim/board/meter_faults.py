"""What is wrong with an EVSE's meter itself: what it shows in place of what truly flows."""

from dataclasses import replace

from sim.board.defects import Defects
from sim.board.meter_map import Measured


class MeterFaults:
    """Turns what is true into what the meter shows, by the EVSE's ``defects`` and by what hands have done.

    ``meter_stands``: it measures power and counts no energy. ``meter_repeats``: a gateway answers in its
    place with what it showed last.
    """

    def __init__(self, defects: Defects) -> None:
        self._defects = defects
        self._exchanges = 0
        self._ahead_wh = 0.0
        self._shown: Measured | None = None
        self._true_wh = 0.0

    def show(self, true: Measured) -> Measured:
        """Return what the meter has in its registers now."""
        shown = self._shown
        if shown is not None and "meter_repeats" in self._defects:
            return shown
        if shown is not None and "meter_stands" in self._defects:
            self._ahead_wh = shown.import_wh - true.import_wh
        self._true_wh = true.import_wh
        self._shown = replace(true, import_wh=true.import_wh + self._ahead_wh, exchanged=self._exchanges)
        return self._shown

    def set_register(self, wh: float) -> None:
        """Let the register go on from ``wh``."""
        self._ahead_wh = wh - self._true_wh
        if self._shown is not None:
            self._shown = replace(self._shown, import_wh=wh)

    def exchange(self, wh: float) -> None:
        """Put another meter in: it has another number, and counts from ``wh``."""
        self._exchanges += 1
        self.set_register(wh)
