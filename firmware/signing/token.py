"""One login to one PKCS #11 token, taken up again when the token went away and came back.

All calls into the token's library are made by one thread, one after the other. This module alone imports
`pkcs11`; it is imported only by a station whose key is on a token.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar

import pkcs11
from pkcs11 import Session, Token, TokenFlag

from firmware.signing.keys import SigningKeyError
from firmware.signing.own_thread import OwnThread
from firmware.signing.pkcs11_uri import TokenName

T = TypeVar("T")

_AGAIN_S = 0.5
_PIN_ERRORS = (
    pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinLocked, pkcs11.PinExpired,
    pkcs11.UserPinNotInitialized,
)  # fmt: skip
_GONE = (pkcs11.PKCS11Error, OSError)


class TokenLogin:
    """What may be done with a token's objects, with a session that is opened when it is needed."""

    def __init__(self, token: TokenName) -> None:
        self._token = token
        self._thread = OwnThread("pkcs11")
        self._session: Session | None = None
        self._writable = False
        self._has_failed = False

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
                f"{self._token}: no answer for {within_s:.0f} s; is it plugged in, is its service running?"
            ) from error

    def _attempts(self, work: Callable[[Session], T], until: float, writing: bool) -> T:
        while True:
            try:
                return work(self._opened(writing))
            except _PIN_ERRORS as error:
                self._close()
                raise SigningKeyError(
                    f"{self._token} refuses the PIN in {self._token.pin_source} ({_name(error)}); "
                    "correct it before the token locks itself"
                ) from error
            except _GONE as error:
                self._close()
                self._has_failed = True
                if time.monotonic() + _AGAIN_S > until:
                    raise SigningKeyError(f"{self._token} fails: {_name(error)}") from error
                time.sleep(_AGAIN_S)

    def _opened(self, writing: bool) -> Session:
        if self._session is not None and writing and not self._writable:
            self._close()
        if self._session is None:
            token = self._find()
            self._session = token.open(rw=writing, user_pin=self._pin(token))
            self._writable = writing
        return self._session

    def _close(self) -> None:
        if self._session is not None:
            with suppress(*_GONE):  # it may have gone with its token
                self._session.close()
        self._session = None

    def _find(self) -> Token:
        """Return the one token that is meant. A library that has seen its token go is started anew."""
        library = self._library()
        if self._has_failed:
            library.reinitialize()
            self._has_failed = False
        found = list(self._matching(library.get_slots(token_present=True)))
        if len(found) > 1:
            raise SigningKeyError(f"{self._token}: {len(found)} tokens match; add serial= to signing.key")
        if not found:
            raise pkcs11.TokenNotPresent
        return found[0]

    def _library(self) -> Any:
        module = self._token.module
        if not module.is_file():
            raise SigningKeyError(
                f"{self._token}: there is no library {module}; install the token's PKCS #11 module"
            )
        try:
            return pkcs11.lib(str(module))
        except pkcs11.PKCS11Error as error:
            if type(error) is not pkcs11.PKCS11Error:
                raise  # the token's own words: it may be back in a moment
            raise SigningKeyError(f"{self._token}: {module} cannot be loaded: {error}") from error

    def _matching(self, slots: list[pkcs11.Slot]) -> Iterator[Token]:
        wanted = self._token
        for slot in slots:
            token = slot.get_token()
            facts = (
                (wanted.label, token.label),
                (wanted.serial, bytes(token.serial).decode(errors="replace").strip()),
                (wanted.manufacturer, token.manufacturer_id),
                (wanted.model, token.model),
            )
            if all(not want or want == fact for want, fact in facts):
                yield token

    def _pin(self, token: Token) -> str | None:
        path = self._token.pin_source
        if path is None:
            return None
        if TokenFlag.USER_PIN_FINAL_TRY & token.flags:
            raise SigningKeyError(
                f"{self._token}: one wrong PIN more locks it, so the station does not try; log in once with "
                "the token's own tool, then start again"
            )
        try:
            if path.stat().st_mode & 0o077:
                raise SigningKeyError(f"{path}: others may read this PIN; run `chmod 600 {path}`")
            return path.read_text().rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SigningKeyError(f"{path}: the PIN cannot be read from it: {error}") from error


@cache
def login_to(token: TokenName) -> TokenLogin:
    """Return this process's login to a token: PKCS #11 has one for all of a process, whoever asks for it."""
    return TokenLogin(token)


def _name(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
