"""``python -m tests.bench.seals KEY DIR COUNT``: seals one record again and again, as the agent does.

Prints one JSON line: ``{"seal_ms": […], "seals_per_s", "verified_per_s", "bytes", "rss_mib"}``.
"""

import json
import os
import sys
import time
from pathlib import Path

from firmware.signing.seal import Sealer, signature_holds
from firmware.signing.stores import open_key
from tests.bench.proc import memory_mib
from tests.ledger.samples import Recorder


def main(uri: str, directory: str, count: int) -> dict[str, object]:
    """Open the key, seal ``count`` times, verify as often (at most a thousand times)."""
    key = open_key(uri, Path(directory))
    sealer, payload = Sealer(key), Recorder().texts("tx-1")[1].split("|")[1]
    texts, seal_ms = [], []
    for _ in range(count):
        begin_ns = time.perf_counter_ns()
        texts.append(sealer.seal(payload))
        seal_ms.append((time.perf_counter_ns() - begin_ns) / 1e6)
    rss_mib = memory_mib(os.getpid(), "VmRSS")
    begin_s = time.perf_counter()
    if not all(signature_holds(text, key.public_key_der) for text in texts[:1000]):
        raise SystemExit("a seal does not hold")
    verified_s = time.perf_counter() - begin_s
    return {
        "seal_ms": seal_ms,
        "seals_per_s": count / (sum(seal_ms) / 1000),
        "verified_per_s": min(count, 1000) / verified_s,
        "bytes": len(texts[0]),
        "rss_mib": rss_mib,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))), flush=True)
