"""docs/INTERLOCK.md, drawn from the tables that decide: ``make docs`` writes it, a test holds it to them."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from firmware.interlock import faults, pilot, proximity, sequence, times
from firmware.interlock.model import Stage

PAGE = Path(__file__).parents[2] / "docs" / "INTERLOCK.md"

_HEAD = """\
# The interlock: every stage, transition, fault and time limit

<!-- Drawn by `make docs` from firmware/interlock/{sequence,faults,times,pilot,proximity}.py. Do not edit. -->

One EVSE is in one *stage*. After every sample of the inputs and every message of the agent the first row
that applies is taken, top down, until none does. Nothing else closes the contactor. `make enumerate` walks
through every state that this can reach and checks what must hold in each; [SAFETY.md](SAFETY.md) says which
hazard each measure is for.

"""


def page() -> str:
    """Return the whole page."""
    parts = (_diagram(), _stages(), _rows(), _faults(), _limits(), _pilot(), _cables())
    return _HEAD + "\n".join("\n".join(part) + "\n" for part in parts)


def _said(condition: object) -> str:
    text = inspect.getdoc(condition)
    assert text, f"{condition} does not say what it waits for"
    return text[0].lower() + text[1:]


def _name(stage: Stage) -> str:
    return stage.name.lower()


def _diagram() -> Iterator[str]:
    yield "```mermaid\nstateDiagram-v2"
    yield "    [*] --> empty"
    for row in sequence.TABLE:
        yield f"    {_name(row.source)} --> {_name(row.target)}: {row.when.__name__.replace('_', ' ')}"
    yield "```"


def _stages() -> Iterator[str]:
    yield "## Stages and what they command\n"
    yield "| stage | IEC 61851-1 | pilot | contactor |\n|---|---|---|---|"
    for stage in Stage:
        contactor = "closed" if stage in sequence.CLOSED else "open"
        yield f"| {_name(stage)} | {stage.value} | {sequence.PILOT[stage]} | {contactor} |"


def _rows() -> Iterator[str]:
    yield "## Transitions\n"
    yield "Clauses are those of IEC 61851-1:2017 and its Annex A; GB/T 18487.1 is alike.\n"
    yield "| from | when | what that is | to | clause |\n|---|---|---|---|---|"
    for row in sequence.TABLE:
        when = f"`{row.when.__name__}`"
        yield f"| {_name(row.source)} | {when} | {_said(row.when)} | {_name(row.target)} | {row.clause} |"


def _faults() -> Iterator[str]:
    yield "## Faults\n"
    yield "Each opens the contactor in the step in which it stands, and ends the lease."
    yield "[FAULTS.md](FAULTS.md) says what a person does about each.\n"
    yield "| fault | ends |\n|---|---|"
    for rule in faults.RULES:
        ways = " or ".join(sorted(rule.left_by)) if rule.left_by else "by itself, when its cause has gone"
        yield f"| `{rule.name}` | {ways} |"


def _limits() -> Iterator[str]:
    yield "## Time limits\n"
    yield "| name | ms | what |\n|---|---:|---|"
    for name, text in documented(times):
        yield f"| `{name}` | {getattr(times, name)} | {' '.join(text.split())} |"


def documented(module: object) -> Iterator[tuple[str, str]]:
    """Yield each constant of a module with the text that follows it."""
    body = ast.parse(inspect.getsource(module)).body  # type: ignore[arg-type]
    for constant, text in pairwise(body):
        if isinstance(constant, ast.Assign) and isinstance(text, ast.Expr):
            assert isinstance(constant.targets[0], ast.Name)
            assert isinstance(text.value, ast.Constant)
            yield constant.targets[0].id, str(text.value.value)


def _pilot() -> Iterator[str]:
    yield "## Control pilot\n"
    yield f"A state counts from its threshold up; it is kept {pilot.HYSTERESIS_MV} mV beyond its band.\n"
    yield "| state | from mV | meaning |\n|---|---:|---|"
    for state, lower_mv, meaning in pilot.STATES:
        yield f"| {state} | {lower_mv} | {meaning} |"


def _cables() -> Iterator[str]:
    yield "## Proximity: what the cable carries\n"
    yield "| Ω | IEC 61851-1, Table B.2 | GB/T 18487.1, Table A.2 |\n|---|---:|---:|"
    for from_ohm, to_ohm, iec_ma, gbt_ma in proximity.CODES:
        yield f"| {from_ohm} to {to_ohm} | {iec_ma // 1000} A | {gbt_ma // 1000} A |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
