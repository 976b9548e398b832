"""All words on the display, in Chinese and English. A language without one of them is a type error."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """One language. ``{…}`` are filled in by the layouts."""

    charger: str
    charger_and_connector: str
    connector_only: str
    hotline: str
    offline: str
    starting_title: str
    starting_hint: str
    scan_title: str
    scan_steps: tuple[str, str, str]
    scan_price: str
    scan_unavailable: str
    scan_offline: str
    journey: tuple[str, str, str, str]
    paying_title: str
    paying_hint: str
    preparing_title: str
    preparing_hint: str
    plug_in_title: str
    plug_in_hint: str
    plug_in_left: str
    waiting_title: str
    waiting_hint: str
    charging: str
    power: str
    energy: str
    cost: str
    remaining: str
    remaining_estimated: str
    estimating: str
    elapsed: str
    paid: str
    paid_time: str
    stop_hint: str
    paused_title: str
    paused_hint: str
    held_title: str
    stopping_title: str
    stopping_hint: str
    receipt_title: str
    nothing_title: str
    charged: str
    to_charge: str
    nothing_charged: str
    settled: str
    settling: str
    settling_offline: str
    reason: str
    unplug_hint: str
    fault_title: str
    fault_unknown: str
    fault_advice: str
    fault_remedy: str
    fault_code: str
    fault_bill: str


ZH = Words(
    charger="{label} 号桩",
    charger_and_connector="{label} 号桩 · {evse} 号枪",
    connector_only="{evse} 号枪",
    hotline="客服热线 {number}",
    offline="离线",
    starting_title="正在启动",
    starting_hint="请稍候，马上就好",
    scan_title="扫码充电",
    scan_steps=("扫描二维码", "选择并支付", "插枪充电"),
    scan_price="电价见支付页面",
    scan_unavailable="二维码暂不可用",
    scan_offline="网络已断开，暂停扫码充电",
    journey=("支付", "插枪", "充电", "结算"),
    paying_title="正在支付",
    paying_hint="请在手机上完成支付",
    preparing_title="支付成功",
    preparing_hint="正在解锁充电枪，请稍候",
    plug_in_title="请插枪",
    plug_in_hint="取下充电枪，插入车辆充电口",
    plug_in_left="剩余 {time}",
    waiting_title="正在连接车辆",
    waiting_hint="请勿拔枪，车辆就绪后自动开始",
    charging="充电中",
    power="功率",
    energy="电量",
    cost="费用",
    remaining="剩余时间",
    remaining_estimated="预计剩余",
    estimating="估算中",
    elapsed="充电时长",
    paid="已付 {amount}",
    paid_time="已付 {minutes} 分钟",
    stop_hint="可随时在手机上停止充电",
    paused_title="车辆暂停充电",
    paused_hint="车辆请求后自动恢复",
    held_title="充电暂停",
    stopping_title="正在结束充电",
    stopping_hint="请稍候再拔枪",
    receipt_title="充电结束",
    nothing_title="未充电",
    charged="已扣款",
    to_charge="本次费用",
    nothing_charged="未产生费用",
    settled="已结算",
    settling="结算中…",
    settling_offline="联网后结算",
    reason="结束原因",
    unplug_hint="请拔枪并放回枪座",
    fault_title="暂停服务",
    fault_unknown="设备需要检修",
    fault_advice="请使用其他充电桩，或联系客服",
    fault_remedy="维护提示：{remedy}",
    fault_code="故障代码 {code}",
    fault_bill="本次费用 {amount}",
)

EN = Words(
    charger="Charger {label}",
    charger_and_connector="Charger {label} · Connector {evse}",
    connector_only="Connector {evse}",
    hotline="Help line {number}",
    offline="Offline",
    starting_title="Starting up",
    starting_hint="Ready in a moment",
    scan_title="Scan to charge",
    scan_steps=("Scan the code", "Choose and pay", "Plug in"),
    scan_price="Prices are on the payment page",
    scan_unavailable="QR code not available",
    scan_offline="No network: no payment by phone right now",
    journey=("Pay", "Plug in", "Charge", "Receipt"),
    paying_title="Payment under way",
    paying_hint="Please finish on your phone",
    preparing_title="Payment accepted",
    preparing_hint="Releasing the connector",
    plug_in_title="Plug in",
    plug_in_hint="Connect it to your vehicle",
    plug_in_left="{time} left",
    waiting_title="Connecting",
    waiting_hint="Leave the plug in: charging starts when the vehicle is ready",
    charging="Charging",
    power="Power",
    energy="Energy",
    cost="Cost",
    remaining="Time left",
    remaining_estimated="Time left, about",
    estimating="estimating",
    elapsed="Duration",
    paid="{amount} paid",
    paid_time="{minutes} min paid",
    stop_hint="You can stop at any time on your phone",
    paused_title="Paused by vehicle",
    paused_hint="Goes on when it asks for power",
    held_title="Charging paused",
    stopping_title="Ending the charge",
    stopping_hint="Please wait before you unplug",
    receipt_title="Charge ended",
    nothing_title="Not charged",
    charged="Charged",
    to_charge="To be charged",
    nothing_charged="Nothing to pay",
    settled="Settled",
    settling="Settling...",
    settling_offline="Settles once online",
    reason="Ended because",
    unplug_hint="Unplug and put the connector back",
    fault_title="Out of service",
    fault_unknown="This charger needs service",
    fault_advice="Please use another charger, or call us",
    fault_remedy="For service: {remedy}",
    fault_code="Fault code {code}",
    fault_bill="Your bill: {amount}",
)

NOTES: dict[str, tuple[str, str]] = {
    "TemperatureDerating": ("温度较高，已降低充电功率", "Warm: charging more slowly"),
    "VentilationMissing": ("车辆要求通风，本站不支持", "This vehicle needs ventilation, which is not here"),
    "WakingVehicle": ("正在唤醒车辆", "Waking the vehicle"),
    "WaitingForCurrent": ("其他车辆正在充电，请排队等候", "Others are charging: waiting for a turn"),
}
"""Why charging is slow or does not begin (`CustomerView.note`), as a driver reads it."""

WORDS: dict[Language, Words] = {"zh": ZH, "en": EN}

OTHER_REASON = ("其他原因", "Another reason")

REASONS: dict[str, tuple[str, str]] = {
    "CostLimitReached": ("已达到支付金额", "Paid amount used up"),
    "DeAuthorized": ("支付授权已失效", "The payment was revoked"),
    "EVDisconnected": ("充电枪已拔出", "The plug was pulled"),
    "EmergencyStop": ("急停按钮被按下", "Emergency stop pressed"),
    "EnergyLimitReached": ("已达到购买电量", "Paid energy used up"),
    "GroundFault": ("检测到漏电", "Leakage current detected"),
    "ImmediateReset": ("充电桩重启", "The charger restarted"),
    "Local": ("在充电桩上停止", "Stopped at the charger"),
    "LocalOutOfCredit": ("已达到支付金额", "Paid amount used up"),
    "MasterPass": ("工作人员停止", "Stopped by staff"),
    "MeterSilent": ("电表通信中断", "The meter does not answer"),
    "Other": OTHER_REASON,
    "OvercurrentFault": ("充电电流过大", "The vehicle drew too much current"),
    "PowerLoss": ("供电中断", "Power failure"),
    "PowerQuality": ("电网质量异常", "Poor power quality"),
    "Reboot": ("充电桩重启", "The charger restarted"),
    "Remote": ("在手机上停止", "Stopped on the phone"),
    "ReqEnergyTransferRejected": ("车辆充电方式不支持", "Charging mode not supported"),
    "SOCLimitReached": ("已达到目标电量", "Target battery level reached"),
    "StoppedByEV": ("车辆已充满或停止充电", "The vehicle is full or stopped"),
    "TimeLimitReached": ("已达到购买时长", "Paid time used up"),
    "Timeout": ("超时未插枪", "Not plugged in in time"),
}
"""Why a transaction ended: OCPP 2.1 ReasonEnumType, and the cost limit, for which it has no value."""


def pick(texts: tuple[str, str], language: Language) -> str:
    """Return one of a (zh, en) pair."""
    return texts[0] if language == "zh" else texts[1]
