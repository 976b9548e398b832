"""Scenario files: a charge as a script of steps, and the expectations it must meet (docs/SCENARIOS.md).

A wrong file is told by its path, the key, and what was probably meant: ``one-hour.toml: steps[2].plugin:
unknown step, did you mean "plug_in"?``.
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.board.actions import ACTIONS
from sim.board.arguments import RefusedError, read_arguments

PACKAGED = Path(__file__).resolve().parent / "scenarios"

Kinds = Mapping[str, tuple[type, ...]]

NUMBER = (int, float)
CONDITIONS: Kinds = {
    "screen": (str,),
    "transaction": (str,),
    "minutes": (int,),
    "lock": (str,),
    "contactor": (str,),
    "pilot": (str,),
    "connector": (str,),
    "alarm": (str,),
    "energy_wh": NUMBER,
    "limit_a_at_least": NUMBER,
    "limit_a_at_most": NUMBER,
    "offered_a_at_least": NUMBER,
    "offered_a_at_most": NUMBER,
    "watts_at_most": NUMBER,
    "time": (str,),
}
"""What `wait_until` can wait for; minutes, energy_wh and time are "at least"."""

STEPS: Mapping[str, Kinds] = {
    "pay": {"minutes": (int,), "amount": (int,), "evse": (int,)},
    "stop_from_phone": {"evse": (int,)},
    "reset_evse": {"evse": (int,)},
    "kill_agent": {},
    "cut_power": {},
    "restore_power": {},
    "wait": {"minutes": NUMBER, "real_seconds": NUMBER},
    "wait_until": {**CONDITIONS, "within_minutes": NUMBER, "evse": (int,)},
    "check": {**CONDITIONS, "evse": (int,)},
    **{
        name: {argument: kind.types for argument, kind in action.arguments.items()} | {"evse": (int,)}
        for name, action in ACTIONS.items()
        if name != "state"
    },
}
"""Each step's name and its arguments; whatever hands can do at the simulated board is a step.

``evse`` says at which EVSE, 1 unless said.
"""

EXPECTATIONS: Kinds = {
    "stopped_reason": (str,),
    "settled": (bool,),
    "verified": (bool,),
    "minutes": (int,),
    "minutes_at_least": (int,),
    "total": (str,),
    "total_at_least": (str,),
    "total_at_most": (str,),
    "energy_wh_at_least": NUMBER,
    "unmeasured_wh_at_most": NUMBER,
    "contactor_closings": (int,),
    "offered_a_at_most": NUMBER,
    "longest_gap_s": NUMBER,
    "tariff_changes": (int,),
    "screen": (str,),
    "connector": (str,),
    "alarm": (str,),
    "lock": (str,),
}

_TOP: Kinds = {
    "name": (str,),
    "title": (str,),
    "starts_at": (datetime,),
    "speed": (int,),
    "steps": (list,),
    "expect": (dict,),
    "evses": (int,),
    "supply_a": (int,),
    "vehicle": (dict,),
    "site": (dict,),
}
_VEHICLE: Kinds = {"watts": (int,), "load": (str,)}
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
_WORDS |= {dict: "a table", datetime: "a date and time with its offset"}


class ScenarioError(ValueError):
    """The scenario file is wrong; the text says where, what and what next."""


@dataclass(frozen=True)
class Step:
    """One line of the script, e.g. ``pay`` with ``{"minutes": 60}``."""

    do: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = " ".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.do} {told}".strip()


@dataclass(frozen=True)
class Scenario:
    """A checked scenario. ``load`` is a path; ``site`` is laid over the generated site file."""

    name: str
    title: str
    starts_at: datetime
    speed: int
    watts: int
    load: Path | None
    steps: tuple[Step, ...]
    expect: dict[str, Any]
    site: dict[str, Any]
    evses: int = 1
    supply_a: int | None = None


def find(name: str) -> Path:
    """Return the file that ``name`` means: a path, or the bare name of a packaged scenario.

    Raises ScenarioError that lists the packaged ones.
    """
    for path in (Path(name), PACKAGED / f"{name}.toml", PACKAGED / name):
        if path.is_file():
            return path
    known = sorted(path.stem for path in PACKAGED.glob("*.toml"))
    raise ScenarioError(f"{name}: no such scenario{_hint(name, known)} (packaged: {', '.join(known)})")


def load(path: Path) -> Scenario:
    """Read and check a scenario file. Raises ScenarioError."""
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{path.name}: cannot be read as TOML: {error}") from error
    return _scenario(document, path)


def _scenario(document: dict[str, Any], path: Path) -> Scenario:
    where = f"{path.name}: "
    _check_keys(document, _TOP, where, "key")
    for key in ("steps", "starts_at"):
        if key not in document:
            raise ScenarioError(f"{where}{key}: is missing")
    if document["starts_at"].tzinfo is None:
        raise ScenarioError(f"{where}starts_at: needs its offset from UTC, e.g. 2026-06-01T09:30:00+08:00")
    vehicle = document.get("vehicle", {})
    _check_keys(vehicle, _VEHICLE, f"{where}vehicle.", "key")
    if "load" in vehicle and not (path.parent / vehicle["load"]).is_file():
        raise ScenarioError(f"{where}vehicle.load: {vehicle['load']}: no such file beside the scenario")
    expect = document.get("expect", {})
    _check_keys(expect, EXPECTATIONS, f"{where}expect.", "expectation")
    evses = _positive(document.get("evses", 1), f"{where}evses")
    return Scenario(
        name=document.get("name", path.stem),
        title=document.get("title", path.stem),
        starts_at=document["starts_at"],
        speed=_positive(document.get("speed", 60), f"{where}speed"),
        watts=_positive(vehicle.get("watts", 7200), f"{where}vehicle.watts"),
        load=path.parent / vehicle["load"] if "load" in vehicle else None,
        steps=tuple(_step(raw, f"{where}steps[{i}]", evses) for i, raw in enumerate(document["steps"])),
        expect=expect,
        site=document.get("site", {}),
        evses=evses,
        supply_a=_positive(document["supply_a"], f"{where}supply_a") if "supply_a" in document else None,
    )


def _step(raw: object, where: str, evses: int) -> Step:
    if isinstance(raw, str):
        raw = {raw: {}}
    if not isinstance(raw, dict) or len(raw) != 1:
        raise ScenarioError(f'{where}: a step is a name or a table of one key, e.g. "plug_in", {{ pay = … }}')
    ((name, arguments),) = raw.items()
    if name not in STEPS:
        raise ScenarioError(f"{where}.{name}: unknown step{_hint(name, STEPS)}")
    if not isinstance(arguments, dict):
        raise ScenarioError(f"{where}.{name}: its arguments are a table, e.g. {{ {name} = {{ … }} }}")
    _check_keys(arguments, STEPS[name], f"{where}.{name}.", "argument")
    if not 1 <= arguments.get("evse", 1) <= evses:
        raise ScenarioError(f"{where}.{name}.evse: there is no EVSE {arguments['evse']}; evses is {evses}")
    said = arguments.keys() - {"evse"}
    if name == "pay" and len(said) != 1:
        raise ScenarioError(f"{where}.pay: needs minutes or amount, and not both")
    if name in ("wait", "wait_until", "check") and not said:
        raise ScenarioError(f"{where}.{name}: needs one of {', '.join(STEPS[name])}")
    if name in ACTIONS:
        _check_action(name, {key: arguments[key] for key in said}, where)
    return Step(name, arguments)


def _check_action(name: str, arguments: dict[str, Any], where: str) -> None:
    try:
        read_arguments(ACTIONS[name].arguments, arguments)
    except RefusedError as error:
        raise ScenarioError(f"{where}.{name}.{error}") from error


def _check_keys(table: Mapping[str, Any], kinds: Kinds, where: str, what: str) -> None:
    for key, value in table.items():
        if key not in kinds:
            raise ScenarioError(f"{where}{key}: unknown {what}{_hint(key, kinds)}")
        fits = isinstance(value, kinds[key]) and (bool in kinds[key] or not isinstance(value, bool))
        if not fits:
            raise ScenarioError(f"{where}{key}: must be {_WORDS[kinds[key][-1]]}, not {value!r}")


def _positive(value: int, where: str) -> int:
    if value < 1:
        raise ScenarioError(f"{where}: must be 1 or more, not {value}")
    return value


def _hint(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f', did you mean "{near[0]}"?' if near else ""
