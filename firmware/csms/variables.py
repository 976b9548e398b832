"""The table of device-model variables (OCPP 2.1 part 2, appendix 3) with their first values."""

from collections.abc import Iterable, Iterator

from config.schema import Site
from firmware.core.entries import SettingStored
from firmware.csms.device_model import DeviceModel, Variable
from firmware.csms.messages import Identity

_REGISTER = "Energy.Active.Import.Register"
_MEASURANDS = (_REGISTER, "Power.Active.Import")
_LIMITS = ("MaxCost", "MaxEnergy", "MaxTime")
_TX_POINTS = (
    "ParkingBayOccupancy",
    "EVConnected",
    "Authorized",
    "DataSigned",
    "PowerPathClosed",
    "EnergyTransfer",
)
_STATES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")


def for_station(
    site: Site, identity: Identity, public_key_der: bytes, stored: Iterable[SettingStored] = ()
) -> DeviceModel:
    """Return the device model of a site, with what the backend set before on top."""
    model = DeviceModel(
        [
            *_station(site, identity),
            *_settings(site),
            *_fixed(site.transactions.record_every_s),
            *_evses(site, public_key_der),
        ]
    )
    for setting in stored:
        model.put(setting.component, setting.variable, setting.value)
    return model


def _station(site: Site, identity: Identity) -> Iterator[Variable]:
    yield Variable("ChargingStation", "AvailabilityState", "Available", "OptionList", choices=_STATES)
    yield Variable("ChargingStation", "Available", "true", "boolean")
    yield Variable("ChargingStation", "Model", identity.model)
    yield Variable("ChargingStation", "VendorName", identity.vendor)
    yield Variable("ChargingStation", "SerialNumber", identity.serial)
    yield Variable("ChargingStation", "FirmwareVersion", identity.firmware_version)
    yield Variable("SecurityCtrlr", "Identity", site.station.id)
    yield Variable("SecurityCtrlr", "OrganizationName", site.operator.name)
    profile = 2 if site.csms.url.startswith("wss:") else 1
    yield Variable("SecurityCtrlr", "SecurityProfile", str(profile), "integer", minimum=0, maximum=3)
    timeout_s = str(site.csms.call_timeout_s)
    yield Variable("OCPPCommCtrlr", "MessageTimeout[Default]", timeout_s, "integer", unit="s")
    yield Variable("ClockCtrlr", "DateTime", "", "dateTime")
    yield Variable("ClockCtrlr", "TimeSource", "NTP", "SequenceList", choices=("NTP", "Heartbeat"))
    yield Variable("ClockCtrlr", "TimeZone", site.time_zone)


def _settings(site: Site) -> Iterator[Variable]:
    """Variables that the backend may set."""
    web, transactions = site.web_payments, site.transactions
    yield Variable("WebPaymentsCtrlr", "Enabled", "true", "boolean", "ReadWrite")
    yield Variable(
        "WebPaymentsCtrlr", "URLTemplate", web.url_template, "string", "ReadWrite", minimum=1, maximum=500
    )
    yield _whole("WebPaymentsCtrlr", "ValidityTime", web.validity_s, "s", 6, 3600)
    yield _whole("WebPaymentsCtrlr", "Length", web.length, "", 6, 32)
    yield Variable("WebPaymentsCtrlr", "SharedSecret", "", "string", "WriteOnly", minimum=8, maximum=255)
    yield _whole("OCPPCommCtrlr", "HeartbeatInterval", 300, "s", 1, 86_400)
    yield _whole("OCPPCommCtrlr", "MessageAttempts[TransactionEvent]", 3, "", 1, 100)
    yield _whole("OCPPCommCtrlr", "MessageAttemptInterval[TransactionEvent]", 10, "s", 0, 3600)
    yield Variable(
        "TxCtrlr", "EVConnectionTimeOut", str(transactions.connection_timeout_s), "integer", unit="s"
    )


def _fixed(record_every_s: int) -> Iterator[Variable]:
    """What this station is built to do."""
    yield Variable("WebPaymentsCtrlr", "TOTPVersion", "v1", "OptionList", choices=("v1",))
    yield Variable("WebPaymentsCtrlr", "QRCodeQuality", "M", "OptionList", choices=("L", "M", "Q", "H"))
    yield Variable("TxCtrlr", "SupportedLimits", ",".join(_LIMITS), "MemberList", choices=_LIMITS)
    yield Variable("TxCtrlr", "TxStartPoint", "Authorized", "MemberList", choices=_TX_POINTS)
    yield Variable("TxCtrlr", "TxStopPoint", "Authorized,EVConnected", "MemberList", choices=_TX_POINTS)
    yield Variable("TxCtrlr", "TxBeforeAcceptedEnabled", "false", "boolean")
    yield Variable("TxCtrlr", "StopTxOnInvalidId", "true", "boolean")
    yield Variable("TxCtrlr", "StopTxOnEVSideDisconnect", "true", "boolean")
    yield Variable("AuthCtrlr", "Enabled", "true", "boolean")
    yield Variable("AuthCtrlr", "AuthorizeRemoteStart", "false", "boolean")
    yield Variable("AuthCtrlr", "LocalAuthorizeOffline", "false", "boolean")
    yield Variable("AuthCtrlr", "LocalPreAuthorize", "false", "boolean")
    yield from _sampled_data(record_every_s)
    yield from _tariff_and_cost()
    yield Variable("OCPPCommCtrlr", "QueueAllMessages", "true", "boolean")
    yield Variable("OCPPCommCtrlr", "OfflineThreshold", "0", "integer", unit="s")
    yield Variable("OCPPCommCtrlr", "RetryBackOffWaitMinimum", "1", "integer", unit="s")
    yield Variable("OCPPCommCtrlr", "RetryBackOffRepeatTimes", "6", "integer")
    yield Variable("OCPPCommCtrlr", "RetryBackOffRandomRange", "30", "integer", unit="s")
    yield Variable("DeviceDataCtrlr", "ItemsPerMessage[GetVariables]", "50", "integer")
    yield Variable("DeviceDataCtrlr", "ItemsPerMessage[SetVariables]", "50", "integer")
    yield Variable("DeviceDataCtrlr", "BytesPerMessage[GetVariables]", "65536", "integer")
    yield Variable("DeviceDataCtrlr", "BytesPerMessage[SetVariables]", "65536", "integer")


def _sampled_data(record_every_s: int) -> Iterator[Variable]:
    yield Variable("SampledDataCtrlr", "Enabled", "true", "boolean")
    yield Variable("SampledDataCtrlr", "SignReadings", "true", "boolean")
    yield Variable("SampledDataCtrlr", "SignStartedReadings", "true", "boolean")
    yield Variable("SampledDataCtrlr", "SignUpdatedReadings", "true", "boolean")
    yield Variable("SampledDataCtrlr", "TxStartedMeasurands", _REGISTER, "MemberList", choices=_MEASURANDS)
    yield Variable(
        "SampledDataCtrlr", "TxUpdatedMeasurands", ",".join(_MEASURANDS), "MemberList", choices=_MEASURANDS
    )
    yield Variable("SampledDataCtrlr", "TxEndedMeasurands", _REGISTER, "MemberList", choices=_MEASURANDS)
    yield Variable("SampledDataCtrlr", "TxUpdatedInterval", str(record_every_s), "integer", unit="s")
    yield Variable("SampledDataCtrlr", "TxEndedInterval", "0", "integer", unit="s")
    yield Variable("AlignedDataCtrlr", "Enabled", "false", "boolean")
    yield Variable("AlignedDataCtrlr", "SignReadings", "false", "boolean")
    choices = ("Never", "OncePerTransaction", "EveryMeterValue")
    name = "PublicKeyWithSignedMeterValue"
    yield Variable("OCPPCommCtrlr", name, "OncePerTransaction", "OptionList", choices=choices)


def _tariff_and_cost() -> Iterator[Variable]:
    for instance in ("Tariff", "Cost"):
        yield Variable("TariffCostCtrlr", f"Available[{instance}]", "true", "boolean")
        yield Variable("TariffCostCtrlr", f"Enabled[{instance}]", "true", "boolean")
    yield Variable("TariffCostCtrlr", "MaxElements[Tariff]", "96", "integer")
    yield Variable("TariffCostCtrlr", "ConditionsSupported[Tariff]", "true", "boolean")


def _evses(site: Site, public_key_der: bytes) -> Iterator[Variable]:
    for evse in site.evse:
        yield Variable("EVSE", "AvailabilityState", "Available", "OptionList", evse=evse.id, choices=_STATES)
        yield Variable("EVSE", "Available", "true", "boolean", evse=evse.id)
        yield Variable("EVSE", "SupplyPhases", str(evse.phases), "integer", evse=evse.id)
        yield Variable("EVSE", "PhaseRotation", evse.phase_rotation, evse=evse.id)
        yield Variable("EVSE", "AllowReset", "true", "boolean", evse=evse.id)
        yield Variable("PowerContactor", "Count", "0", "integer", evse=evse.id)
        yield Variable("FiscalMetering", "PublicKey", public_key_der.hex(), evse=evse.id)


def _whole(component: str, name: str, value: int, unit: str, low: int, high: int) -> Variable:
    return Variable(component, name, str(value), "integer", "ReadWrite", unit=unit, minimum=low, maximum=high)
