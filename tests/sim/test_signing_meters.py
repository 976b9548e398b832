"""A whole charge with a meter that signs by itself: its seal in the receipt, checked by a third party."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pyocmf import OCMF

from firmware.ledger.cli import main
from sim.bench import Bench, BenchOptions

Act = Callable[[Bench], Awaitable[None]]


async def eventually(what: str, is_true: Callable[[], Awaitable[Any]], within_s: float = 20.0) -> Any:
    """Return what is true once it is; fail when it has not become so."""
    for _ in range(round(within_s / 0.05)):
        if found := await is_true():
            return found
        await asyncio.sleep(0.05)
    pytest.fail(f"not within {within_s} s: {what}")


def has_receipt(transaction: dict[str, Any]) -> bool:
    return transaction["receipt"] is not None


def has_late_seal(transaction: dict[str, Any]) -> bool:
    return has_receipt(transaction) and bool(transaction["receipt"]["meter_seals"])


def charge(
    work_dir: Path,
    meter: str,
    meanwhile: Act | None = None,
    *,
    until: Callable[[dict[str, Any]], bool] = has_receipt,
    **changes: Any,
) -> dict[str, Any]:
    """Charge some minutes, end it from the phone, and return the transaction with its receipt."""

    async def script() -> dict[str, Any]:
        async with await Bench.start(BenchOptions(work_dir, meter=meter, **changes)) as bench:
            csms = bench.csms
            assert csms is not None
            await csms.pay(minutes=60)
            await bench.board.do("plug_in")

            async def minutes() -> bool:
                began = await csms.transactions()
                return bool(began) and len((await csms.transaction(began[0]["id"]))["minutes"]) > 2

            await eventually("some minutes", minutes)
            if meanwhile is not None:
                await meanwhile(bench)
            (transaction,) = await csms.transactions()
            await csms.stop(transaction["id"])

            async def ended() -> dict[str, Any] | None:
                found = await csms.transaction(transaction["id"])
                return found if until(found) else None

            found: dict[str, Any] = await eventually("the receipt", ended)
            return found

    return asyncio.run(script())


async def kill_agent(bench: Bench) -> None:
    pid_file = bench.run_dir / "agent.pid"
    killed = pid_file.read_text()
    await bench.kill_agent()

    async def another() -> bool:
        assert bench.csms is not None
        runs = pid_file.exists() and pid_file.read_text() not in ("", killed)
        return runs and bool((await bench.csms.state())["stations"][0]["connected"])

    await eventually("another agent", another)


def payloads(transaction: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the meter signed, each text verified with its key by PyPI pyocmf."""
    seals = transaction["receipt"]["meter_seals"]
    for seal in seals:
        assert OCMF.from_string(seal["ocmf"], strict=True).verify_signature(seal["public_key"])
        assert seal["verified"], seal["why"]
    return [json.loads(seal["ocmf"].split("|")[1]) for seal in seals]


def exported(work_dir: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    out = work_dir / "meter.ocmf"
    assert main(["meter-seals", str(work_dir / "state"), "--out", str(out)]) == 0
    capsys.readouterr()
    return out.read_text().splitlines()


def test_an_iskras_record_outlives_the_agent_and_comes_with_the_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transaction = charge(tmp_path, "iskra_wm3m4", kill_agent)
    assert transaction["receipt"]["settled"], transaction["problems"]
    (payload,) = payloads(transaction)
    assert (payload["ID"], payload["CI"], payload["MM"]) == (transaction["id"], "chu-003*1", "WM3M4C")
    begin, end = payload["RD"]
    assert (begin["TX"], end["TX"]) == ("B", "E")
    assert (end["RV"] - begin["RV"]) * 1000 == pytest.approx(transaction["energy_wh"], abs=20)
    assert exported(tmp_path, capsys) == [seal["ocmf"] for seal in transaction["receipt"]["meter_seals"]]


def test_a_bauers_begin_and_end_come_with_the_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    transaction = charge(tmp_path, "bauer_bsm_ws36a", site={"transactions": {"meter_seal_s": 600}})
    assert transaction["receipt"]["settled"], transaction["problems"]
    begin, end = payloads(transaction)
    contexts = [seal["context"] for seal in transaction["receipt"]["meter_seals"]]
    assert contexts == ["Transaction.Begin", "Transaction.End"]
    assert (begin["RD"][0]["TX"], end["RD"][0]["TX"]) == ("B", "E")
    assert begin["ID"] == end["ID"] == transaction["id"]
    assert (end["RD"][0]["RV"] - begin["RD"][0]["RV"]) * 1000 == pytest.approx(
        transaction["energy_wh"], abs=20
    )
    assert exported(tmp_path, capsys) == [seal["ocmf"] for seal in transaction["receipt"]["meter_seals"]]


def test_a_seal_that_is_late_reaches_the_backend_all_the_same(tmp_path: Path) -> None:
    late = {"transactions": {"meter_seal_s": 1}}  # of billing time: 17 ms, which no meter keeps
    transaction = charge(tmp_path, "iskra_wm3m4", until=has_late_seal, site=late)
    assert transaction["receipt"]["settled"], transaction["problems"]
    assert [seal["context"] for seal in transaction["receipt"]["meter_seals"]] == ["late"]
    (payload,) = payloads(transaction)
    assert payload["ID"] == transaction["id"]
    flags = [json.loads(minute["ocmf"].split("|")[1])["UF"] for minute in transaction["minutes"]]
    assert "meter-seal-missing" in flags[1]
