"""A pilot coprocessor on a serial port, for a ``select`` loop (docs/PILOT_COPROCESSOR.md).

Standard library only, without asyncio and threads: the interlock calls `PilotCoprocessor.refresh` when the
port is readable, and at least each `REFRESH_MS` when it is not.
"""

import contextlib
import os
import select
from collections.abc import Iterator

from hal.clock import Clock, SystemClock
from hal.coprocessor.dialogue import SILENT_MS, Dialogue
from hal.coprocessor.frames import PROXIMITY, STEADY_E4, Measured
from hal.coprocessor.port import SerialPort
from hal.ports import BoardLostError

REFRESH_MS = 20
"""So often a loop that the port does not wake calls `PilotCoprocessor.refresh`: to renew, to see silence."""
HELLO_MS = 300
"""So long the constructor waits for Hello and the first measurement of every pilot."""
ASK_MS = 100
"""How often it asks in that time."""

_PORTION = 2_048
_MOST = 8_192
"""More than this waits at the port only if nobody has read it for long, and then what is in front is old."""


class PilotCoprocessor:
    """The coprocessor on a serial port, each of its pilots at steady +12 V to begin with.

    The constructor waits up to 300 ms; nothing else waits. It raises ValueError for a baud rate that no port
    has, BoardLostError when nobody answers who speaks this version.

    After that it is lost when a pilot was not told of for 100 ms, when a duty in force is not the ordered one
    for 200 ms, when it says that it has started by itself or cannot measure, when the port is gone. Then
    every access raises BoardLostError; its pilots fall to steady +12 V when their hold of 500 ms is over. A
    lost coprocessor stays lost: close it and open a new one. Pilots count from 0; one that is not there
    raises KeyError.
    """

    def __init__(self, device: str, baudrate: int = 115_200, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._dialogue = Dialogue(number=os.urandom(1)[0])
        self._device = device
        self._lost = ""
        self._port = SerialPort(device, baudrate)
        try:
            self._begin()
        except BoardLostError:
            self._port.close()
            raise

    @property
    def firmware(self) -> str:
        """The coprocessor's name for its firmware."""
        hello = self._dialogue.hello
        return hello.firmware.rstrip(b"\0").decode("ascii", "replace") if hello else ""

    @property
    def pilots(self) -> int:
        """How many pilots it has."""
        return len(self._dialogue.pilots)

    @property
    def has_proximity(self) -> bool:
        """Whether it measures proximity contacts."""
        hello = self._dialogue.hello
        return hello is not None and bool(hello.features & PROXIMITY)

    @property
    def damaged(self) -> int:
        """How much came in, since it was opened, that was no frame."""
        return self._dialogue.decoder.damaged

    def set_duty(self, duty_e4: int, pilot: int = 0) -> None:
        """Order a duty in 1/10000; it holds for as long as `refresh` is called.

        Raises BoardLostError, ValueError outside 0 to 10000.
        """
        self.require_pilot(pilot)
        if not 0 <= duty_e4 <= STEADY_E4:
            raise ValueError(f"pilot {pilot}: a duty of {duty_e4}/10000 is outside 0 to {STEADY_E4}")
        now_ms = self._require_life()
        if duty_e4 != self._dialogue.pilots[pilot].wanted_e4:
            self._write(self._dialogue.order(pilot, duty_e4, now_ms))

    def peaks_mv(self, pilot: int = 0) -> tuple[int, int]:
        """Return the positive and the negative peak in mV at the contact. Raises BoardLostError."""
        told = self._told(pilot)
        return told.high_mv, told.low_mv

    def proximity_mv(self, pilot: int = 0) -> int:
        """Return the proximity contact's voltage in mV; 0 without that feature. Raises BoardLostError."""
        return self._told(pilot).proximity_mv

    def require_pilot(self, pilot: int) -> None:
        """Raise KeyError when there is no such pilot."""
        if not 0 <= pilot < self.pilots:
            have = f"it has 0 to {self.pilots - 1}" if self.pilots > 1 else "it has 0 alone"
            raise KeyError(f"the coprocessor at {self._device} has no pilot {pilot}; {have}")

    def fileno(self) -> int:
        """Return the port's descriptor, readable when something has come; -1 after `close`."""
        return self._port.fileno()

    def refresh(self) -> None:
        """Take in what has come, and order again what is in force. Never waits. Raises BoardLostError."""
        self._receive()
        now_ms = self._require_life()
        if orders := self._dialogue.renewals(now_ms):
            self._write(orders)

    def reset(self) -> None:
        """Let it start again as after power-up; it is lost by that. Raises BoardLostError."""
        self._write(self._dialogue.reset())
        self._lost = f"coprocessor at {self._device} was told to start again"

    def close(self) -> None:
        """Order steady +12 V on every pilot and close the port; a lost one falls to that by itself."""
        with contextlib.suppress(BoardLostError):
            self._write(self._dialogue.release())
        self._lost = self._lost or f"coprocessor at {self._device} is closed"
        self._port.close()

    def _begin(self) -> None:
        """Ask until it has told of every pilot."""
        ask_ms = self._clock.monotonic_ms()
        give_up_ms = ask_ms + HELLO_MS
        while not self._dialogue.begun:
            now_ms = self._clock.monotonic_ms()
            if now_ms >= give_up_ms:
                raise BoardLostError(f"coprocessor at {self._device} {self._why_unheard()}")
            if now_ms >= ask_ms and not self._dialogue.pilots:
                self._write(self._dialogue.begin())
                ask_ms = now_ms + ASK_MS
            until_ms = give_up_ms if self._dialogue.pilots else min(ask_ms, give_up_ms)
            select.select([self._port], [], [], self._clock.seconds_until(until_ms))
            self._receive()

    def _why_unheard(self) -> str:
        if self._dialogue.pilots:
            return f"says Hello, but does not tell of every pilot within {HELLO_MS} ms"
        noise = f"; what came was noise ({self.damaged} pieces)" if self.damaged else ""
        return f"does not answer within {HELLO_MS} ms{noise}"

    def _told(self, pilot: int) -> Measured:
        self.require_pilot(pilot)
        if self._clock.monotonic_ms() - self._dialogue.pilots[pilot].heard_ms > SILENT_MS:
            self._receive()
        self._require_life()
        told = self._dialogue.pilots[pilot].measured
        assert told is not None, "the constructor waits for the first of every pilot"
        return told

    def _receive(self) -> None:
        """Take in all that waits at the port: to its end, for the newest is there, but not without end."""
        with self._losing():
            taken = 0
            while data := self._port.read(_PORTION):
                self._dialogue.hear(data, self._clock.monotonic_ms())
                taken += len(data)
                if taken > _MOST:
                    raise BoardLostError("was not read for long, or sends more than its line carries")

    def _write(self, data: bytes) -> None:
        with self._losing():
            self._port.write(data)

    def _require_life(self) -> int:
        """Return the time now. Raises BoardLostError when it is lost."""
        now_ms = self._clock.monotonic_ms()
        with self._losing():
            self._dialogue.require_life(now_ms)
        return now_ms

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        """Make the first thing that goes wrong the end: from then on everything raises it."""
        if self._lost:
            raise BoardLostError(self._lost)
        try:
            yield
        except BoardLostError as error:
            self._lost = f"coprocessor at {self._device} {error}"
            raise BoardLostError(self._lost) from error
