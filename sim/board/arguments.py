"""Arguments of the control protocol's actions: what each may be, and what is said when it is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class RefusedError(ValueError):
    """The request cannot be carried out; the text is for a person."""


@dataclass(frozen=True)
class Number:
    """A number from ``least`` to ``most``; without a ``default`` it must be given."""

    types: ClassVar[tuple[type, ...]] = (int, float)
    least: float
    most: float
    default: float | None = None

    @property
    def required(self) -> bool:
        return self.default is None

    def read(self, name: str, value: object) -> float:
        """Return the value. Raises RefusedError."""
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not self.least <= value <= self.most:  # type: ignore[operator]
            raise RefusedError(f"{name}: {value!r} is no number from {self.least:g} to {self.most:g}")
        return value  # type: ignore[return-value]


@dataclass(frozen=True)
class OneOf:
    """One of some numbers; an ``optional`` one may be left out, for none of them."""

    types: ClassVar[tuple[type, ...]] = (int,)
    values: tuple[int, ...]
    default: int | None = None
    optional: bool = False

    @property
    def required(self) -> bool:
        return self.default is None and not self.optional

    def read(self, name: str, value: object) -> int | None:
        """Return the value. Raises RefusedError."""
        if value is None and self.optional:
            return None
        if isinstance(value, bool) or value not in self.values:
            raise RefusedError(f"{name}: {value!r} is none of {', '.join(map(str, self.values))}")
        return value


@dataclass(frozen=True)
class Flag:
    """True or false."""

    types: ClassVar[tuple[type, ...]] = (bool,)
    required: ClassVar[bool] = False
    default: bool = True

    def read(self, name: str, value: object) -> bool:
        """Return the value. Raises RefusedError."""
        if not isinstance(value, bool):
            raise RefusedError(f"{name}: {value!r} is neither true nor false")
        return value


Argument = Number | OneOf | Flag


def read_arguments(declared: Mapping[str, Argument], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every declared argument's value. Raises RefusedError for a wrong, missing or unknown one."""
    for name in given:
        if name not in declared:
            raise RefusedError(f"{name}: unknown argument; there is {', '.join(declared) or 'none'}")
    for name, kind in declared.items():
        if kind.required and name not in given:
            raise RefusedError(f"{name}: is missing")
    return {name: kind.read(name, given.get(name, kind.default)) for name, kind in declared.items()}
