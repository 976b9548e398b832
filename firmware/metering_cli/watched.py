"""What ``wattseal meter watch`` shows: the newest reading, what was counted since, what failed. Pure."""

from firmware.board.table import duration
from firmware.metering_cli import table
from firmware.metering_cli.reading import Absent, Reading, Taken


class Watched:
    """One meter's readings since the watching began."""

    def __init__(self, label: str, now_ms: int) -> None:
        self._label = label
        self._began_ms = now_ms
        self._first: Taken | None = None
        self._last: tuple[Taken, int] | None = None
        self._now: Reading | None = None
        self._absent_since_ms = now_ms
        self._read, self._failed = 0, 0
        self._last_failure = ""

    def take(self, reading: Reading, now_ms: int) -> None:
        """Take a reading in."""
        if isinstance(reading, Absent):
            self._absent_since_ms = self._absent_since_ms if isinstance(self._now, Absent) else now_ms
            self._failed += 1
            self._last_failure = reading.why
        else:
            self._read += 1
            self._first = self._first or reading
            self._last = reading, now_ms
        self._now = reading

    def lines(self, now_ms: int) -> list[str]:
        """Return the picture."""
        if self._now is None:
            return [self._label, "", "  the first reading is under way"]
        return [self._label, "", *table.lines(self._now), "", *self._since(now_ms)]

    def line(self) -> str:
        """Return the newest reading in one line."""
        if isinstance(self._now, Absent):
            return f"no reading: {self._now.why}"
        if self._now is None:
            return ""
        sample = self._now.sample
        parts = [table.kwh(sample.import_dwh)]
        parts += [] if sample.power_w is None else [f"{sample.power_w} W"]
        parts += [table.thousandths(sample.voltage_mv, "V", 1)] if sample.voltage_mv else []
        parts += [table.thousandths(sample.current_ma, "A", 3)] if sample.current_ma else []
        return ", ".join(parts)

    def _since(self, now_ms: int) -> list[str]:
        said = []
        if isinstance(self._now, Absent):
            said.append(f"  absent for       {duration(now_ms - self._absent_since_ms)}")
            if self._last is not None:
                taken, at_ms = self._last
                ago = duration(now_ms - at_ms)
                said.append(f"  last reading     {table.kwh(taken.sample.import_dwh)}, {ago} ago")
        if self._first is not None and self._last is not None:
            moved_dwh = self._last[0].sample.import_dwh - self._first.sample.import_dwh
            sign = "-" if moved_dwh < 0 else "+"
            watched = duration(now_ms - self._began_ms)
            said.append(f"  since the start  {sign}{table.kwh(abs(moved_dwh))} in {watched}")
        failed = f"{self._failed} failed" + (f", the last: {self._last_failure}" if self._failed else "")
        return [*said, f"  readings         {self._read}, {failed}"]
