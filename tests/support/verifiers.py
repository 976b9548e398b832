"""The two verifiers side by side, each with a checkpoint before every record of a stream that holds."""

import importlib.util
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, Protocol

from firmware.core.tariff_type import parse
from firmware.ledger.account import BadRecordError
from firmware.ledger.price_list import PriceList
from firmware.ledger.record import FormError
from firmware.ledger.reprice import Repricer
from firmware.ledger.verify import Stream
from tests.support.mutations import Tampered
from tests.support.streams import Sealed

ONE_FILE = Path(__file__).parents[2] / "docs" / "verifier" / "wattseal_verify.py"


def one_file() -> ModuleType:
    """Return docs/verifier/wattseal_verify.py as a module, which it is in no package."""
    if "wattseal_verify" not in sys.modules:
        spec = importlib.util.spec_from_file_location("wattseal_verify", ONE_FILE)
        assert spec is not None and spec.loader is not None
        sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["wattseal_verify"]


class Found(NamedTuple):
    """Where a verifier finds something wrong (an index of the stream), and what."""

    at: int
    why: str


class Checkpoints(Protocol):
    """A verifier that takes a stream up at any record."""

    def found(self, tampered: Tampered) -> Found | None:
        """Return what is wrong with a stream from its first difference on, None when all of it holds."""


class Ledger:
    """``wattseal ledger verify``."""

    def __init__(self, sealed: Sealed, tariffs: Sequence[dict[str, Any]] = ()) -> None:
        pricing = Repricer(PriceList(map(parse, tariffs))) if tariffs else None
        stream, self._before = Stream(sealed.keys[:1], "", pricing), []
        for text in sealed.texts:
            self._before.append(pickle.dumps(stream))
            stream.take(text)
        self._before.append(pickle.dumps(stream))

    def found(self, tampered: Tampered) -> Found | None:
        at, stream = tampered.first, pickle.loads(self._before[tampered.first])
        try:
            for text in tampered.texts:
                stream.take(text)
                at += 1
            stream.verdict(frozenset())
        except (BadRecordError, FormError) as error:
            return Found(at, str(error))
        return None


class OneFile:
    """``docs/verifier/wattseal_verify.py``."""

    def __init__(self, sealed: Sealed, tariffs: Sequence[dict[str, Any]] = ()) -> None:
        self._module = one_file()
        self._tariffs = [self._module.Tariff(tariff) for tariff in tariffs]
        verifier, self._before = self._module.Verifier(sealed.keys[0].hex(), self._tariffs), []
        for text in sealed.texts:
            self._before.append(verifier.state)
            verifier.feed(text.decode())
        self._before.append(verifier.state)

    def found(self, tampered: Tampered) -> Found | None:
        verifier = self._module.Verifier.resume(self._before[tampered.first], self._tariffs)
        at = tampered.first
        try:
            for text in tampered.texts:
                verifier.feed(text.decode())
                at += 1
        except (self._module.BadRecord, UnicodeDecodeError) as error:
            return Found(at, str(error))
        return Found(at, "no end record") if verifier.running else None
