"""What the catalogue says of one fault."""

from dataclasses import dataclass
from typing import Literal

Text = tuple[str, str]
"""The same in Chinese and in English."""

LeftBy = Literal["engineer", "backend", "unplugging"]
ChargePointErrorCode = Literal[
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
    "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure", "PowerSwitchFailure",
    "UnderVoltage", "WeakSignal",
]  # fmt: skip
"""Those of OCPP 1.6 (7.7, ChargePointErrorCode) that a fault of this charger can be told with."""

ENGINEER: tuple[LeftBy, ...] = ("engineer",)
REMOTE: tuple[LeftBy, ...] = ("engineer", "backend")
ANYONE: tuple[LeftBy, ...] = ("engineer", "backend", "unplugging")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the catalogue.

    ``severity`` is OCPP's (2.1 part 2, NotifyEvent: 0 danger, 1 hardware, 2 system, 3 critical, 4 error,
    5 alert, 6 warning, 7 notice … 9 debug). ``left_by``: who or what ends it once its cause is gone; empty:
    it clears itself. ``blocks``: no charge may start or go on while it stands. ``tech_code`` is the code of
    ChargeX's minimum required error codes (inl.gov/chargex/mrec) that means just this, "" where none does.
    ``reaction`` is what the charger does of itself, ``causes`` the likely ones first.
    """

    name: str
    severity: int
    left_by: tuple[LeftBy, ...] = ()
    blocks: bool = True
    ocpp16: ChargePointErrorCode = "OtherError"
    tech_code: str = ""
    title: Text
    reaction: Text
    causes: tuple[Text, ...]
    remedy: Text

    @property
    def latching(self) -> bool:
        """Whether it stays when its cause is gone."""
        return bool(self.left_by)
