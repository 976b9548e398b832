"""The coprocessor itself, without pins and without a line: bytes and voltages in, frames and duties out.

Times are milliseconds of any steady clock. Nothing here waits or calls back later: `next_ms` says when to
look again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sim.coprocessor import wire

STEADY_E4 = 10_000
MEASURE_MS, GAP_MS, MAX_HOLD_MS, STEP_MV = 10.0, 5.0, 2_000, 500
TWO_PERIODS_MS = 2.0
FIRMWARE = b"wattseal-sim"

HOLD_OVER, SUPPLY_FAULT, MEASUREMENT_FAULT, COMMAND_REFUSED = 1, 2, 4, 8
ASKED, POWER, RESET, WATCHDOG, LOW_SUPPLY, OTHER = range(6)
PROXIMITY = 1

_NEVER = float("inf")


@dataclass
class Faults:
    """What may be wrong with it: all of these make it disobey docs/PILOT_COPROCESSOR.md.

    ``silent``: sends nothing. ``deaf``: hears nothing. ``stuck_duty``: takes orders, its timers do not.
    ``wrong_version``: says that it speaks version 2. ``repeating``: sends its last frame again and again.
    """

    silent: bool = False
    deaf: bool = False
    stuck_duty: bool = False
    wrong_version: bool = False
    repeating: bool = False


@dataclass
class Pilot:
    """One pilot: what it is told, what is at its pin, and what was said of it last."""

    duty_e4: int = STEADY_E4
    taken: int = 0
    flags: int = HOLD_OVER
    hold_until_ms: float = _NEVER
    at_pin: tuple[int, int] = (12_000, 12_000)
    at_pin_ms: float = -_NEVER
    peaks: tuple[int, int] = (12_000, 12_000)
    proximity_mv: int = 0
    said: tuple[int, int, int] | None = None
    turn_ms: float = -_NEVER
    out_of_turn_ms: float = -_NEVER

    @property
    def news(self) -> bool:
        """Whether something has happened that does not wait for its turn."""
        if self.said is None:
            return True
        high_mv, duty_e4, flags = self.said
        moved = abs(self.peaks[0] - high_mv) >= STEP_MV
        return moved or duty_e4 != self.duty_e4 or flags != self.flags

    def due_ms(self) -> float:
        """Return when it is to be told of next."""
        return self.out_of_turn_ms + GAP_MS if self.news else self.turn_ms


@dataclass
class SimCoprocessor:
    """A coprocessor with some pilots. ``driven`` hears of each duty that comes into force: pilot, duty_e4."""

    count: int = 1
    features: int = PROXIMITY
    driven: Callable[[int, int], None] = lambda _pilot, _duty_e4: None
    faults: Faults = field(default_factory=Faults)
    frames_sent: int = 0
    starts: int = 0

    def __post_init__(self) -> None:
        self.receiver = wire.Receiver()
        self.pilots = [Pilot() for _ in range(self.count)]
        self._number = 0
        self._heard = 0
        self._hello: int | None = None
        self._last_frame = b""

    def start(self, reason: int) -> None:
        """Start, with everything forgotten that it was told; it says Hello by itself."""
        self.starts += 1
        self._forget()
        self._hello = reason

    def feel(self, pilot: int, high_mv: int, low_mv: int, now_ms: float) -> None:
        """Let these be the peaks at a pilot's pin; they count when two periods have shown them."""
        its = self.pilots[pilot]
        self.look(now_ms)
        if (high_mv, low_mv) != its.at_pin:
            its.at_pin, its.at_pin_ms = (high_mv, low_mv), now_ms

    def flag(self, pilot: int, bit: int, stands: bool) -> None:
        """Let a fault of the pilot's circuit stand or not: `SUPPLY_FAULT`, `MEASUREMENT_FAULT`."""
        its = self.pilots[pilot]
        its.flags = its.flags | bit if stands else its.flags & ~bit

    def hear(self, data: bytes, now_ms: float) -> None:
        """Take what came over the line."""
        if self.faults.deaf:
            return
        self.look(now_ms)
        for kind, number, body in self.receiver.take_all(data):
            if kind == wire.BEGIN:
                self._begin(number)
            elif kind == wire.RESET:
                self.start(RESET)
            elif kind == wire.SET_DUTY and 0 < (number - self._heard) % 256 < 128:
                self._heard = number
                self._order(number, body, now_ms)

    def look(self, now_ms: float) -> None:
        """Let time pass: orders run out, peaks come to count."""
        for number, its in enumerate(self.pilots):
            if its.hold_until_ms <= now_ms:
                its.hold_until_ms = _NEVER
                its.flags |= HOLD_OVER
                self._drive(number, STEADY_E4)
            if its.at_pin_ms + TWO_PERIODS_MS <= now_ms:
                its.peaks = its.at_pin

    def next_ms(self) -> float:
        """Return when there will be something to do, if nothing happens before."""
        if self._hello is not None:
            return -_NEVER
        counting = [
            its.at_pin_ms + TWO_PERIODS_MS if its.peaks != its.at_pin else _NEVER for its in self.pilots
        ]
        return min(*counting, *(min(its.due_ms(), its.hold_until_ms) for its in self.pilots))

    def speak(self, now_ms: float) -> bytes:
        """Return the frame to send now that the transmitter is free, nothing when there is none due."""
        self.look(now_ms)
        frame = self._frame(now_ms)
        if frame and self.faults.repeating:
            frame = self._last_frame or frame
        self._last_frame = frame or self._last_frame
        if self.faults.silent:
            return b""
        self.frames_sent += bool(frame)
        return frame

    def _frame(self, now_ms: float) -> bytes:
        if self._hello is not None:
            reason, self._hello, self._number = self._hello, None, 0
            return self._numbered(wire.HELLO, self._hello_body(reason))
        due = [
            (not its.news, its.turn_ms, pilot)
            for pilot, its in enumerate(self.pilots)
            if its.due_ms() <= now_ms
        ]
        return self._measured(min(due)[2], now_ms) if due else b""

    def _numbered(self, kind: int, body: bytes) -> bytes:
        frame = wire.frame(kind, self._number, body)
        self._number = (self._number + 1) % 256
        return frame

    def _hello_body(self, reason: int) -> bytes:
        version = 2 if self.faults.wrong_version else 1
        answers = self._heard if reason == ASKED else 0
        return bytes((version, self.count, self.features, reason, answers)) + FIRMWARE.ljust(12, b"\0")

    def _measured(self, pilot: int, now_ms: float) -> bytes:
        its = self.pilots[pilot]
        if its.news:
            its.out_of_turn_ms = its.turn_ms = now_ms
        its.said = (its.peaks[0], its.duty_e4, its.flags)
        its.turn_ms = max(its.turn_ms, now_ms - MEASURE_MS) + MEASURE_MS  # a late turn delays no other
        signed = b"".join(mv.to_bytes(2, "big", signed=True) for mv in its.peaks)
        unsigned = b"".join(value.to_bytes(2, "big") for value in (its.proximity_mv, its.duty_e4))
        return self._numbered(
            wire.MEASURED, bytes((pilot, its.flags)) + signed + unsigned + bytes((its.taken,))
        )

    def _begin(self, number: int) -> None:
        self._forget(number)
        self._hello = ASKED

    def _forget(self, heard: int = 0) -> None:
        self._heard = heard
        for number, its in enumerate(self.pilots):
            its.taken, its.hold_until_ms, its.said = heard, _NEVER, None
            its.flags = its.flags & ~COMMAND_REFUSED | HOLD_OVER
            self._drive(number, STEADY_E4)

    def _order(self, number: int, body: bytes, now_ms: float) -> None:
        pilot = body[0]
        duty_e4, hold_ms = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
        if pilot >= self.count:
            return
        its = self.pilots[pilot]
        if duty_e4 > STEADY_E4 or not 1 <= hold_ms <= MAX_HOLD_MS:
            its.flags |= COMMAND_REFUSED
            return
        its.flags &= ~(COMMAND_REFUSED | HOLD_OVER)
        its.taken, its.hold_until_ms = number, now_ms + hold_ms
        self._drive(pilot, duty_e4)

    def _drive(self, pilot: int, duty_e4: int) -> None:
        its = self.pilots[pilot]
        if its.duty_e4 != duty_e4 and not self.faults.stuck_duty:
            its.duty_e4 = duty_e4
            self.driven(pilot, duty_e4)
