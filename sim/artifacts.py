"""What a run of the bench leaves behind: frames, records, public key, receipt, timeline, pictures."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.bench import Bench
from sim.clients import CsmsClient
from sim.timeline import charge_marks, waits
from sim.trace import public_key_in_trace, receipt_in_trace
from sim.watch import Shot

Json = dict[str, Any]


async def write_artifacts(bench: Bench, out: Path, shots: Sequence[Shot] = ()) -> Json:
    """Write all files of a running bench to ``out`` and return the receipt that was written.

    frames.jsonl, records.ocmf, public_key.hex, receipt.json, timeline.json, station.log, tariff.toml and, for
    the pictures given, screens/NN-name.png.
    """
    records = await bench.records()
    timeline = await timeline_of(bench)
    receipt = await receipt_of(bench, timeline)
    _copy_files(bench, out)
    _write_text(out / "records.ocmf", "".join(f"{record}\n" for record in records))
    _write_text(out / "public_key.hex", public_key_in_trace(bench.frames_path) + "\n")
    _write_json(out / "timeline.json", timeline)
    _write_json(out / "receipt.json", receipt)
    _write_pictures(out / "screens", shots)
    return receipt


async def receipt_of(bench: Bench, timeline: Json) -> Json:
    """Return the newest charge's receipt; zeros before the first.

    ``energy_wh`` is a number, ``total`` "12.34" in ``currency``, ``settled_ms`` the real time from the open
    contactor to settled (None if nothing was); ``minutes``, ``settled``, ``verified``, ``stopped_reason`` and
    ``transaction_id`` are the backend's; ``meter_seals`` what a meter that signs by itself has signed.
    """
    if bench.csms is None:
        return {**receipt_in_trace(bench.frames_path), "settled_ms": timeline["end_to_settled_ms"]}
    summaries = await bench.csms.transactions()
    newest = await bench.csms.transaction(summaries[-1]["id"]) if summaries else {}
    receipt = newest.get("receipt") or {}
    return {
        "transaction_id": newest.get("id"),
        "energy_wh": float(newest.get("energy_wh") or 0),
        "total": receipt.get("total") or "0.00",
        "currency": receipt.get("currency") or "CNY",
        "minutes": receipt.get("minutes") or 0,
        "settled_ms": timeline["end_to_settled_ms"],
        "settled": bool(receipt.get("settled")),
        "verified": bool(receipt.get("verified")),
        "problems": receipt.get("problems") or [],
        "stopped_reason": newest.get("stopped_reason"),
        "charged_text": receipt.get("charged_text") or "",
        "meter_seals": receipt.get("meter_seals") or [],
    }


async def timeline_of(bench: Bench) -> Json:
    """Return the newest charge's waits in real ms, None for what has not happened, and the marks."""
    await bench.boards()
    paid_ns = bench.csms.paid_ns if bench.csms is not None else []
    summaries = await bench.csms.transactions() if bench.csms is not None else []
    seen = bench.board.seen_at(summaries[-1]["evse"] if summaries else 1)
    marks = charge_marks(seen, bench.wire.read_on(), paid_ns)
    if bench.csms is not None:
        marks["settled"] = await _settled_ns(bench.csms)
    return waits(marks)


async def _settled_ns(csms: CsmsClient) -> int | None:
    """Return when our backend settled the newest charge."""
    summaries = await csms.transactions()
    newest = await csms.transaction(summaries[-1]["id"]) if summaries else {}
    settled_ns: int | None = (newest.get("receipt") or {}).get("settled_ns")
    return settled_ns


def _write_pictures(directory: Path, shots: Sequence[Shot]) -> None:
    taken = [shot for shot in shots if shot.sure is not None]
    if taken:
        directory.mkdir(exist_ok=True)
    for number, shot in enumerate(taken, 1):
        assert shot.sure is not None
        shot.sure.save(directory / f"{number:02}-{shot.screen}.png")


def _copy_files(bench: Bench, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for path in (bench.frames_path, bench.station_log, bench.tariff_path):
        if path.exists() and path.parent != out.resolve():
            shutil.copyfile(path, out / path.name)


def _write_json(path: Path, document: Json) -> None:
    _write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text)
