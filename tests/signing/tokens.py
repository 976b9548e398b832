"""Tokens to test with: Debian's SoftHSM, and a TPM 2.0 in software behind tpm2-pkcs11."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pkcs11
import pytest

from firmware.signing.pkcs11_uri import parse
from firmware.signing.token import login_to

PIN, SO_PIN = "1234", "12345678"
TOKEN = "wattseal test"
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
TPM2_PKCS11 = next(iter(sorted(Path("/usr/lib").glob("*/libtpm2_pkcs11.so.1"))), Path("/none"))
_DEADLINE_S = 10


class Token(Protocol):
    """A token with a PIN of its own."""

    @property
    def module(self) -> Path: ...
    @property
    def pin_file(self) -> Path: ...


def uri(token: Token, label: str, more: str = "") -> str:
    """Return what a site file says of a key on a token."""
    return (
        f"pkcs11:token={TOKEN.replace(' ', '%20')};object={label}{more}"
        f"?module-path={token.module}&pin-source=file:{token.pin_file}"
    )


def start_library_anew(uri: str) -> None:
    """Let this process see what another has made on a token: some libraries look only when they start."""
    if uri.startswith("pkcs11:") and "module-path" in uri:
        login_to.cache_clear()
        pkcs11.lib(str(parse(uri).token.module)).finalize()


def need(*tools: str) -> None:
    """Skip a test by name where a tool of Debian's is missing."""
    for tool in tools:
        if shutil.which(tool) is None and not Path(tool).exists():
            pytest.skip(f"{tool} is missing: `make tokens` installs what these tests need")


def write_pin(directory: Path) -> Path:
    path = directory / "pin"
    path.write_text(PIN + "\n")
    path.chmod(0o600)
    return path


@dataclass
class SoftHsm:
    """SoftHSM, its token in files; ``directory`` is named by SOFTHSM2_CONF."""

    directory: Path
    module: Path = SOFTHSM

    def __post_init__(self) -> None:
        tokens = self.directory / "tokens"
        tokens.mkdir()
        conf = self.directory / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.pin_file = write_pin(self.directory)
        os.environ["SOFTHSM2_CONF"] = str(conf)
        for label in (TOKEN, "twin", "twin"):
            run(
                *("softhsm2-util", "--init-token", "--free"),
                *("--label", label, "--so-pin", SO_PIN, "--pin", PIN),
            )


@dataclass
class Tpm:
    """swtpm, and a token that tpm2-pkcs11 keeps in it; its keys are blobs that only this TPM can open."""

    directory: Path
    module: Path = TPM2_PKCS11
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        for name in ("tpm", "store"):
            (self.directory / name).mkdir()
        self.pin_file = write_pin(self.directory)
        os.environ["TPM2_PKCS11_TCTI"] = f"swtpm:path={self._socket}"
        os.environ["TPM2_PKCS11_STORE"] = str(self.directory / "store")
        os.environ["TPM2_PKCS11_LOG_LEVEL"], os.environ["TSS2_LOG"] = "0", "all+NONE"
        self.plug_in()
        # Each power cut after a login counts as a wrong PIN (TPM 2.0 part 1, 19.8.6): these tests make many.
        tcti = f"--tcti=swtpm:path={self._socket}"
        run("tpm2_dictionarylockout", tcti, "--setup-parameters", "--max-tries=1000", "--recovery-time=1")
        tool = ("pkcs11-tool", "--module", str(self.module))
        run(*tool, "--init-token", "--slot-index", "0", "--label", TOKEN, "--so-pin", SO_PIN)
        run(*tool, "--token-label", TOKEN, "--init-pin", "--so-pin", SO_PIN, "--pin", PIN)

    @property
    def _socket(self) -> Path:
        return self.directory / "s"

    def plug_in(self) -> None:
        """Start it, and wait until it listens."""
        self.process = subprocess.Popen(
            [
                *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.directory / 'tpm'}"),
                *("--server", f"type=unixio,path={self._socket}"),
                *("--ctrl", f"type=unixio,path={self._socket}.ctrl"),
                *("--flags", "not-need-init,startup-clear"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _DEADLINE_S
        while not (self._socket.exists() and Path(f"{self._socket}.ctrl").exists()):
            assert self.process.poll() is None, "swtpm has ended"
            assert time.monotonic() < until, "swtpm does not listen"

    def pull_out(self) -> None:
        """End it: whoever talks to it loses the connection. What it has stored stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(_DEADLINE_S)
            self.process = None
        for path in (self._socket, Path(f"{self._socket}.ctrl")):
            path.unlink(missing_ok=True)


def run(*command: str, **options: str) -> str:
    """Run a tool and return what it says; a failure fails the test with its words."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout


def softhsm(directory: Path) -> Iterator[SoftHsm]:
    need("softhsm2-util", str(SOFTHSM))
    yield SoftHsm(directory)


def tpm(directory: Path) -> Iterator[Tpm]:
    need("swtpm", "tpm2_dictionarylockout", "pkcs11-tool", str(TPM2_PKCS11))
    token = Tpm(directory)
    yield token
    with suppress(pkcs11.PKCS11Error):
        start_library_anew(uri(token, "any"))  # so that it does not complain of the TPM's end at its own
    token.pull_out()
