"""The fault catalogue: what can go wrong, what the charger does, and what a person does about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One row. ``severity`` is OCPP's (0 danger … 9 debug); ``tech_code`` a CharIN MREC code if there is one.

    ``latching`` faults stay until an engineer or the backend clears them. ``blocks`` says that no charge may
    start or go on while it stands. Texts are (zh, en).
    """

    name: str
    severity: int
    latching: bool
    blocks: bool
    tech_code: str
    title: tuple[str, str]
    causes: tuple[tuple[str, str], ...]
    remedy: tuple[str, str]
