"""``python -m tests.bench.verifying make N FILE | ledger FILE | one-file FILE | mutations N SEED``.

Prints one JSON line. ``make`` writes a stream of N sealed records, with key and tariff beside it. ``ledger``
is ``wattseal ledger verify``, ``one-file`` docs/verifier/wattseal_verify.py, both with tariff:
``{"wall_s", "peak_mib"}``. ``mutations`` spoils streams N times: ``{"wall_s", "missed": ["way at record"]}``.

Each imports only what it measures, for the memory is that of the process.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from sim.processes import ROOT
from tests.bench import proc

ONE_FILE = ROOT / "docs" / "verifier" / "wattseal_verify.py"


def make(length: str, path: str) -> dict[str, Any]:
    from tests.ledger.samples import KnownKey
    from tests.support.long_stream import long_stream
    from tests.support.streams import TIME_OF_USE, as_json

    begin_s, key, records = time.perf_counter(), KnownKey(1), Path(path)
    with records.open("wb") as file:
        file.writelines(text + b"\n" for text in long_stream(int(length), key))
    records.with_name("key.hex").write_text(key.public_key_der.hex())
    records.with_name("tariff.json").write_text(as_json(TIME_OF_USE))
    return {"wall_s": time.perf_counter() - begin_s, "bytes": records.stat().st_size}


def ledger(path: str) -> dict[str, Any]:
    from firmware.ledger import cli

    return _timed(lambda: cli.main(["verify", *_arguments(path)]))


def one_file(path: str) -> dict[str, Any]:
    import runpy

    sys.argv = [str(ONE_FILE), *_arguments(path)]
    return _timed(runpy.run_path(str(ONE_FILE))["main"])


def mutations(count: str, seed: str) -> dict[str, Any]:
    """Spoil streams of the real core; look from the checkpoint before the change on, with one of the two."""
    import random

    from tests.support.mutations import tamper
    from tests.support.streams import STREAMS
    from tests.support.verifiers import Ledger, OneFile

    chance, missed = random.Random(seed), []
    verifiers = [
        (name, sealed().texts, verifier(sealed()))
        for name, sealed in STREAMS.items()
        for verifier in (Ledger, OneFile)
    ]
    begin_s = time.perf_counter()
    for _ in range(int(count)):
        name, texts, verifier = chance.choice(verifiers)
        tampered = tamper(texts, chance)
        if verifier.found(tampered) is None:
            missed.append(f"{type(verifier).__name__}, {name}: {tampered.what} at {tampered.first}")
    return {"wall_s": time.perf_counter() - begin_s, "missed": missed}


def _arguments(path: str) -> list[str]:
    key, tariff = (Path(path).with_name(name) for name in ("key.hex", "tariff.json"))
    return [path, "--key", key.read_text(), "--tariff", str(tariff)]


def _timed(verify: Callable[[], int]) -> dict[str, Any]:
    begin_s = time.perf_counter()
    with redirect_stdout(sys.stderr):
        code = verify()
    wall_s = time.perf_counter() - begin_s
    if code != 0:
        sys.exit(f"the records do not hold: exit code {code}")
    return {"wall_s": wall_s, "peak_mib": proc.memory_mib("self", "VmHWM")}


if __name__ == "__main__":
    commands = {"make": make, "ledger": ledger, "one-file": one_file, "mutations": mutations}
    print(json.dumps(commands[sys.argv[1]](*sys.argv[2:])))
