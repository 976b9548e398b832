"""What a seal costs by each kind of key store: a file, SoftHSM, a TPM 2.0 in software (swtpm)."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from firmware.signing.stores import place_of
from sim.processes import Child
from tests.bench.benches import MeasurementError, Tell, fresh_dir, socket_dir
from tests.bench.table import Row, row
from tests.signing import tokens

_WITHIN_S = 60.0
_GIVEN_UP_MS = 3000  # what `firmware.signing.pkcs11_keys` gives a token before the charge is ended
_SEALS = {"file": 5000, "softhsm": 5000, "swtpm": 500}
_BARS_MS = {"file": 1, "softhsm": 5, "swtpm": 50}


async def measure(tell: Tell) -> list[Row]:
    """Return a row for each store, measured in a process of its own: sealing, verifying, memory."""
    rows, file_mib = [], 0.0
    async with socket_dir() as short:
        for name, opened in (("file", _file), ("softhsm", _softhsm), ("swtpm", _swtpm)):
            with opened(short) as uri:
                found = await _measured(name, uri)
            file_mib = file_mib or found["rss_mib"]
            speed = f"{found['seals_per_s']:.0f} seals, {found['verified_per_s']:.0f} verifications a second"
            tell(f"{name}: {speed}")
            what = (
                f"a usage record of {found['bytes']} bytes asked to be sealed → sealed, key store: {name}"
                f" ({speed}; {found['rss_mib'] - file_mib:.1f} MiB more than with a key in a file)"
            )
            samples = found["seal_ms"]
            rows.append(
                row(f"seal_{name}_ms", what, "ms", samples, hold=99, bar=_BARS_MS[name], limit=_GIVEN_UP_MS)
            )
    return rows


async def _measured(name: str, uri: str) -> dict[str, Any]:
    directory = fresh_dir(f"sealing-{name}")
    command = ["-m", "tests.bench.seals", uri, str(directory), str(_SEALS[name])]
    child = await Child.start(f"sealing with {name}", command, directory / "seals.log")
    try:
        found: dict[str, Any] = json.loads(await child.first_line(_WITHIN_S))
    finally:
        await child.stop()
    return found


@contextmanager
def _file(_: Path) -> Iterator[str]:
    yield "file:station.key"


@contextmanager
def _softhsm(short: Path) -> Iterator[str]:
    _need("softhsm2-util")
    (short / "softhsm").mkdir()
    yield from _with_key(tokens.SoftHsm(short / "softhsm"))


@contextmanager
def _swtpm(short: Path) -> Iterator[str]:
    _need("swtpm", "pkcs11-tool", "tpm2_dictionarylockout")
    (short / "tpm").mkdir()
    tpm = tokens.Tpm(short / "tpm")
    try:
        yield from _with_key(tpm)
    finally:
        tpm.pull_out()


def _with_key(token: tokens.Token) -> Iterator[str]:
    uri = tokens.uri(token, "bench")
    place_of(uri, Path()).create()
    tokens.start_library_anew(uri)  # lets go of the token: swtpm takes one client at a time
    yield uri


def _need(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            raise MeasurementError(f"{tool} is missing: `make tokens` installs it")
