"""The OCA's JSON schemas, as the `ocpp` package ships them; each is loaded when it is first used.

The package's data files are used without importing it (its import costs 20 MiB). This is the one door to
jsonschema-rs.
"""

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

DIRECTORIES = {"ocpp2.1": "v21", "ocpp2.0.1": "v201"}
"""Directory of each version's schemas in the package."""

_CODES = {
    "required": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "type": "TypeConstraintViolation",
    "additionalProperties": "FormatViolation",
}
_MASK = "value"


@dataclass(frozen=True, slots=True)
class Violation:
    """What a payload has wrong: the OCPP error code, where (``evse.id``), and what (never the value)."""

    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class Schemas:
    """The schemas of one version."""

    def __init__(self, version: str) -> None:
        """Raise LookupError when the `ocpp` package with its schemas is not installed."""
        self._directory = _package() / DIRECTORIES[version] / "schemas"
        self._names = frozenset(path.stem for path in self._directory.glob("*.json"))
        self._loaded: dict[tuple[str, bool], jsonschema_rs.Validator] = {}

    def knows(self, action: str) -> bool:
        """Return whether this version has the action."""
        return f"{action}Request" in self._names

    def check_own(self, name: str, payload: Mapping[str, Any]) -> Violation | None:
        """Check a message that we are about to send, e.g. ``HeartbeatRequest``; formats are checked too."""
        return next(self._violations(name, payload, formats=True), None)

    def check_request(self, action: str, payload: Mapping[str, Any]) -> Violation | None:
        """Check a call that came in. Date formats are left to those who read them."""
        return next(self._violations(f"{action}Request", payload, formats=False), None)

    def check_response(self, action: str, payload: Mapping[str, Any]) -> Violation | None:
        """Check an answer that came in; properties that the schema does not have are passed over."""
        found = self._violations(f"{action}Response", payload, formats=False)
        return next((one for one in found if one.code != "FormatViolation"), None)

    def _violations(self, name: str, payload: Mapping[str, Any], *, formats: bool) -> Iterator[Violation]:
        for error in self._validator(name, formats).iter_errors(payload):
            code = _CODES.get(error.kind.name, "PropertyConstraintViolation")
            yield Violation(code, _path(error.instance_path), error.message)

    def _validator(self, name: str, formats: bool) -> jsonschema_rs.Validator:
        validator = self._loaded.get((name, formats))
        if validator is None:
            schema = msgspec.json.decode((self._directory / f"{name}.json").read_bytes())
            validator = jsonschema_rs.validator_for(schema, validate_formats=formats, mask=_MASK)
            self._loaded[(name, formats)] = validator
        return validator


def _package() -> Path:
    spec = importlib.util.find_spec("ocpp")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("the ocpp package with its JSON schemas is not installed: pip install ocpp")
    return Path(spec.submodule_search_locations[0])


def _path(parts: list[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return text.removeprefix(".")
