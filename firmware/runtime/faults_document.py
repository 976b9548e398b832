"""docs/FAULTS.md, written from the catalogue: ``wattseal faults --catalogue > docs/FAULTS.md``."""

from collections.abc import Iterator

from firmware.core.fault import Fault
from firmware.core.faults import CATALOGUE
from firmware.csms.fault_events import COMPONENTS

_HEAD = """\
# Faults

Written by `wattseal faults --catalogue` from the one table that display, backend and `wattseal faults` read
too (`firmware/core/faults.py`). `tests/runtime/test_faults_document.py` holds this page against it.

`wattseal faults --config site.toml` shows what stands on a running station, with causes and remedies;
`--clear` says that the causes are gone. The interlock's faults only the interlock takes away, the meter's are
cleared once no transaction runs; one whose cause still stands is back at once. A backend clears what it may
with `Reset` of that EVSE.

Severity is OCPP's, 0 (danger) to 9. The code is that of [ChargeX](https://inl.gov/chargex/mrec)'s minimum
required error codes, where one means just this fault; it travels as `techCode` in `NotifyEvent`, whose
component is named here, with the variable `Problem` and the fault's name as its instance.
"""
_ENDS = {
    (): "by itself",
    ("engineer",): "engineer",
    ("engineer", "backend"): "engineer, backend",
    ("engineer", "backend", "unplugging"): "engineer, backend, unplugging",
}


def document() -> str:
    """Return the whole page as Markdown."""
    faults = sorted(CATALOGUE.values(), key=lambda fault: (fault.severity, fault.name))
    return "\n".join([_HEAD, *_table(faults), *(line for fault in faults for line in _section(fault)), ""])


def _table(faults: list[Fault]) -> Iterator[str]:
    yield "| fault | severity | ends | stops charging | code | OCPP 1.6 | component |"
    yield "|---|---|---|---|---|---|---|"
    for fault in faults:
        name = f"[`{fault.name}`](#{fault.name.lower()})"
        stops = "yes" if fault.blocks else "no"
        yield (
            f"| {name} | {fault.severity} | {_ENDS[fault.left_by]} | {stops} | {fault.tech_code or '–'} "
            f"| {fault.ocpp16} | {COMPONENTS[fault.name]} |"
        )


def _section(fault: Fault) -> Iterator[str]:
    yield f"\n## {fault.name}\n"
    yield f"**{fault.title[1]}** · {fault.title[0]}\n"
    yield f"- Charger: {fault.reaction[1]} · {fault.reaction[0]}"
    for number, (zh, en) in enumerate(fault.causes, start=1):
        yield f"- Cause {number}: {en} · {zh}"
    yield f"- Remedy: {fault.remedy[1]} · {fault.remedy[0]}"
