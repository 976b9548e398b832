"""The BSM-WS36A's driver on a real pty; what it carries is checked by a third party, PyPI pyocmf."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyocmf import OCMF
from signing_far_end import SigningFarEnd

from drivers.meter.bauer import BauerBsm
from drivers.meter.bus import MeterBus
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from drivers.meter.signing import MeterSeal, MeterSealError, RecordAbout
from sim.board.signing_meter import BauerSigner

FAST = LineSettings(115_200, answer_within_s=0.1)

ABOUT = RecordAbout("3f2c-tx", "chu-003", "chu-003*1", 1_780_277_400, 480, "synchronised")
REAL = (
    'OCMF|{"FV":"1.0","GI":"BAUER Electronic BSM-WS36A-H01-1311-0000","GS":"001BZR1521070006",'
    '"GV":"1.9:32CA:AFF4, 6d1dd3c","PG":"T22979","MV":"BAUER Electronic","MM":"BSM-WS36A-H01-1311-0000",'
    '"MS":"001BZR1521070006","IS":true,"IT":"UNDEFINED","ID":"contract-id: rfid:12345678abcdef","RD":['
    '{"TM":"2021-01-01T10:05:52,000+0100 S","TX":"E","RV":160,"RI":"1-0:1.8.0*198","RU":"Wh","XV":52610,'
    '"XI":"1-0:1.8.0*255","XU":"Wh","XT":2,"RT":"AC","EF":"","ST":"G"}]}|{"SA":"ECDSA-secp256r1-SHA256",'
    '"SD":"304502207f70363859e48dc22e886258065a684b6de02bff75ce916faaf04d440d163e5b022100a23774b07de5e7f'
    'd40448f141f48b8ff6bf3c3fd68ad9fc64595f29f31ecbd4f"}'
)
REAL_KEY = (
    "3059301306072a8648ce3d020106082a8648ce3d030107034200044bfd02c1d85272ceea9977db26d72cc401d9e5602faeee"
    "7ec7b6b62f9c0cce34ad8d345d5ac0e8f65deb5ff0bb402b1b87926bd1b7fc2dbc3a9774e8e70c7254"
)
"""What a real BSM-WS36A signed, and its key: chargeITmobility bsm-python, doc/examples/ocmf.md."""

Scene = Callable[[BauerBsm, SigningFarEnd], Awaitable[None]]


class Register:
    """The energy register and the clock of the meter, moved by the test."""

    wh = 52_440.0
    ms = 0.0


def play(tmp_path: Path, scene: Scene) -> None:
    """Run a scene with the driver at one end of a pty and a simulated meter at the other."""

    async def run() -> None:
        signer = BauerSigner(lambda: Register.wh, lambda: Register.ms, "001BZR0000000001")
        far_end = SigningFarEnd(tmp_path / "tty", signer, unit=42)
        far_end.listen()
        bus = MeterBus(SerialLine(str(far_end.link), FAST))
        await scene(BauerBsm(bus, far_end.unit), far_end)
        await bus.close()

    asyncio.run(run())


def verified(seal: MeterSeal | None) -> dict[str, object]:
    """Return the payload of a text whose signature a third party finds good."""
    assert seal is not None
    assert OCMF.from_string(seal.data, strict=True).verify_signature(seal.public_key_hex)
    payload: dict[str, object] = json.loads(seal.data.split("|")[1])
    return payload


def reading(payload: dict[str, object]) -> tuple[str, float, float]:
    (only,) = payload["RD"]  # type: ignore[misc]
    return only["TX"], only["RV"], only["XV"]


def test_begin_and_end_come_as_a_text_each(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, _far_end: SigningFarEnd) -> None:
        begin = verified((await meter.begin_record(ABOUT)).seal)
        Register.wh = 52_610.0
        end = verified(await meter.end_record(ABOUT))
        assert (reading(begin), reading(end)) == (("B", 0.0, 52.44), ("E", 0.17, 52.61))
        assert begin["ID"] == end["ID"] == "3f2c-tx"
        assert int(str(end["PG"])[1:]) == int(str(begin["PG"])[1:]) + 1

    Register.wh = 52_440.0
    play(tmp_path, scene)


def test_its_clock_is_set_only_when_it_is_off(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        await meter.end_record(ABOUT)
        Register.ms = 600_000.0
        await meter.begin_record(replace(ABOUT, transaction_id="next", utc_s=ABOUT.utc_s + 603))
        assert far_end.writes_to(40260) == [(*divmod(ABOUT.utc_s, 0x10000), 480)]

    Register.ms = 0.0
    play(tmp_path, scene)


def test_after_a_restart_the_open_record_of_the_same_charge_goes_on(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, far_end: SigningFarEnd) -> None:
        first = await meter.begin_record(ABOUT)
        far_end.writes.clear()
        assert await meter.begin_record(ABOUT) == first
        assert far_end.writes == []

    play(tmp_path, scene)


def test_a_record_left_open_by_another_charge_is_ended_and_kept(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, _far_end: SigningFarEnd) -> None:
        first = await meter.begin_record(ABOUT)
        begun = await meter.begin_record(replace(ABOUT, transaction_id="another"))
        begin, end = begun.left_over
        assert begin == first.seal
        assert (verified(end)["ID"], reading(verified(end))[0]) == ("3f2c-tx", "E")
        assert verified(begun.seal)["ID"] == "another"

    play(tmp_path, scene)


def test_an_end_without_its_start_is_refused(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        far_end.signer.lose_power()
        with pytest.raises(MeterSealError, match="no start snapshot"):
            await meter.end_record(ABOUT)

    play(tmp_path, scene)


def test_a_failed_snapshot_is_told(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, far_end: SigningFarEnd) -> None:
        far_end.signer.refuse = True
        with pytest.raises(MeterSealError, match="the snapshot failed"):
            await meter.begin_record(ABOUT)

    play(tmp_path, scene)


def test_it_writes_as_the_meter_takes_it(tmp_path: Path) -> None:
    async def scene(meter: BauerBsm, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        assert {function for function, _at, _words in far_end.writes} == {16}
        (meta,) = far_end.writes_to(40279)
        assert len(meta) == 70  # metadata are written whole, padded with zeros

    play(tmp_path, scene)


def test_a_real_meters_text_is_one_that_a_third_party_verifies() -> None:
    assert OCMF.from_string(REAL, strict=True).verify_signature(REAL_KEY)
    assert not OCMF.from_string(REAL.replace('"RV":160', '"RV":161')).verify_signature(REAL_KEY)
