"""Plans how a meter's register map is read, in as few requests as it allows, and reads values out of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from config.schema import MeterMap, Register, SerialNumber
from drivers.meter.decode import decode, decode_energy, step_dwh

SILENCE_CHARS = 3.5
"""The silence between two frames (Modbus over Serial Line V1.02, 2.5.1.1)."""

_REQUEST_CHARS = 8
_REPLY_OVERHEAD_CHARS = 5

Registers = Mapping[int, int]
"""What 16-bit registers hold, by address."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading. A register-only read has no electrical values: None, never zero.

    ``resolution_dwh`` is the import register's step at this value.
    """

    import_dwh: int
    resolution_dwh: int
    power_w: int | None = None
    voltage_mv: tuple[int, ...] | None = None
    current_ma: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """``count`` registers from ``at`` on, read in one request."""

    at: int
    count: int

    @property
    def end(self) -> int:
        return self.at + self.count

    def wire_s(self, baudrate: int, char_bits: int = 10) -> float:
        """Return the least time that reading it takes on the wire, in seconds.

        Request, the silence of 3.5 characters that ends it, and reply (Modbus over Serial Line V1.02, 2.5.1).
        """
        chars = _REQUEST_CHARS + SILENCE_CHARS + _REPLY_OVERHEAD_CHARS + 2 * self.count
        return chars * char_bits / baudrate


@dataclass(frozen=True, slots=True)
class IdentityPlan:
    """How the number on a meter's plate is read; some meters want another function for it."""

    number: SerialNumber
    function: int
    probes: tuple[Block, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        return (Block(self.number.at, self.number.count),)


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How one meter is read.

    ``full`` holds every value of the map, ``register`` the import register and what belongs to it; the block
    with the import register comes first, so that a reading is stamped for it. ``identity`` is for the serial
    number, if the map has one. ``probes`` are blocks of the map in as many different lengths as it gives:
    after a failure an answer is known by its length, whatever older answers are still under way (see
    `drivers.meter.bus`).
    """

    map: MeterMap
    full: tuple[Block, ...]
    register: tuple[Block, ...]
    identity: IdentityPlan | None
    probes: tuple[Block, ...]

    @property
    def function(self) -> int:
        return self.map.function

    def sample(self, registers: Registers, *, full: bool) -> Sample:
        """Return the values in the registers of ``full`` or ``register``. Raises MeterValueError.

        A current is how much flows, without the sign that some meters give it: the direction is the power's.
        """
        read = self.map
        import_dwh = decode_energy(registers, read.import_dwh, "import register")
        resolution_dwh = step_dwh(registers, read.import_dwh, read.resolution_dwh)
        if not full:
            return Sample(import_dwh, resolution_dwh)
        return Sample(
            import_dwh,
            resolution_dwh,
            decode(registers, read.power_w, "power"),
            tuple(decode(registers, r, f"voltage of L{i}") for i, r in enumerate(read.voltage_mv, 1)),
            tuple(abs(decode(registers, r, f"current of L{i}")) for i, r in enumerate(read.current_ma, 1)),
        )


def plan_reads(meter: MeterMap) -> ReadPlan:
    """Plan the reads of a register map, one that `config.map_rules` finds nothing wrong with."""
    registers = (meter.import_dwh, meter.power_w, *meter.voltage_mv, *meter.current_ma)
    full = _blocks(meter, [span for register in registers for span in _spans(register)])
    register = _blocks(meter, list(_spans(meter.import_dwh)))
    probes = _probes(full, registers)
    return ReadPlan(meter, full, register, _identity(meter, probes), probes)


def _identity(meter: MeterMap, probes: tuple[Block, ...]) -> IdentityPlan | None:
    number = meter.serial_number
    if number is None:
        return None
    if number.function in (None, meter.function):
        return IdentityPlan(number, meter.function, probes)
    return IdentityPlan(number, number.function, (Block(number.at, number.count),))


def _spans(register: Register) -> Iterator[Block]:
    """Yield the registers that one value needs: its own, its exponent, its transformer ratios."""
    yield Block(register.at, len(register.addresses))
    if register.exponent_at is not None:
        yield Block(register.exponent_at, 1)
    yield from (Block(at, 1) for at in register.ratio_at)


def _blocks(meter: MeterMap, spans: list[Block]) -> tuple[Block, ...]:
    """Join spans that lie near each other into requests; the one with the import register comes first.

    The others are in such an order that neighbours differ in length, as far as that can be: an answer that
    comes twice is known then (see `drivers.meter.bus`).
    """
    blocks: list[Block] = []
    for span in sorted(spans):
        last = blocks[-1] if blocks else None
        joined = None if last is None else Block(last.at, max(last.end, span.end) - last.at)
        if (
            last
            and joined
            and span.at - last.end <= meter.read_through
            and joined.count <= meter.most_registers
        ):
            blocks[-1] = joined
        else:
            blocks.append(span)
    first = next(block for block in blocks if block.at <= meter.import_dwh.at < block.end)
    return (first, *_in_turn([block for block in blocks if block != first], first.count))


def _in_turn(blocks: list[Block], last_count: int) -> Iterator[Block]:
    """Yield blocks so that none has the length of the one before, those of the commonest length first."""
    often = Counter(block.count for block in blocks)
    while blocks:
        blocks.sort(key=lambda block: (block.count == last_count, -often[block.count], block.at))
        block = blocks.pop(0)
        often[block.count] -= 1
        last_count = block.count
        yield block


def _probes(blocks: Iterable[Block], registers: Iterable[Register]) -> tuple[Block, ...]:
    """Return one block per length that begins and ends at a value's border, the shortest first."""
    values = [Block(register.at, len(register.addresses)) for register in registers]
    by_count: dict[int, Block] = {}
    for block in blocks:
        within = [value for value in values if block.at <= value.at and value.end <= block.end]
        for first in within:
            for last in within:
                if last.end > first.at:
                    probe = Block(first.at, last.end - first.at)
                    by_count.setdefault(probe.count, probe)
    return tuple(by_count[count] for count in sorted(by_count))
