"""The WM3M4C's driver on a real pty; what it carries is checked by a third party, PyPI pyocmf."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyocmf import OCMF
from signing_far_end import SigningFarEnd

from drivers.meter.bus import MeterBus
from drivers.meter.errors import MeterSilentError
from drivers.meter.iskra import IskraWm3m4c, canonical_der, dataset, raw_der
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings
from drivers.meter.signing import MeterSeal, MeterSealError, RecordAbout
from sim.board.signing_meter import IskraSigner

FAST = LineSettings(115_200, answer_within_s=0.1)

ABOUT = RecordAbout("3f2c-tx", "chu-003", "chu-003*1", 1_780_277_400, 480, "synchronised")
REAL = (
    '{"FV":"1.0","GI":"eSystemsMtg OcppChargePoint_v0 ESY-00101.01.2201234567","GS":"000007",'
    '"GV":"PWR P0037","PG":"T241","MV":"Iskra","MM":"WM3M4C","MS":"W4155775","MF":"2.05","IS":true,'
    '"IT":"UNDEFINED","ID":"0480423a4b5880","CT":"CBIDC","CI":"KHStation","RD":['
    '{"TM":"2023-04-14T11:51:06,000+0000 S","TX":"B","RV":80.77,"RI":"1-b:1.8.0","RU":"kWh","RT":"AC",'
    '"EF":"t","ST":"G"},{"TM":"2023-04-14T11:54:43,000+0000 S","TX":"E","RV":80.97,"RI":"1-b:1.8.0",'
    '"RU":"kWh","RT":"AC","EF":"t","ST":"G"}]}'
)
REAL_SIGNATURE = bytes.fromhex(
    "30450220331E469735684E31F6F5903457C6DD8873CEAE1DFDBE4001FFBF94D124481DE7"
    "022100B8375F730A0B719B99B2DB89BA5B03CFDF4CE1A8829816BF7BBB75C3042C289D"
)
REAL_KEY_POINT = bytes.fromhex(
    "890ADD61803B4665C9BFC3F4E40C4696DF54C8FB8E067613CC465D7EA67411C0"
    "A9517C0D1A021B0859A829B85D5F6FA567047E5CBD91CD9C01F643003FEA3646"
)
"""What a real WM3M4C (firmware 2.05) once signed: public test data of the S.A.F.E. transparency software."""

Scene = Callable[[IskraWm3m4c, SigningFarEnd], Awaitable[None]]


class Register:
    """The energy register and the clock of the meter, moved by the test."""

    wh = 80_770.0
    ms = 0.0


def play(tmp_path: Path, scene: Scene) -> None:
    """Run a scene with the driver at one end of a pty and a simulated meter at the other."""

    async def run() -> None:
        signer = IskraSigner(lambda: Register.wh, lambda: Register.ms, "W0000001")
        far_end = SigningFarEnd(tmp_path / "tty", signer)
        far_end.listen()
        bus = MeterBus(SerialLine(str(far_end.link), FAST))
        await scene(IskraWm3m4c(bus, far_end.unit), far_end)
        await bus.close()

    asyncio.run(run())


def verified(seal: MeterSeal) -> dict[str, object]:
    """Return the payload of a text whose signature a third party finds good."""
    assert OCMF.from_string(seal.data, strict=True).verify_signature(seal.public_key_hex)
    payload: dict[str, object] = json.loads(seal.data.split("|")[1])
    return payload


def energies(payload: dict[str, object]) -> list[tuple[str, float]]:
    return [(reading["TX"], reading["RV"]) for reading in payload["RD"]]  # type: ignore[attr-defined]


def test_begin_and_end_come_signed_in_one_text(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, _far_end: SigningFarEnd) -> None:
        assert (await meter.begin_record(ABOUT)) == (None, ())
        Register.wh, Register.ms = 80_970.0, 217_000.0
        payload = verified(await meter.end_record(ABOUT))
        assert energies(payload) == [("B", 80.77), ("E", 80.97)]
        assert (payload["ID"], payload["CI"], payload["MS"]) == ("3f2c-tx", "chu-003*1", "W0000001")
        times = [reading["TM"] for reading in payload["RD"]]  # type: ignore[attr-defined]
        assert times == ["2026-06-01T09:30:00,000+0800 S", "2026-06-01T09:33:37,000+0800 S"]

    Register.wh, Register.ms = 80_770.0, 0.0
    play(tmp_path, scene)


def test_after_a_restart_the_open_record_of_the_same_charge_goes_on(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        far_end.writes.clear()
        assert await meter.begin_record(replace(ABOUT, utc_s=ABOUT.utc_s + 60)) == (None, ())
        assert far_end.writes == []
        assert verified(await meter.end_record(ABOUT))["ID"] == "3f2c-tx"

    play(tmp_path, scene)


def test_a_record_left_open_by_another_charge_is_ended_and_kept(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, _far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        begun = await meter.begin_record(replace(ABOUT, transaction_id="another"))
        (left_over,) = begun.left_over
        assert verified(left_over)["ID"] == "3f2c-tx"
        assert verified(await meter.end_record(replace(ABOUT, transaction_id="another")))["ID"] == "another"

    play(tmp_path, scene)


def test_a_record_outlives_the_meters_own_power_cut(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        far_end.signer.lose_power()
        assert verified(await meter.end_record(ABOUT))["ID"] == "3f2c-tx"

    play(tmp_path, scene)


def test_a_meter_that_refuses_to_sign_is_told(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, far_end: SigningFarEnd) -> None:
        far_end.signer.refuse = True
        with pytest.raises(MeterSealError, match="does not sign: signature error"):
            await meter.begin_record(ABOUT)

    play(tmp_path, scene)


def test_there_is_nothing_to_end_in_an_idle_meter(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, _far_end: SigningFarEnd) -> None:
        with pytest.raises(MeterSealError, match="no open record"):
            await meter.end_record(ABOUT)

    play(tmp_path, scene)


def test_the_text_of_another_charge_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, _far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        with pytest.raises(MeterSealError, match="not the begin and end of this charge"):
            await meter.end_record(replace(ABOUT, transaction_id="another"))

    play(tmp_path, scene)


def test_a_silent_meter_is_told(tmp_path: Path) -> None:
    async def scene(meter: IskraWm3m4c, far_end: SigningFarEnd) -> None:
        await meter.begin_record(ABOUT)
        far_end.silent = True
        with pytest.raises(MeterSilentError, match="unit 33 gave no reply"):
            await meter.end_record(ABOUT)

    play(tmp_path, scene)


def test_the_message_is_what_the_manual_wants() -> None:
    assert dataset(ABOUT).decode() == (
        '{"FV":"1.0","GI":"Wattseal","GS":"chu-003","PG":"","MV":"","MM":"","MS":"","MF":"","IS":true,"IF":[],'
        '"IT":"LOCAL_1","ID":"3f2c-tx","CT":"EVSEID","CI":"chu-003*1","RD":[]}'
    )
    assert b"|" not in dataset(replace(ABOUT, charge_point="a|b"))


def test_a_real_meters_signature_holds_as_it_is_carried() -> None:
    seal = canonical_der(raw_der(REAL_SIGNATURE))
    assert seal == REAL_SIGNATURE
    key = "3059301306072a8648ce3d020106082a8648ce3d03010703420004" + REAL_KEY_POINT.hex()
    text = f'OCMF|{REAL}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{seal.hex()}"}}'
    assert OCMF.from_string(text, strict=True).verify_signature(key)
    assert not OCMF.from_string(text.replace("80.97", "81.97")).verify_signature(key)


@pytest.mark.parametrize(
    "spelling", [bytes, lambda der: der.hex().encode(), lambda der: der.hex().upper().encode()]
)
def test_a_signature_is_read_as_bytes_and_as_hex(spelling: Callable[[bytes], bytes]) -> None:
    assert raw_der(spelling(REAL_SIGNATURE)) == REAL_SIGNATURE


def test_padded_numbers_lose_their_zeros_and_keep_their_value() -> None:
    padded = bytes.fromhex("3008" + "0202005d" + "020200d4")
    assert canonical_der(padded) == bytes.fromhex("3007" + "02015d" + "020200d4")


@pytest.mark.parametrize(
    "wrong", ["", "300602010102", "3107020101020101", "3008020101020101", "30070201010201010000"]
)
def test_what_is_no_signature_is_refused(wrong: str) -> None:
    with pytest.raises(MeterSealError):
        canonical_der(bytes.fromhex(wrong))
