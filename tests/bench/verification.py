"""How fast sealed records are verified, in how much memory, how long they are, and what goes unseen."""

import asyncio
import base64
import json
import os
from pathlib import Path
from typing import Any

from firmware.core.entries import UsageRecorded
from firmware.core.faults import CATALOGUE
from firmware.csms.rpc import Rpc
from firmware.csms.schemas import Schemas
from firmware.csms.v21 import V21
from firmware.ledger.outbox import OutboxItem
from sim.processes import Child
from tests.bench.benches import MeasurementError, Tell, count_from, fresh_dir
from tests.bench.table import Row, row
from tests.support.streams import STREAMS

_MILLION = 1_000_000
_WITHIN_S = 3_000.0


async def measure(tell: Tell) -> list[Row]:
    """Return time and memory of both verifiers over one stream, priced; BENCH_RECORDS says how long it is."""
    count = count_from("BENCH_RECORDS", 100_000)
    records = fresh_dir("verification") / "records.ocmf"
    made = await _run("make", str(count), str(records))
    tell(f"{count} records, {made['bytes'] // count} bytes each, made in {made['wall_s']:.0f} s")
    rows, peaks_mib = [], {}
    for name, id_, what in (
        ("ledger", "verify_records_s", "wattseal ledger verify --tariff"),
        ("one-file", "verify_one_file_s", "docs/verifier/wattseal_verify.py --tariff"),
    ):
        found = await _run(name, str(records))
        peaks_mib[name] = found["peak_mib"]
        per_s = count / found["wall_s"]
        tell(f"{name}: {per_s:.0f} records a second, {found['peak_mib']:.1f} MiB")
        text = f"{what}: a million records, measured on {count} ({per_s:.0f} a second)"
        rows.append(row(id_, text, "s", [found["wall_s"] * _MILLION / count], hold=50, bar=180))
    records.unlink()
    text = f"peak resident memory of either over {count} records (one file {peaks_mib['one-file']:.1f})"
    return [*rows, row("verify_rss_mib", text, "MiB", [max(peaks_mib.values())], hold=50, bar=48)]


async def measure_mutations(tell: Tell) -> list[Row]:
    """Return how many of BENCH_MUTATIONS random changes were not found, on every core at once."""
    count, cores = count_from("BENCH_MUTATIONS", 20_000), os.cpu_count() or 1
    shares = [count // cores + (index < count % cores) for index in range(cores)]
    seeded = (_run("mutations", str(share), str(seed)) for seed, share in enumerate(shares))
    runs = await asyncio.gather(*seeded)
    missed = [text for run in runs for text in run["missed"]]
    for text in missed[:20]:
        tell(f"not found: {text}")
    wall_s = max(run["wall_s"] for run in runs)
    what = f"of {count} random changes to streams of the core, not found by a verifier ({wall_s:.0f} s)"
    return [row("mutations", what, "", [len(missed)], hold=50, bar=0)]


async def measure_size(tell: Tell) -> list[Row]:
    """Return how long a charged minute's record is as OCMF, in base64, and as an OCPP 2.1 frame."""
    schemas, mapping = Schemas("ocpp2.1"), V21(bytes(91), CATALOGUE)
    frames: list[float] = []
    texts: list[int] = []
    for entry in (entry for make in STREAMS.values() for entry in make().entries):
        if not isinstance(entry, UsageRecorded) or entry.kind != "C":
            continue
        item = OutboxItem(1, "0" * 32, entry, (entry.ocmf,))
        message = mapping.message(item)
        if message is None:
            raise MeasurementError("a minute's record has no message")
        texts.append(len(entry.ocmf.encode()))
        frame = Rpc(schemas, has_types_5_and_6=True).call("0" * 32, message.action, message.payload)
        frames.append(float(len(frame.encode())))
    ocmf = sum(texts) / len(texts)
    coded = sum(len(base64.b64encode(bytes(length))) for length in texts) / len(texts)
    tell(f"{len(texts)} minutes: {ocmf:.0f} bytes of OCMF")
    what = f"a charged minute on the wire: the OCPP 2.1 frame (OCMF {ocmf:.0f}, in base64 {coded:.0f})"
    return [row("signed_bytes_per_minute", what, "bytes", frames, hold=50, bar=2_500)]


async def _run(*arguments: str) -> dict[str, Any]:
    log = fresh_dir(f"verifying-{arguments[0]}-{Path(arguments[-1]).name}") / "verifying.log"
    child = await Child.start(f"verifying {arguments[0]}", ["-m", "tests.bench.verifying", *arguments], log)
    try:
        found: dict[str, Any] = json.loads(await child.first_line(_WITHIN_S))
    finally:
        await child.stop()
    return found
