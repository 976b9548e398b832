"""A station as the engineer's commands find it: a site file, a state folder, charges in its ledger."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from firmware.core.entries import Entry, KeyRotated
from firmware.ledger.store import Ledger
from firmware.signing.keys import KeyStore
from firmware.signing.seal import signature_holds
from firmware.signing.stores import open_key
from sim.site_files import merged, sample_site, write_toml
from tests.ledger.samples import Recorder
from tests.signing import tokens

CONFIG = Path(__file__).parents[2] / "config"


@dataclass
class Station:
    """``uri`` is its signing.key; ``charge`` writes records of charges as the agent would."""

    directory: Path
    uri: str = "file:station.key"
    recorder: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        self.site = self.directory / "site.toml"
        self.state_dir = self.directory / "state"
        self.state_dir.mkdir(parents=True, exist_ok=True)
        plain = sample_site()
        beside = {name: str(CONFIG / plain[name]) for name in ("board", "tariff")}
        here = {"state_dir": "state", "run_dir": "run", "signing": {"key": self.uri}}
        write_toml(self.site, merged(plain, beside | here))

    def key(self) -> KeyStore:
        """Open the key as the agent does at its start."""
        entries = self.entries()
        rotation = next((entry for entry in entries if isinstance(entry, KeyRotated)), None)
        return open_key(self.uri, self.state_dir, rotation)

    def charge(self, transaction_id: str, *, ended: bool = True) -> None:
        """Store one charge, each record sealed by the key of now and chained to the last text."""
        self.recorder.keys = self.key()  # type: ignore[assignment]
        texts = self.texts()
        if texts:
            self.recorder.previous = hashlib.sha256(texts[-1].split("|")[1].encode()).hexdigest()
        entries = list(self.recorder.charge(transaction_id, minutes=2))
        ledger = Ledger.open(self.state_dir / "ledger.db")
        ledger.append_all(entries if ended else entries[:5])
        ledger.close()

    def entries(self) -> list[Entry]:
        """Return what a start replays."""
        ledger = Ledger.open(self.state_dir / "ledger.db")
        try:
            return list(ledger.replay())
        finally:
            ledger.close()

    def texts(self) -> list[str]:
        """Return all sealed texts in order."""
        ledger = Ledger.open(self.state_dir / "ledger.db")
        try:
            return list(ledger.records())
        finally:
            ledger.close()

    def wattseal(self, *words: str) -> "Said":
        """Run a command in a process of its own, as an engineer does."""
        done = subprocess.run(
            [sys.executable, "-m", "firmware", *words, "--config", str(self.site)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        tokens.start_library_anew(self.uri)
        return Said(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def value(self, name: str) -> str:
        """Return what ``wattseal key show`` says under a name."""
        return next(line[len(name) :].strip() for line in self.out.splitlines() if line.startswith(name))


def follow(texts: Sequence[str], first_key: bytes) -> list[bytes]:
    """Check a stream as docs/KEYS.md tells a verifier to, from the first key on; return the keys in turn."""
    keys, rotations, previous = [first_key], 0, ""
    for text in texts:
        payload = text.split("|")[1]
        fields = json.loads(payload)
        assert signature_holds(text, keys[-1]), f"{fields['PG']}: the seal does not hold"
        assert fields["UH"] == previous, f"{fields['PG']}: does not follow what is before it"
        previous = hashlib.sha256(payload.encode()).hexdigest()
        if fields["PG"].startswith("F"):
            rotations += 1
            assert fields["PG"] == f"F{rotations}"
            new = bytes.fromhex(fields["UK"])
            unproven = payload.replace(f'"UN":"{fields["UN"]}"', '"UN":""')
            proof = f'OCMF|{unproven}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{fields["UN"]}"}}'
            assert new != keys[-1]
            assert signature_holds(proof, new), f"F{rotations}: the new key does not prove itself"
            keys.append(new)
    return keys
