"""What the host says to a pilot coprocessor and makes of its answers, without a port and without a clock.

Bytes and times in, bytes out (docs/PILOT_COPROCESSOR.md). Times are milliseconds of one monotonic clock.
Whatever makes the coprocessor unfit for use raises BoardLostError with the reason.
"""

from dataclasses import dataclass

from hal.coprocessor.frames import (
    FLAGS,
    MAX_PILOTS,
    MEASUREMENT_FAULT,
    STEADY_E4,
    SUPPLY_FAULT,
    VERSION,
    Begin,
    Decoder,
    Hello,
    Measured,
    Message,
    Reset,
    SetDuty,
    encode,
)
from hal.ports import BoardLostError

SILENT_MS = 100
"""Without a new Measured of every pilot for so long it is lost."""
ANSWER_MS = 200
"""An order must be told to be in force within this time."""
HOLD_MS = 500
"""For how long a duty is ordered."""
RENEW_MS = 100
"""How often it is ordered again."""
RETRY_MS = 30
"""How soon, when it has not been told to be in force: an order may be lost to noise."""

_REASONS = {1: "power", 2: "reset", 3: "its watchdog", 4: "low supply"}
_NOTHING = Measured(0, 0, 0, 0, 0, STEADY_E4, 0)


@dataclass(slots=True)
class Pilot:
    """One pilot. ``measured`` is what was told of it last, at ``heard_ms``; None before the first time.

    ``wanted_e4`` was ordered with the numbers from ``first_seq`` to ``sent_seq``, at ``sent_ms`` last; since
    ``unanswered_ms`` it is not told to be in force, None when it is.
    """

    heard_ms: int
    sent_ms: int
    measured: Measured | None = None
    wanted_e4: int = STEADY_E4
    first_seq: int = 0
    sent_seq: int = 0
    unanswered_ms: int | None = None

    def answered(self, told: Measured) -> bool:
        """Return whether one of the orders is told to be in force."""
        ordered = (told.taken - self.first_seq) % 256 <= (self.sent_seq - self.first_seq) % 256
        return ordered and told.duty_e4 == self.wanted_e4

    def renewal_ms(self) -> int:
        """Return when the duty is to be ordered again."""
        return self.sent_ms + (RENEW_MS if self.unanswered_ms is None else RETRY_MS)


class Dialogue:
    """A conversation with one coprocessor, from `begin` on; ``pilots`` is empty until Hello is there.

    ``number``, 0 to 255, is that of its Begin: another one each time, so that nothing old answers it.
    """

    def __init__(self, number: int) -> None:
        self.decoder = Decoder()
        self.hello: Hello | None = None
        self.pilots: list[Pilot] = []
        self._begin_seq = self._sent_seq = number
        self._heard_seq = 0

    @property
    def begun(self) -> bool:
        """Whether every pilot has been told of."""
        return bool(self.pilots) and all(its.measured is not None for its in self.pilots)

    def begin(self) -> bytes:
        """Return what asks for Hello; it may be said again before Hello is there."""
        return encode(Begin(VERSION), self._begin_seq)

    def hear(self, data: bytes, now_ms: int) -> None:
        """Take what has come. Raises BoardLostError when it says that it is of no use."""
        for seq, message in self.decoder.feed(data):
            match message:
                case Hello():
                    self._greet(seq, message, now_ms)
                case Measured() if self.pilots and 0 < (seq - self._heard_seq) % 256 < 128:
                    self._heard_seq = seq
                    self._measure(message, now_ms)

    def require_life(self, now_ms: int) -> None:
        """Raise BoardLostError when it has been silent or disobedient for too long."""
        for number, its in enumerate(self.pilots):
            if now_ms - its.heard_ms > SILENT_MS:
                raise BoardLostError(f"told nothing new of pilot {number} for {SILENT_MS} ms")
            if its.unanswered_ms is not None and now_ms - its.unanswered_ms > ANSWER_MS:
                told = its.measured or _NOTHING
                raise BoardLostError(
                    f"has pilot {number} at {told.duty_e4}/10000 by order {told.taken} "
                    f"after {its.wanted_e4}/10000 was ordered, last by order {its.sent_seq}"
                )

    def order(self, number: int, duty_e4: int, now_ms: int) -> bytes:
        """Return the order of a new duty for a pilot."""
        its = self.pilots[number]
        its.wanted_e4, its.unanswered_ms = duty_e4, None
        return self._ordered(number, its, now_ms)

    def renewals(self, now_ms: int) -> bytes:
        """Return the orders that are to be given again now."""
        return b"".join(
            self._ordered(number, its, now_ms)
            for number, its in enumerate(self.pilots)
            if its.renewal_ms() <= now_ms
        )

    def release(self) -> bytes:
        """Return the orders that end the conversation: steady +12 V for all."""
        return b"".join(
            self._numbered(SetDuty(number, STEADY_E4, HOLD_MS)) for number in range(len(self.pilots))
        )

    def reset(self) -> bytes:
        """Return what makes it start again."""
        return self._numbered(Reset())

    def _greet(self, seq: int, hello: Hello, now_ms: int) -> None:
        """Only the answer to this Begin opens the conversation; a start, once it is open, ends it."""
        if hello.reason:
            self._notice_start(hello.reason)
            return
        if hello.answers != self._begin_seq:
            return
        if hello.version != VERSION:
            raise BoardLostError(
                f"speaks version {hello.version} of its protocol; this host speaks {VERSION}"
            )
        if not 1 <= hello.pilots <= MAX_PILOTS:
            raise BoardLostError(f"says that it has {hello.pilots} pilots; there can be 1 to {MAX_PILOTS}")
        self._heard_seq = seq
        if not self.pilots:
            self.hello = hello
            self.pilots = [
                Pilot(now_ms, now_ms, first_seq=self._begin_seq, sent_seq=self._begin_seq)
                for _ in range(hello.pilots)
            ]

    def _notice_start(self, reason: int) -> None:
        if self.pilots:
            raise BoardLostError(f"has started by itself ({_REASONS.get(reason, f'reason {reason}')})")

    def _measure(self, told: Measured, now_ms: int) -> None:
        if told.flags & (SUPPLY_FAULT | MEASUREMENT_FAULT):
            names = (name for bit, name in enumerate(FLAGS) if told.flags >> bit & 1)
            raise BoardLostError(f"cannot measure pilot {told.pilot} ({', '.join(names)})")
        if told.pilot >= len(self.pilots):
            return
        its = self.pilots[told.pilot]
        its.measured, its.heard_ms = told, now_ms
        if its.answered(told):
            its.unanswered_ms = None
        elif its.unanswered_ms is None:
            its.unanswered_ms = now_ms

    def _ordered(self, number: int, its: Pilot, now_ms: int) -> bytes:
        frame = self._numbered(SetDuty(number, its.wanted_e4, HOLD_MS))
        its.sent_seq, its.sent_ms = self._sent_seq, now_ms
        if its.unanswered_ms is None:
            its.first_seq, its.unanswered_ms = its.sent_seq, now_ms
        return frame

    def _numbered(self, message: Message) -> bytes:
        self._sent_seq = (self._sent_seq + 1) % 256
        return encode(message, self._sent_seq)
