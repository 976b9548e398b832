"""Host and coprocessor joined without a port, in virtual time: each side with its own codec."""

from collections.abc import Callable

from hal.coprocessor.dialogue import Dialogue
from sim.coprocessor.circuit import PilotCircuit
from sim.coprocessor.device import POWER, SimCoprocessor

STEP_MS = 0.5
BYTE_MS = 10 / 115.2

Way = Callable[[bytes], bytes]


def clean(data: bytes) -> bytes:
    """A line that loses nothing."""
    return data


class VirtualLine:
    """``to_host`` and ``to_coprocessor`` may damage what they carry. Time moves by `run` alone."""

    def __init__(self, pilots: int = 1) -> None:
        self.now_ms = 1_000.0
        self.circuits = [PilotCircuit() for _ in range(pilots)]
        self.coprocessor = SimCoprocessor(pilots, driven=lambda pilot, _duty_e4: self.feel(pilot))
        self.host = Dialogue(number=250)
        self.to_host: Way = clean
        self.to_coprocessor: Way = clean
        self.orders = 0
        self._on_the_wire: list[tuple[float, bytes]] = []

    def begin(self) -> "VirtualLine":
        """Power up, and let the host open the port."""
        self.coprocessor.start(POWER)
        self.say(self.host.begin())
        self.run(20)
        assert self.host.begun
        return self

    def vehicle(self, state: str, pilot: int = 0) -> None:
        self.circuits[pilot].state = state
        self.feel(pilot)

    def feel(self, pilot: int) -> None:
        duty_e4 = self.coprocessor.pilots[pilot].duty_e4
        self.coprocessor.feel(pilot, *self.circuits[pilot].peaks_mv(duty_e4), self.now_ms)

    def order(self, duty_e4: int, pilot: int = 0) -> None:
        self.say(self.host.order(pilot, duty_e4, round(self.now_ms)))

    def say(self, data: bytes) -> None:
        """Let the coprocessor hear it."""
        self.orders += bool(data)
        self.coprocessor.hear(self.to_coprocessor(data), self.now_ms)

    def run(self, ms: float, host: bool = True) -> None:
        """Let time pass; ``host`` False: the host hangs. Raises what the host raises."""
        end_ms = self.now_ms + ms
        while self.now_ms < end_ms:
            self.now_ms += STEP_MS
            self.coprocessor.look(self.now_ms)
            self._carry()
            if host:
                self._refresh()

    def until(self, what: Callable[[], bool], within_ms: float) -> float:
        """Let time pass until ``what``; return how many milliseconds it took."""
        start_ms = self.now_ms
        while not what():
            assert self.now_ms - start_ms <= within_ms, f"not within {within_ms} ms"
            self.run(STEP_MS)
        return self.now_ms - start_ms

    def high_mv(self, pilot: int = 0) -> int:
        told = self.host.pilots[pilot].measured
        assert told is not None
        return told.high_mv

    def duty_e4(self, pilot: int = 0) -> int:
        """What the coprocessor really does."""
        return self.coprocessor.pilots[pilot].duty_e4

    def _carry(self) -> None:
        if not self._on_the_wire and (frame := self.coprocessor.speak(self.now_ms)):
            self._on_the_wire.append((self.now_ms + len(frame) * BYTE_MS, frame))

    def _refresh(self) -> None:
        if self._on_the_wire and self._on_the_wire[0][0] <= self.now_ms:
            self.host.hear(self.to_host(self._on_the_wire.pop()[1]), round(self.now_ms))
        self.host.require_life(round(self.now_ms))
        self.say(self.host.renewals(round(self.now_ms)))
