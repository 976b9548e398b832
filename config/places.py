"""Where each key of the site and board files belongs, for those who wrote it into the wrong table."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, get_args, get_origin

import msgspec
from msgspec import Struct

from config.schema import Board, Site
from config.shape import present

_MOST = 2  # a key at home in more places says nothing


@cache
def places() -> dict[str, str]:
    """Return the place of every key that has one or two: {"outputs": "the top of the board file", …}."""
    known: dict[str, set[str]] = {}
    for kind, file in ((Site, "the site file"), (Board, "the board file")):
        for table, key in _keys(kind, ""):
            known.setdefault(key, set()).add(f"[{table}] of {file}" if table else f"the top of {file}")
    return {key: " or ".join(sorted(where)) for key, where in known.items() if len(where) <= _MOST}


def _keys(kind: type[Struct], table: str) -> Iterator[tuple[str, str]]:
    for field in msgspec.structs.fields(kind):
        yield table, field.encode_name
        path = f"{table}.{field.encode_name}" if table else field.encode_name
        inner, suffix = _table_type(field.type)
        if inner is not None:
            yield from _keys(inner, path + suffix)


def _table_type(kind: Any) -> tuple[type[Struct] | None, str]:
    """Return the type of the table or tables under a key, and how their place is written."""
    kind = present(kind)
    if get_origin(kind) is Annotated:
        return _table_type(get_args(kind)[0])
    if get_origin(kind) is dict:
        return _table_type(get_args(kind)[1])[0], ".NAME"
    if get_origin(kind) is tuple:
        return _table_type(get_args(kind)[0])
    return (kind, "") if isinstance(kind, type) and issubclass(kind, Struct) else (None, "")
