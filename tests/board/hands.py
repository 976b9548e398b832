"""Objects of the guest as the host sees them: calls go in, values and exceptions come out."""

from collections.abc import Callable
from typing import Any

from hal.ports import BoardLostError
from tests.board import wire


class GuestError(Exception):
    """The guest raised an exception that the host does not know; its name comes first."""


class GuestObject:
    """An object in the guest. Its methods are called there; `get` reads an attribute."""

    def __init__(self, ask: Callable[[dict[str, Any]], Any], handle: int) -> None:
        self._ask = ask
        self._handle = handle

    def get(self, name: str) -> Any:
        """Return an attribute: its value, or an object of the guest."""
        return self._ask({"get": name, "of": self._handle})

    def call(self, name: str, *args: Any, **named: Any) -> Any:
        """Call a method. Raises what it raises there."""
        request = {"call": name, "of": self._handle, "args": args, "named": named}
        return self._ask({key: wire.pack(value, _handle_of) for key, value in request.items()})

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: self.call(name, *args, **named)


def exception(name: str, message: str) -> Exception:
    """Return the guest's exception as the same one here, or as `GuestError`."""
    known = {
        kind.__name__: kind for kind in (BoardLostError, ValueError, KeyError, OSError, FileNotFoundError)
    }
    return known[name](message) if name in known else GuestError(f"{name}: {message}")


def _handle_of(value: Any) -> int:
    if not isinstance(value, GuestObject):
        raise TypeError(f"{value!r} cannot go into the guest")
    return value._handle
