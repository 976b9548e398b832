"""Reads an object of the settings key by key; every mistake is told with its whole path."""

from typing import Any


class SettingsError(ValueError):
    """The settings are not what the interlock needs, or the board does not fit them; the text says where."""


_MISSING: Any = object()
_KINDS = {dict: "no object", list: "no list", str: "no text", int: "no integer", bool: "not true or false"}


class JsonObject:
    """An object of the settings, and which of its keys were read; every error says its whole path."""

    def __init__(self, table: Any, prefix: str = "") -> None:
        self.path = f"settings: {prefix}"
        self._prefix = prefix
        self._unread = set(table) if isinstance(table, dict) else set()
        self._table: dict[str, Any] = table
        if not isinstance(table, dict):
            where = f"{prefix.rstrip('.')}: " if prefix else ""
            raise SettingsError(f"settings: {where}{table!r} is no object")

    def error(self, key: str, what: str) -> SettingsError:
        return SettingsError(f"{self.path}{key}: {what}")

    def value(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        self._unread.discard(key)
        value = self._table.get(key, default)
        if value is _MISSING:
            raise self.error(key, "missing")
        if type(value) is not kind:
            raise self.error(key, f"{value!r} is {_KINDS[kind]}")
        return value

    def number(self, key: str, least: int, most: int, default: Any = _MISSING) -> int:
        value: int = self.value(key, int, default)
        if not least <= value <= most:
            raise self.error(key, f"{value} is outside {least} to {most}")
        return value

    def flag(self, key: str) -> bool:
        return bool(self.value(key, bool, False))

    def choice(self, key: str, known: tuple[Any, ...], default: Any) -> Any:
        value = self.value(key, type(known[0]), default)
        if value not in known:
            raise self.error(key, f"{value!r} is none of {', '.join(map(str, known))}")
        return value

    def choices(self, key: str, known: tuple[str, ...]) -> frozenset[Any]:
        values = self.value(key, list, [])
        for value in values:
            if value not in known:
                raise self.error(key, f"{value!r} is none of {', '.join(known)}")
        return frozenset(values)

    def inner(self, key: str) -> "JsonObject":
        return JsonObject(self.value(key, dict), f"{self._prefix}{key}.")

    def optional(self, key: str) -> "JsonObject | None":
        if self._table.get(key) is None:
            self._unread.discard(key)
            return None
        return self.inner(key)

    def done(self) -> None:
        """Raise SettingsError for a key that nobody has read."""
        for key in sorted(self._unread):
            raise self.error(key, "unknown key")
