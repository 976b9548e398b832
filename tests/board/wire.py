"""How values cross between host and guest: as JSON, and what JSON does not know in a marked table.

``{"$bytes": base64}``, ``{"$pairs": [[key, value], …]}`` (a dict) and ``{"$object": handle}`` (it stays in
the guest). Sequences arrive as lists, or as tuples where they are keys; named tuples stay where they are.
"""

import base64
from collections.abc import Callable
from typing import Any


def pack(value: Any, handle_of: Callable[[Any], int]) -> Any:
    """Return ``value`` as JSON values; ``handle_of`` gives the handle of anything that stays where it is."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case bytes() | bytearray():
            return {"$bytes": base64.b64encode(value).decode()}
        case list() | tuple() if not hasattr(value, "_fields"):
            return [pack(item, handle_of) for item in value]
        case dict():
            return {"$pairs": [[pack(part, handle_of) for part in pair] for pair in value.items()]}
        case _:
            return {"$object": handle_of(value)}


def unpack(value: Any, object_of: Callable[[int], Any]) -> Any:
    """Return what `pack` packed; ``object_of`` gives what a handle stands for."""
    match value:
        case {"$bytes": text}:
            return base64.b64decode(text)
        case {"$object": handle}:
            return object_of(handle)
        case {"$pairs": pairs}:
            return {_key(key, object_of): unpack(item, object_of) for key, item in pairs}
        case list():
            return [unpack(item, object_of) for item in value]
        case _:
            return value


def _key(packed: Any, object_of: Callable[[int], Any]) -> Any:
    key = unpack(packed, object_of)
    return tuple(key) if isinstance(key, list) else key
