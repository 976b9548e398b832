"""Plans how a meter's register map is read: everything in one request, or the billing register alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.schema import MeterMap, Register
from drivers.meter.decode import WORDS, decode, decode_energy
from drivers.meter.errors import MeterMapError

MAX_REGISTERS = 125
"""Modbus Application Protocol V1.1b3, 6.3 and 6.4: 1 to 125 registers a request."""

SILENCE_CHARS = 3.5
"""The silence between two frames (Modbus over Serial Line V1.02, 2.5.1.1)."""

_REQUEST_CHARS = 8
_REPLY_OVERHEAD_CHARS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """What one request brought. A register-only read has no electrical values: None, never zero."""

    import_dwh: int
    power_w: int | None = None
    voltage_mv: tuple[int, ...] | None = None
    current_ma: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """``count`` registers from ``at`` on, read in one request."""

    at: int
    count: int

    def wire_s(self, baudrate: int, char_bits: int = 10) -> float:
        """Return the least time that reading it takes on the wire, in seconds.

        Request, the silence of 3.5 characters that ends it, and reply (Modbus over Serial Line V1.02, 2.5.1).
        """
        chars = _REQUEST_CHARS + SILENCE_CHARS + _REPLY_OVERHEAD_CHARS + 2 * self.count
        return chars * char_bits / baudrate


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How one meter is read.

    ``full`` holds every value of the map, ``register`` only the billing register, in another length.
    ``probes`` are blocks of the map in as many different lengths as it gives: after a failure an answer is
    known by its length, whatever older answers are still under way (see `drivers.meter.bus`).
    """

    map: MeterMap
    full: Block
    register: Block
    probes: tuple[Block, ...]

    def sample(self, block: Block, registers: Sequence[int]) -> Sample:
        """Return the values in a block's registers. Raises MeterValueError."""

        def words(register: Register) -> Sequence[int]:
            start = register.at - block.at
            return registers[start : start + WORDS[register.type]]

        read = self.map
        import_dwh = decode_energy(words(read.import_dwh), read.import_dwh, "import register")
        if block != self.full:
            return Sample(import_dwh)
        return Sample(
            import_dwh,
            decode(words(read.power_w), read.power_w, "power"),
            tuple(decode(words(r), r, f"voltage of L{i}") for i, r in enumerate(read.voltage_mv, 1)),
            tuple(decode(words(r), r, f"current of L{i}") for i, r in enumerate(read.current_ma, 1)),
        )


def plan_reads(meter: MeterMap) -> ReadPlan:
    """Plan the reads of a register map. Raises MeterMapError when its values do not fit into one request."""
    registers = (meter.import_dwh, meter.power_w, *meter.voltage_mv, *meter.current_ma)
    starts = sorted({register.at for register in registers})
    ends = sorted({register.at + WORDS[register.type] for register in registers})
    full = Block(starts[0], ends[-1] - starts[0])
    if full.count > MAX_REGISTERS:
        raise MeterMapError(
            f"{meter.name}: its values span {full.count} registers from 0x{starts[0]:04X} on,"
            f" one request holds {MAX_REGISTERS}"
        )
    register = Block(meter.import_dwh.at, WORDS[meter.import_dwh.type])
    if register.count == full.count:
        raise MeterMapError(f"{meter.name}: power and import register are the same registers")
    return ReadPlan(meter, full, register, _probes(starts, ends))


def _probes(starts: list[int], ends: list[int]) -> tuple[Block, ...]:
    """Return one block per length that begins and ends at a value's border, the shortest first."""
    by_count: dict[int, Block] = {}
    for start in starts:
        for end in ends:
            if end > start:
                by_count.setdefault(end - start, Block(start, end - start))
    return tuple(by_count[count] for count in sorted(by_count))
