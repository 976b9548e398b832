"""How far the record is that a signing meter keeps of a charge, and what it is to do (see `meter_seal`)."""

from typing import Literal, NamedTuple

from firmware.core.events import MeterSeal


class MeterOrder(NamedTuple):
    """What the meter is to do, and for which charge."""

    do: Literal["begin", "end"]
    transaction_id: str


class MeterRecord(NamedTuple):
    """The meter's own record of one charge: whether it was begun and ended, None while that is not known.

    ``missed_begin``: it was not begun in time, and what flowed before may be missing in it, if it was later.
    ``begin_seal`` is there where the meter signs begin and end apart; else ``end_seal`` holds both.
    """

    begun: bool | None = None
    ended: bool | None = None
    missed_begin: bool = False
    begin_seal: MeterSeal | None = None
    end_seal: MeterSeal | None = None
