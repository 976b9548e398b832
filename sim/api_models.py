"""What the bench's HTTP API takes and gives."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Json = dict[str, Any]


class Problem(BaseModel):
    """Why a request was not carried out."""

    error: str = Field(description="what was wrong, and where")
    hint: str = Field(description="what to do next")


class BoardState(BaseModel):
    """The simulated board as it is (energy and current at the vehicle, not what the firmware believes)."""

    model_config = ConfigDict(extra="allow")
    pilot: str = Field(description="control pilot state A…F, IEC 61851-1")
    plugged: bool
    contactor_closed: bool
    watts: float = Field(description="power the vehicle draws now, W")
    import_wh: float = Field(description="the true energy register, Wh")


class Load(BaseModel):
    """What the vehicle would draw."""

    watts: int = Field(ge=0, le=44_000, description="power, W")


class Card(BaseModel):
    """A card held to the reader."""

    token: str = Field(min_length=1, max_length=36)


class Choice(BaseModel):
    """What the driver pays for: either a time or an amount."""

    minutes: int | None = Field(None, gt=0, description="billing minutes", examples=[60])
    amount: int | None = Field(None, gt=0, description="main unit of the site's currency", examples=[10])

    @model_validator(mode="after")
    def _exactly_one(self) -> "Choice":
        if (self.minutes is None) == (self.amount is None):
            raise ValueError('give either "minutes" or "amount"')
        return self


class Paid(BaseModel):
    """The backend's answer to the phone."""

    model_config = ConfigDict(extra="allow")
    payment: str | None = Field(None, description="payment reference, the token of the transaction")
    transaction_id: str | None = None


class BenchState(BaseModel):
    """The whole bench at one moment."""

    station: str = Field(description="OCPP identity")
    has_power: bool = Field(description="False after cut_power")
    speed: int = Field(description="billing seconds in one real second")
    billing_time: datetime = Field(description="the billing clock")
    board: BoardState
    backend: Json | None = Field(description="the simulated backend's view; null with an external backend")


class Scanned(BaseModel):
    """What a phone's camera reads off the display."""

    url: str
