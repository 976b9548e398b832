"""The device model: which variables the station has, what they may be set to, and what they are now.

OCPP 2.x part 1, clause 4. A variable is addressed by `Key`; keys of variables with an instance are written
``Name[instance]``, as in ``MessageAttempts[TransactionEvent]``. The table of variables is in `variables`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

DataType = Literal["string", "integer", "boolean", "dateTime", "OptionList", "SequenceList", "MemberList"]
Mutability = Literal["ReadOnly", "WriteOnly", "ReadWrite"]


class Key(NamedTuple):
    """Which variable: component, ``Name`` or ``Name[instance]``, and the EVSE (0: the station)."""

    component: str
    variable: str
    evse: int = 0


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. ``minimum`` and ``maximum`` bound an integer, ``maximum`` the length of a string."""

    component: str
    name: str
    value: str
    type: DataType = "string"
    mutability: Mutability = "ReadOnly"
    evse: int = 0
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.component, self.name, self.evse)

    def objection(self, value: str) -> str:
        """Return why ``value`` does not fit, "" when it does."""
        match self.type:
            case "integer":
                return self._integer_objection(value)
            case "boolean":
                return "" if value in ("true", "false") else "must be true or false"
            case "OptionList" if value not in self.choices:
                return f"must be one of {', '.join(self.choices)}"
            case "MemberList" | "SequenceList":
                unknown = set(filter(None, value.split(","))) - set(self.choices)
                return f"must be made of {', '.join(self.choices)}" if unknown else ""
            case "string":
                return self._length_objection(value)
        return ""

    def _integer_objection(self, value: str) -> str:
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 10):
            return "must be an integer"
        if self.minimum is not None and int(value) < self.minimum:
            return f"must be at least {self.minimum}"
        if self.maximum is not None and int(value) > self.maximum:
            return f"must be at most {self.maximum}"
        return ""

    def _length_objection(self, value: str) -> str:
        if self.minimum is not None and len(value) < self.minimum:
            return f"must have at least {self.minimum} characters"
        if self.maximum is not None and len(value) > self.maximum:
            return f"must have at most {self.maximum} characters"
        return ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a variable cannot be read or set: an OCPP status, a reason code (≤ 20) and words."""

    status: Literal["Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"]
    reason_code: str = ""
    why: str = ""


class DeviceModel:
    """The variables of one station and their values. Values of live variables are asked for when read."""

    def __init__(self, variables: Iterable[Variable]) -> None:
        self._variables = {variable.key: variable for variable in variables}
        self._values = {key: variable.value for key, variable in self._variables.items()}
        self._live: dict[Key, Callable[[], str]] = {}

    def make_live(self, key: Key, read: Callable[[], str]) -> None:
        """Let ``read`` give this variable's value from now on. Raises KeyError for an unknown one."""
        self._live[self._variables[key].key] = read

    def put(self, component: str, variable: str, value: str, evse: int = 0) -> None:
        """Take over a value that was accepted or stored; one that is not in the table is passed over."""
        key = Key(component, variable, evse)
        if key in self._variables:
            self._values[key] = value

    def value(self, component: str, variable: str, evse: int = 0) -> str:
        """Return a value for the station's own use, secrets included. Raises KeyError."""
        key = Key(component, variable, evse)
        live = self._live.get(key)
        return live() if live else self._values[key]

    def integer(self, component: str, variable: str) -> int:
        """Return an integer variable's value."""
        return int(self.value(component, variable))

    def read(self, key: Key, attribute: str = "Actual") -> str | Refusal:
        """Return what the backend may read, or why not."""
        variable = self._find(key, attribute)
        if isinstance(variable, Refusal):
            return variable
        if variable.mutability == "WriteOnly":
            return Refusal("Rejected", "WriteOnly", "this variable cannot be read")
        return self.value(*key)

    def refusal(self, key: Key, value: str, attribute: str = "Actual") -> Refusal | None:
        """Return why the backend may not set this value, None when it may."""
        variable = self._find(key, attribute)
        if isinstance(variable, Refusal):
            return variable
        if variable.mutability == "ReadOnly":
            return Refusal("Rejected", "ReadOnly", "this variable cannot be set")
        objection = variable.objection(value)
        return Refusal("Rejected", "InvalidValue", objection) if objection else None

    def report(self, *, settable_only: bool) -> Iterator[tuple[Variable, str | None]]:
        """Yield each variable with its value, None for what cannot be read."""
        for key, variable in self._variables.items():
            if not settable_only or variable.mutability != "ReadOnly":
                yield variable, None if variable.mutability == "WriteOnly" else self.value(*key)

    def _find(self, key: Key, attribute: str) -> Variable | Refusal:
        variable = self._variables.get(key)
        if variable is None:
            known = any(
                other.component == key.component and other.evse == key.evse for other in self._variables
            )
            return Refusal("UnknownVariable" if known else "UnknownComponent")
        if attribute != "Actual":
            return Refusal("NotSupportedAttributeType")
        return variable


def split_instance(name: str) -> tuple[str, str]:
    """Return (name, instance) of ``Name[instance]``; instance "" without one."""
    head, bracket, rest = name.partition("[")
    return (head, rest.removesuffix("]")) if bracket else (name, "")


def from_payload(item: Mapping[str, object]) -> Key:
    """Return the key that a Get/SetVariables item addresses (checked by its schema before)."""
    component, variable = item["component"], item["variable"]
    assert isinstance(component, dict) and isinstance(variable, dict)
    instance = variable.get("instance")
    name = f"{variable['name']}[{instance}]" if instance else variable["name"]
    return Key(component["name"], name, component.get("evse", {}).get("id", 0))
