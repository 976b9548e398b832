"""Tariffs that an auditor brings along: OCPP 2.1 TariffType, as JSON or as TOML."""

import json
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from firmware.core.tariff import Tariff
from firmware.core.tariff_type import TariffError, parse
from firmware.ledger.record import Record


class PriceListError(Exception):
    """A file that is no tariff; the text says which, where and why."""


class PriceList:
    """The tariffs of some files, found by id and version (docs/OCMF.md, UI and UV)."""

    def __init__(self, tariffs: Iterable[Tariff]) -> None:
        self._tariffs = {(tariff.tariff_id, tariff.version): tariff for tariff in tariffs}

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "PriceList":
        """Read one tariff from each file. Raises PriceListError."""
        return cls([_tariff(path) for path in paths])

    def __bool__(self) -> bool:
        return bool(self._tariffs)

    def tariff_of(self, record: Record) -> Tariff | None:
        return self._tariffs.get(record.tariff)

    def limits_of(self, transaction_id: str) -> None:
        """Return None: records do not tell what was paid."""


def _tariff(path: Path) -> Tariff:
    try:
        text = path.read_bytes().decode()
        return parse(tomllib.loads(text, parse_float=Decimal) if path.suffix == ".toml" else _json(text))
    except OSError as error:
        raise PriceListError(f"{path}: cannot be read: {error.strerror}") from error
    except TariffError as error:
        raise PriceListError(f"{path}: {error}") from error
    except KeyError as error:
        raise PriceListError(
            f"{path}: {error.args[0]} is missing; wanted is an OCPP 2.1 TariffType"
        ) from error
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise PriceListError(f"{path}: no OCPP 2.1 TariffType in JSON or TOML: {error}") from error


def _json(text: str) -> dict[str, Any]:
    value = json.loads(text, parse_float=Decimal)
    if not isinstance(value, dict):
        raise TypeError("it is no JSON object")
    return value
