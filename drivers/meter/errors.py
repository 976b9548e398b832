"""What can be wrong with a meter, each with who must act. ``why`` is one short phrase for the engineer."""

from typing import ClassVar


class MeterError(Exception):
    """No valid reading. ``why`` says what was seen, ``who_acts`` what to do about it and who."""

    who_acts: ClassVar[str] = "technician: check the meter"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class MeterPortError(MeterError):
    """The serial port cannot be opened, or has gone."""

    who_acts = "technician: check the adapter's cable and the device in the board file"


class MeterGatewayError(MeterError):
    """The gateway cannot be reached, has broken the connection off, or has no way to the meter now."""

    who_acts = "technician: check network, the gateway's supply and settings, host and port in the board file"


class MeterSilentError(MeterError):
    """Not one byte came back."""

    who_acts = "technician: check the meter's supply, A/B wiring, unit number and baud rate"


class MeterJunkError(MeterError):
    """Bytes came back that are no answer to the question: noise, another unit, a wrong length."""

    who_acts = "technician: check shield, termination, baud rate and parity, and for two meters of one number"


class MeterRefusedError(MeterError):
    """The meter answered with a Modbus exception: it does not know this function or these registers."""

    who_acts = "installer: choose the register map of this meter in the site file"


class MeterUnwellError(MeterError):
    """The meter answered with a Modbus exception: busy, or something in it has failed."""

    who_acts = "technician: the meter itself says that it cannot answer; read its display, then replace it"


class MeterValueError(MeterError):
    """A register holds what no meter can mean: not a number, infinite, or a negative energy."""

    who_acts = "installer: check the register map; technician: replace the meter"
