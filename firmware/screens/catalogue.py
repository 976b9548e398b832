"""The fault catalogue's words for the display; a name that the catalogue does not know stands for itself."""

from firmware.core.faults import CATALOGUE
from firmware.screens.texts import NOTES, Language, pick


def fault_title(name: str, language: Language) -> str:
    fault = CATALOGUE.get(name)
    return pick(fault.title, language) if fault else name


def fault_remedy(name: str, language: Language) -> str:
    """Return what a person does about it; empty for an unknown fault."""
    fault = CATALOGUE.get(name)
    return pick(fault.remedy, language) if fault else ""


def fault_code(name: str) -> str:
    """Return what to tell the hotline: the MREC code where there is one, and always the fault's name."""
    fault = CATALOGUE.get(name)
    return f"{fault.tech_code} · {name}" if fault and fault.tech_code else name


def note_text(name: str | None, language: Language, otherwise: str) -> str:
    """Return a note's words, ``otherwise`` where there is none or nobody knows it."""
    return pick(NOTES[name], language) if name in NOTES else otherwise
