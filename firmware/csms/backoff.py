"""How long to wait before the next try (OCPP 2.1 part 4, clause 5.3: reconnecting)."""

import random
from collections.abc import Callable


class Backoff:
    """Doubles from ``first_s`` up to ``cap_s`` and adds a random part, so that a fleet does not come as one.

    A connection that lived for at least ``cap_s`` starts the count anew; one that fell over at once does not.
    """

    def __init__(
        self, first_s: float = 1, cap_s: float = 60, jitter: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._jitter = jitter
        self._tries = 0

    def next_s(self) -> float:
        """Return the seconds to wait now: at most 1.5 × ``cap_s``."""
        base = min(self._cap_s, self._first_s * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return base * (1 + self._jitter() / 2)

    def lived(self, seconds: float) -> None:
        """Tell how long an accepted connection lasted."""
        if seconds >= self._cap_s:
            self._tries = 0
