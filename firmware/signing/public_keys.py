"""The public keys beside the ledger, for whoever audits it: the newest one, and all in turn."""

from pathlib import Path

from firmware.signing.durable import write_durably
from firmware.signing.keys import PUBLIC_KEY_FILE, PUBLIC_KEYS_FILE, SigningKeyError


class PublicKeys:
    """``public_key.hex`` and ``public_keys.hex`` of one state folder. All may raise SigningKeyError."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / PUBLIC_KEY_FILE
        self._all = state_dir / PUBLIC_KEYS_FILE

    def current(self) -> bytes | None:
        """Return the newest key as DER, None where there is none yet."""
        try:
            return bytes.fromhex(self.path.read_text(errors="replace")) if self.path.exists() else None
        except OSError as error:
            raise SigningKeyError(f"{self.path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SigningKeyError(
                f"{self.path}: not the hex of a public key; restore it from a copy or from the backend"
            ) from error

    def publish(self, public_key_der: bytes) -> None:
        """Make this the newest key."""
        self._write(self.path, [public_key_der])

    def replace(self, replaced: bytes, by: bytes) -> None:
        """Make ``by`` the newest key after ``replaced``; the list of all keeps both. Again: no change."""
        try:
            lines = self._all.read_text().split() if self._all.exists() else [replaced.hex()]
        except (OSError, UnicodeDecodeError) as error:
            raise SigningKeyError(f"{self._all}: cannot be read ({error}); move it away") from error
        if lines[-1:] != [by.hex()]:
            self._write(self._all, [*map(bytes.fromhex, lines), by])
        self.publish(by)

    def _write(self, path: Path, keys: list[bytes]) -> None:
        try:
            write_durably(path, [f"{key.hex()}\n".encode() for key in keys], mode=0o644)
        except OSError as error:
            raise SigningKeyError(f"{path}: cannot be written: {error.strerror}") from error
