"""Bauer BSM-WS36A: an OCMF text at the begin and one at the end of a charge, from its signed snapshots.

Model instances and addresses: chargeITmobility bsm-python, doc/modbus/bsm-ws36a-modbus-registers.csv and
doc/examples (protocol addresses, holding registers, written with function 16 alone). It takes the "Signed
Start" and the "Signed End Snapshot", which drive no contactor: that is the interlock's business. Meters have
them from firmware 1.8 on.
"""

from drivers.meter.bus import MeterBus
from drivers.meter.maps import Block
from drivers.meter.signing import (
    Begun,
    MeterSeal,
    MeterSealError,
    RecordAbout,
    Registers,
    text_of,
    words_of,
)

_EPOCH = (
    40260  # uint32 seconds, then the zone's offset in minutes: written in one request, or the first is lost
)
_META1, _META1_REGISTERS = 40279, 70  # becomes ID in the OCMF text
_KEY_BYTES, _KEY = 40450, 40451
_MOST_KEY_BYTES = 96
_START, _END = 41283, 41537  # signed start and end snapshot (model 64901)
_STATUS = 3
_RESPONSE_COUNT = 19
_OCMF_START, _OCMF_END = 43291, 43791  # their OCMF texts (model 64903)
_OCMF_STATUS = 3
_OCMF_TEXT, _OCMF_REGISTERS = 4, 496
_VALID, _UPDATING = 0, 2
_FAILURES = {
    1: "the snapshot is invalid", 3: "the snapshot failed", 4: "the enable signal is missing",
    5: "the contactor's feedback is missing or wrong",
}  # fmt: skip
_WITHIN_S = 15.0
"""How long a snapshot may take (snapshots.md, "Snapshot Creation")."""

_DRIFT_S = 30
_PROBES = (Block(_EPOCH, 3), Block(_EPOCH, 5), Block(_EPOCH, 7), Block(_EPOCH, 9))


class BauerBsm:
    """A BSM-WS36A as a `SigningMeter`."""

    def __init__(self, bus: MeterBus, unit: int) -> None:
        self._registers = Registers(bus, unit, _PROBES)
        self._public_key = b""

    async def begin_record(self, about: RecordAbout) -> Begun:
        """Take the start snapshot and return its text; end a record of another charge first."""
        left_over: tuple[MeterSeal, ...] = ()
        if await self._is_open():
            begin = await self._seal(_OCMF_START)
            if await self._meta() == _identification(about):
                return Begun(begin)
            left_over = (begin, await self._snapshot(_END, _OCMF_END))
        await self._set_time(about)
        await self._registers.write(_META1, *words_of(_identification(about), _META1_REGISTERS))
        return Begun(await self._snapshot(_START, _OCMF_START), left_over)

    async def end_record(self, about: RecordAbout) -> MeterSeal:
        """Take the end snapshot and return its text. Raises MeterSealError when there is no start to it."""
        if not await self._is_open():
            raise MeterSealError("the meter has no start snapshot that an end is missing to")
        if await self._meta() != _identification(about):  # the meter was without supply
            await self._registers.write(_META1, *words_of(_identification(about), _META1_REGISTERS))
        return await self._snapshot(_END, _OCMF_END)

    async def public_key(self) -> bytes:
        """Return the key, which the meter gives as DER (RFC 5480)."""
        if not self._public_key:
            length = await self._registers.read_word(_KEY_BYTES)
            if not 0 < length <= _MOST_KEY_BYTES:
                raise MeterSealError(f"the meter gives no public key: its length reads {length}")
            self._public_key = (await self._registers.read(_KEY, (length + 1) // 2))[:length]
        return self._public_key

    async def _is_open(self) -> bool:
        """Say whether the newest of both snapshots is the start: each carries the number of its response."""
        start, end = await self._number(_START), await self._number(_END)
        return start is not None and (end is None or end < start)

    async def _number(self, snapshot: int) -> int | None:
        if await self._registers.read_word(snapshot + _STATUS) != _VALID:
            return None
        return int.from_bytes(await self._registers.read(snapshot + _RESPONSE_COUNT, 2), "big")

    async def _snapshot(self, snapshot: int, ocmf: int) -> MeterSeal:
        """Have a snapshot made and return its OCMF text."""
        await self._registers.write(snapshot + _STATUS, _UPDATING)
        await self._registers.wait_for(snapshot + _STATUS, _is_made, _WITHIN_S, "the snapshot")
        return await self._seal(ocmf)

    async def _seal(self, ocmf: int) -> MeterSeal:
        """Return a snapshot's OCMF text; the meter makes and signs it when it is read (ocmf.md)."""
        await self._registers.wait_for(ocmf + _OCMF_STATUS, _is_made, _WITHIN_S, "the OCMF text")
        text = text_of((await self._registers.read(ocmf + _OCMF_TEXT, _OCMF_REGISTERS)).rstrip(b"\0"))
        if not text.startswith("OCMF|"):
            raise MeterSealError("the meter gives no OCMF text")
        return MeterSeal(text, (await self.public_key()).hex())

    async def _meta(self) -> bytes:
        return (await self._registers.read(_META1, _META1_REGISTERS)).rstrip(b"\0")

    async def _set_time(self, about: RecordAbout) -> None:
        """Set the meter's clock when it is off; more often than once a day wears the meter out (time.md)."""
        now = await self._registers.read(_EPOCH, 3)
        off_s = abs(int.from_bytes(now[:4], "big") - about.utc_s)
        zone_min = int.from_bytes(now[4:], "big", signed=True)
        if off_s > _DRIFT_S or zone_min != about.offset_min:
            epoch = about.utc_s.to_bytes(4, "big") + about.offset_min.to_bytes(2, "big", signed=True)
            await self._registers.write(_EPOCH, *words_of(epoch))


def _identification(about: RecordAbout) -> bytes:
    return about.transaction_id.encode("ascii", "replace")[: 2 * _META1_REGISTERS]


def _is_made(status: int) -> bool:
    """Say whether a snapshot is made. Raises MeterSealError for a failure."""
    if status in (_VALID, _UPDATING):
        return status == _VALID
    raise MeterSealError(f"the meter does not sign: {_FAILURES.get(status, f'status {status}')}")
