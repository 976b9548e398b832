"""The table of ``wattseal board watch``: readings and since when, as lines of text. Pure."""

from collections.abc import Iterable

from firmware.board.reading import Reading


class Watched:
    """Each input's last reading, and since when it means the same."""

    def __init__(self) -> None:
        self.last: dict[str, Reading] = {}
        self._told: dict[str, Reading] = {}
        self._since_ms: dict[str, int] = {}
        self._changed: set[str] = set()

    def take(self, readings: Iterable[Reading], now_ms: int) -> list[Reading]:
        """Take new readings in; return those that differ enough from the last told ones to be told."""
        news = []
        for reading in readings:
            told = self._told.get(reading.name)
            self.last[reading.name] = reading
            if told is None or reading.differs(told):
                news.append(reading)
                self._told[reading.name] = reading
                self._since_ms[reading.name] = now_ms
                if told is not None:
                    self._changed.add(reading.name)
        return news

    def lines(self, now_ms: int) -> list[str]:
        """Return the table, one line an input."""
        rows = [
            (name, reading.number(), reading.meaning, self._since(name, now_ms))
            for name, reading in self.last.items()
        ]
        name_width = max((len(row[0]) for row in rows), default=0)
        meaning_width = max((len(row[2]) for row in rows), default=0)
        return [
            f"{name:{name_width}}  {number:>9}  {meaning:{meaning_width}}  {since}".rstrip()
            for name, number, meaning, since in rows
        ]

    def _since(self, name: str, now_ms: int) -> str:
        """Return for how long it has been so; nothing when it has not changed while this watches."""
        if name not in self._changed:
            return ""
        return f"for {duration(now_ms - self._since_ms[name])}"


def duration(ms: int) -> str:
    """Return a length of time in words: ``0.4 s``, ``12 s``, ``2 min 05 s``, ``3 h 07 min``."""
    seconds = ms // 1000
    if seconds < 10:
        return f"{ms // 100 / 10} s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02} min"
