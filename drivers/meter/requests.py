"""What is asked of a meter and what its answer must be, whatever carries them: Modbus PDUs.

Modbus Application Protocol V1.1b3: 4.1 (PDU), 6.3 and 6.4 (reading), 6.6 and 6.12 (writing), 7 (exceptions).
"""

from dataclasses import dataclass
from typing import Literal

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
)

from drivers.meter.errors import (
    MeterError,
    MeterGatewayError,
    MeterRefusedError,
    MeterSilentError,
    MeterUnwellError,
)
from drivers.meter.maps import Block

MOST_REGISTERS = 125
"""One request reads 1 to 125 registers."""

_EXCEPTION_BIT = 0x80
_READ_INPUT, _WRITE_ONE = 4, 6
_UNKNOWN_TO_THE_METER = (1, 2, 3, 4)
"""04 is a failure by the standard, and what some meters say of registers that they do not have."""
_GATEWAY_HAS_NO_PATH, _GATEWAY_HEARS_NOTHING = 0x0A, 0x0B


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a unit. Its answer's PDU begins with ``begins`` and has ``answer_length`` bytes."""

    unit: int
    pdu: bytes
    begins: bytes
    answer_length: int

    @property
    def refusal(self) -> bytes:
        """How an exception reply begins; the exception's code follows, and nothing else."""
        return bytes((self.pdu[0] | _EXCEPTION_BIT,))

    def fits(self, pdu: bytes) -> bool:
        """Is it the answer, or an exception reply?"""
        whole = len(pdu) == self.answer_length and pdu.startswith(self.begins)
        return whole or (len(pdu) == 2 and pdu.startswith(self.refusal))


def read_request(unit: int, function: int, block: Block) -> Request:
    """Ask for the registers of a block: holding registers (function 03) or input registers (04)."""
    kind = ReadInputRegistersRequest if function == _READ_INPUT else ReadHoldingRegistersRequest
    pdu = _pdu(kind(address=block.at, count=block.count))
    return Request(unit, pdu, bytes((function, 2 * block.count)), 2 + 2 * block.count)


def write_request(unit: int, at: int, words: tuple[int, ...], function: Literal[6, 16]) -> Request:
    """Write holding registers; the answer repeats address and value (function 06) or count (16)."""
    if function == _WRITE_ONE:
        pdu = answer = _pdu(WriteSingleRegisterRequest(address=at, registers=list(words)))
    else:
        pdu = _pdu(WriteMultipleRegistersRequest(address=at, registers=list(words)))
        answer = _pdu(WriteMultipleRegistersResponse(address=at, count=len(words)))
    return Request(unit, pdu, answer, len(answer))


def words_in(pdu: bytes) -> tuple[int, ...]:
    """Return the registers in the answer to a read."""
    answer = ReadHoldingRegistersResponse()  # laid out as the one for input registers
    answer.decode(pdu[1:])
    return tuple(answer.registers)


def _pdu(message: ModbusPDU) -> bytes:
    return bytes((message.function_code,)) + message.encode()


def refused(request: Request, pdu: bytes) -> MeterError | None:
    """Return what an exception reply means, None for an answer."""
    if not pdu.startswith(request.refusal):
        return None
    unit, code = request.unit, pdu[1]
    if code == _GATEWAY_HEARS_NOTHING:
        return MeterSilentError(f"the gateway says that unit {unit} gives no reply (exception 11)")
    if code == _GATEWAY_HAS_NO_PATH:
        return MeterGatewayError(f"the gateway cannot reach unit {unit} now (exception 10)")
    if code in _UNKNOWN_TO_THE_METER:
        return MeterRefusedError(f"unit {unit} refused with Modbus exception {code}")
    return MeterUnwellError(f"unit {unit} cannot answer now: Modbus exception {code}")
