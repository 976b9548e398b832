"""One login to one PKCS #11 token, taken up again when the token went away and came back.

All calls into the token's library are made by one thread, one after the other. This module alone imports
`pkcs11`; it is imported only by a station whose key is on a token.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

import pkcs11
from pkcs11 import Session, Token, TokenFlag

from firmware.signing.keys import SigningKeyError
from firmware.signing.own_thread import OwnThread
from firmware.signing.pkcs11_uri import Pkcs11Uri

T = TypeVar("T")

_AGAIN_S = 0.5
_PIN_ERRORS = (
    pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired,
    pkcs11.UserPinNotInitialized,
)  # fmt: skip
_GONE = (pkcs11.PKCS11Error, OSError, RuntimeError)  # RuntimeError: the library itself cannot be loaded


class TokenLogin:
    """What may be done with a token's objects, with a session that is opened when it is needed."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        self._uri = uri
        self._thread = OwnThread("pkcs11")
        self._session: Session | None = None
        self._writable = False
        self._was_open = False

    def do(self, work: Callable[[Session], T], *, within_s: float, writing: bool = False) -> T:
        """Return what ``work`` makes of a session; tried again on a new one while the token fails.

        Raises SigningKeyError when it has not succeeded ``within_s``, or at once when the PIN is refused:
        each wrong one brings the token nearer to locking itself.
        """
        until = time.monotonic() + within_s
        try:
            return self._thread.run(lambda: self._attempts(work, until, writing), within_s + _AGAIN_S)
        except TimeoutError as error:
            raise SigningKeyError(
                f"{self._uri}: the token has not answered for {within_s:.0f} s; is it plugged in?"
            ) from error

    def _attempts(self, work: Callable[[Session], T], until: float, writing: bool) -> T:
        while True:
            try:
                return work(self._opened(writing))
            except _PIN_ERRORS as error:
                self._close()
                raise SigningKeyError(
                    f"{self._uri}: the token refuses the PIN in {self._uri.pin_source} ({_name(error)}); "
                    "correct it before the token locks itself"
                ) from error
            except _GONE as error:
                self._close()
                if time.monotonic() + _AGAIN_S > until:
                    raise SigningKeyError(f"{self._uri}: the token fails: {_name(error)}") from error
                time.sleep(_AGAIN_S)

    def _opened(self, writing: bool) -> Session:
        if self._session is not None and writing and not self._writable:
            self._close()
        if self._session is None:
            token = self._token()
            self._session = token.open(rw=writing, user_pin=self._pin(token))
            self._writable = writing
        return self._session

    def _close(self) -> None:
        if self._session is not None:
            with suppress(*_GONE):  # it may have gone with its token
                self._session.close()
        self._session = None

    def _token(self) -> Token:
        """Return the one token that is meant. A library that has seen its token go is started anew."""
        if not self._uri.module.is_file():
            raise SigningKeyError(
                f"{self._uri}: there is no library {self._uri.module}; install the token's PKCS #11 module"
            )
        library = pkcs11.lib(str(self._uri.module))
        if self._was_open:
            library.reinitialize()
        self._was_open = True
        found = list(self._matching(library.get_slots(token_present=True)))
        if len(found) > 1:
            raise SigningKeyError(f"{self._uri}: {len(found)} tokens match; add serial= to signing.key")
        if not found:
            raise pkcs11.TokenNotPresent
        return found[0]

    def _matching(self, slots: list[pkcs11.Slot]) -> Iterator[Token]:
        wanted = self._uri
        for slot in slots:
            token = slot.get_token()
            facts = (
                (wanted.token, token.label),
                (wanted.serial, bytes(token.serial).decode(errors="replace").strip()),
                (wanted.manufacturer, token.manufacturer_id),
                (wanted.model, token.model),
            )
            if all(not want or want == fact for want, fact in facts):
                yield token

    def _pin(self, token: Token) -> str | None:
        path = self._uri.pin_source
        if path is None:
            return None
        if TokenFlag.USER_PIN_FINAL_TRY & token.flags:
            raise SigningKeyError(
                f"{self._uri}: one wrong PIN more locks the token, so the station does not try; log in once "
                "with the token's own tool, then start again"
            )
        try:
            if path.stat().st_mode & 0o077:
                raise SigningKeyError(f"{path}: others may read this PIN; run `chmod 600 {path}`")
            return path.read_text().rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SigningKeyError(f"{path}: the PIN cannot be read from it: {error}") from error


def _name(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
