"""Iskra WM3M4C: one OCMF text at the end of a charge, with the begin and the end reading in it.

Registers and states are from the Iskra WM3M4 & WM3M4C user's manual, 6.5.6 to 6.5.13, and where the pages at
hand leave them out from EVerest's RsIskraMeter and patilvinay/iskra-WM3M4C-controller. Register 4xxxx of the
manual is the PDU address xxxx here, a holding register. docs/SELF_SIGNING_METERS.md says which is from where,
and what is not known.
"""

import json
import struct
from dataclasses import replace

from drivers.meter.bus import MeterBus
from drivers.meter.maps import Block
from drivers.meter.signing import (
    Begun,
    MeterSeal,
    MeterSealError,
    RecordAbout,
    Registers,
    spki_of,
    text_of,
    words_of,
)

_STATE = 7000
_IDLE, _ACTIVE, _POWER_FAILED = 0, 1, 2  # 3 is active after a reset
_COMMAND = 7051
_BEGIN, _END_WITH_BEGIN = "B", "r"
_SIGNATURE_STATUS = 7052
_NOT_DONE, _SIGNED = (0, 1, 2), 15
_ZONE_MIN = 7053
_UNIX_TIME = 7054
_DATASET_BYTES = 7056
_TEXT_BYTES = 7057  # and those of the signature in the next one
_SIGNATURE_FORMAT, _HEX = 7059, 0
_ALGORITHM, _ECDSA_P256_SHA256 = 7060, 4
_CLOCK_STATUS = 7071
_CLOCK = {"unsynchronised": 0, "informative": 1, "synchronised": 2}
_DATASET = 7100
_MOST_DATASET_BYTES = 1024
_TEXT = 7612
_PUBLIC_KEY = 8124
_SIGNATURE = 8188
_PROBES = (Block(_COMMAND, 2), Block(_COMMAND, 3), Block(_COMMAND, 5), Block(_COMMAND, 7))
_WITHIN_S = 2.0
"""The manual gives the meter one second to sign (6.5.9)."""

_REFUSALS = {
    128: "invalid date or time", 129: "checksum error", 130: "invalid command", 131: "invalid state",
    132: "invalid measurement", 133: "test mode", 243: "verify state error", 244: "signature state error",
    245: "key pair not generated", 246: "SHA failed", 247: "init failed", 248: "data not locked",
    249: "configuration not locked", 250: "verify error", 251: "public key error",
    252: "invalid message format", 253: "invalid message size", 254: "signature error",
    255: "undefined error",
}  # fmt: skip


class IskraWm3m4c:
    """A WM3M4C as a `SigningMeter`."""

    def __init__(self, bus: MeterBus, unit: int) -> None:
        self._registers = Registers(bus, unit, _PROBES)
        self._public_key = b""

    async def begin_record(self, about: RecordAbout) -> Begun:
        """Begin a record; end one of another charge first. The begin reading comes signed with the end's."""
        left_over: tuple[MeterSeal, ...] = ()
        if await self._registers.read_word(_STATE) != _IDLE:
            if await self._is_about(about):
                return Begun()
            left_over = (await self._end(replace(about, transaction_id="")),)
        await self._tell(about)
        await self._command(_BEGIN, _ACTIVE)
        return Begun(None, left_over)

    async def end_record(self, about: RecordAbout) -> MeterSeal:
        """End the record. Raises MeterSealError when the meter has none open."""
        return await self._end(about)

    async def public_key(self) -> bytes:
        """Return the key; it never changes (made once, in production: manual 6.3.1)."""
        if not self._public_key:
            self._public_key = spki_of(await self._registers.read(_PUBLIC_KEY, 32))
        return self._public_key

    async def _end(self, about: RecordAbout) -> MeterSeal:
        """End the open record; without a transaction's id it is about nobody knows what."""
        state = await self._registers.read_word(_STATE)
        if state == _IDLE:
            raise MeterSealError("the meter has no open record to end")
        if state == _POWER_FAILED:  # its clock and what it was told are gone
            await self._tell(about)
        await self._command(_END_WITH_BEGIN, _IDLE)
        text_bytes, signature_bytes = struct.unpack(">HH", await self._registers.read(_TEXT_BYTES, 2))
        text = text_of(await self._sized(_TEXT, text_bytes))
        _check(text, about.transaction_id)
        signature = canonical_der(raw_der(await self._sized(_SIGNATURE, signature_bytes)))
        sealed = f'OCMF|{text}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature.hex()}"}}'
        return MeterSeal(sealed, (await self.public_key()).hex())

    async def _command(self, letter: str, state: int) -> None:
        """Give a command, and wait until it is carried out and its reading is signed."""
        registers = self._registers
        await registers.write_word(_COMMAND, ord(letter) << 8)
        await registers.wait_for(_SIGNATURE_STATUS, _is_signed, _WITHIN_S, f"signing after {letter!r}")
        await registers.wait_for(
            _STATE, lambda now: now == state, _WITHIN_S, f"state {state} after {letter!r}"
        )

    async def _tell(self, about: RecordAbout) -> None:
        """Set the time and the message, as the manual wants it before a command (6.5.8)."""
        registers = self._registers
        await registers.write(
            _UNIX_TIME, about.utc_s >> 16, about.utc_s & 0xFFFF
        )  # both at once, or it leaps
        await registers.write_word(_ZONE_MIN, about.offset_min)
        await registers.write_word(_CLOCK_STATUS, _CLOCK[about.clock])
        await registers.write_word(_SIGNATURE_FORMAT, _HEX)
        await registers.write_word(_ALGORITHM, _ECDSA_P256_SHA256)
        message = dataset(about)
        await registers.write(_DATASET, *words_of(message))
        await registers.write_word(_DATASET_BYTES, len(message))

    async def _is_about(self, about: RecordAbout) -> bool:
        """Say whether the message in the meter is that of this charge."""
        message = dataset(about)
        length = await self._registers.read_word(_DATASET_BYTES)
        return length == len(message) and await self._bytes(_DATASET, length) == message

    async def _sized(self, at: int, length: int) -> bytes:
        if not 0 < length <= _MOST_DATASET_BYTES:
            raise MeterSealError(f"the meter says that {length} bytes are at register {at}")
        return await self._bytes(at, length)

    async def _bytes(self, at: int, length: int) -> bytes:
        return (await self._registers.read(at, (length + 1) // 2))[:length]


def dataset(about: RecordAbout) -> bytes:
    """Return the message about a charge: the manual's keys, in its order; the meter fills in the rest."""
    fields = {
        "FV": "1.0",
        "GI": "Wattseal",
        "GS": about.station,
        "PG": "",
        "MV": "",
        "MM": "",
        "MS": "",
        "MF": "",
        "IS": bool(about.transaction_id),
        "IF": [],
        "IT": "LOCAL_1" if about.transaction_id else "NONE",
        "ID": about.transaction_id,
        "CT": "EVSEID",
        "CI": about.charge_point,
        "RD": [],
    }
    text = json.dumps(fields, separators=(",", ":"))
    return text.replace("|", "\\u007c").encode()


def _check(text: str, transaction_id: str) -> None:
    """Refuse a text that is not the one asked for: the meter keeps its last one until the next is signed."""
    try:
        fields = json.loads(text)
        reasons, about = [reading["TX"] for reading in fields["RD"]], fields["ID"]
    except (ValueError, KeyError, TypeError) as error:
        raise MeterSealError("the meter's text is no OCMF") from error
    if reasons[:1] != ["B"] or len(reasons) < 2 or transaction_id not in ("", about):
        raise MeterSealError("the meter's text is not the begin and end of this charge")


def raw_der(signature: bytes) -> bytes:
    """Return the signature as bytes, whether the meter gives them as such or spelled in hex digits."""
    try:
        return bytes.fromhex(signature.decode("ascii")) if signature[:2] == b"30" else signature
    except ValueError:
        return signature


def canonical_der(signature: bytes) -> bytes:
    """Return an ECDSA-Sig-Value with its two numbers unchanged and their leading zeros as DER wants them.

    This meter's firmware may pad a number with zeros (EVerest RsIskraMeter, utils.rs), which verifiers refuse
    (X.690, 8.3.2). Raises MeterSealError for what holds no two numbers.
    """
    if len(signature) < 8 or signature[0] != 0x30 or signature[1] != len(signature) - 2:
        raise MeterSealError("the meter's signature is no ECDSA signature in DER")
    body, rest = b"", signature[2:]
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or not 0 < rest[1] <= len(rest) - 2:
            raise MeterSealError("the meter's signature holds no two numbers")
        number, rest = rest[2 : 2 + rest[1]].lstrip(b"\0") or b"\0", rest[2 + rest[1] :]
        number = (b"\0" if number[0] & 0x80 else b"") + number
        body += bytes((2, len(number))) + number
    if rest:
        raise MeterSealError("the meter's signature has bytes left over")
    return bytes((0x30, len(body))) + body


def _is_signed(status: int) -> bool:
    """Say whether a status (table 11) is "signed". Raises MeterSealError for one that is a refusal."""
    if status in _NOT_DONE or status == _SIGNED:
        return status == _SIGNED
    raise MeterSealError(f"the meter does not sign: {_REFUSALS.get(status, f'status {status}')}")
