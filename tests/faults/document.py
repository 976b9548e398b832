"""docs/FAULT_MATRIX.md, drawn from what `make torture` saw."""

from pathlib import Path
from typing import Any

from tests.faults import results
from tests.faults.cases import CASES, PHASES

PAGE = Path(__file__).parents[2] / "docs" / "FAULT_MATRIX.md"

HEAD = """# Every fault in each phase of a charge

<!-- Drawn by `make torture` from what it saw. Do not edit. -->

The whole bench, real processes, billing clock 60 times as fast as life. A cell says: ms from the cause to the
coil's command (`open`, where it was closed) · what the backend was told · why the transaction ended · what
was billed · who cleared it. *Later*: it did not show in this phase, but at this charge's end or in the next.
In each cell this held: energy off (with welded contacts: the plug locked, nothing on offer), no other fault
told, each bill as the test calculates it from the sealed records and the tariff, and after mending and
clearing a whole further charge on the same bench. That all energy was billed is held too, except with welded
contacts, a silent or babbling meter, a hung board and a stopped agent: there the test allows what
`tests/faults/cases.py` says.

"""

PROCESSES = """
## When processes are stopped, killed, starved

In mid-charge, with `wattseal run` as in the field; times from the signal, by the board's marks.
`–`: the contactor did not move. After each: bills as calculated, and a whole further charge.

| what | contactor commanded open after | transaction ended | billed | told | what else |
|---|---:|---|---:|---|---|
"""


def write() -> None:
    """Write the page from all notes there are."""
    PAGE.write_text(
        HEAD + _matrix(results.noted("matrix")) + PROCESSES + _processes(results.noted("processes"))
    )


def _matrix(rows: dict[str, dict[str, Any]]) -> str:
    lines = [f"| fault | {' | '.join(PHASES.values())} |", "|---" * (len(PHASES) + 1) + "|"]
    for name in CASES:
        cells = rows.get(name, {})
        told = (_cell(cells[phase]) if phase in cells else "" for phase in PHASES)
        lines.append(f"| {name} | {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def _cell(cell: dict[str, Any]) -> str:
    if "failed" in cell:
        return f"**failed**: {cell['failed'].replace('|', '/')}"
    parts = [] if cell["at_once"] else ["*later*"]
    if "open_ms" in cell:
        parts.append(f"open {_ms(cell['open_ms'])}")
    parts += [", ".join(cell["faults"]) or "no fault", cell.get("reason") or ""]
    parts.append(f"{cell['bill']} CNY" if cell.get("bill") else "")
    parts.append(f"by {cell['cleared_by']}")
    return " · ".join(filter(None, parts))


def _processes(rows: dict[str, dict[str, Any]]) -> str:
    lines = []
    for name, cells in rows.items():
        seen = cells["seen"]
        open_after = _ms(seen["open_ms"]) if seen.get("open_ms") is not None else "–"
        told = ", ".join(seen["faults"]) or "–"
        lines.append(
            f"| {name} | {open_after} | {seen['reason']} | {seen['bill']} CNY | {told} | {seen['else']} |"
        )
    return "\n".join(lines) + "\n"


def _ms(value: float) -> str:
    return f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
