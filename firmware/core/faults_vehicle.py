"""Faults between charger and vehicle: plug, cable, lock, control pilot, proximity."""

from firmware.core.fault import ANYONE, Fault
from firmware.core.faults_power import OPENS

ROWS = (
    Fault(
        name="ConnectorLockFailure", severity=3, left_by=ANYONE,
        ocpp16="ConnectorLockFailure", tech_code="CX001",
        title=("枪锁故障", "Connector lock does not move"),
        reaction=("尝试三次后停止，不吸合接触器", "Gives up after three tries, leaves the contactor open"),
        causes=(
            ("插头没有完全插入", "the plug is not fully inserted"),
            ("锁舌被异物卡住", "something blocks the bolt"),
            ("锁电机或反馈开关损坏", "the lock motor or its feedback switch is broken"),
        ),
        remedy=("重新插好插头，检查锁舌；拔枪或清除故障后恢复",
                "Insert the plug again, check the bolt; unplugging or clearing the fault ends it"),
    ),
    Fault(
        name="PilotFault", severity=3, ocpp16="EVCommunicationError", tech_code="CX014",
        title=("控制导引异常", "Control pilot out of range"),
        reaction=OPENS,
        causes=(
            ("车辆或电缆的控制导引短路", "the pilot is shorted in the vehicle or the cable"),
            ("控制导引电路损坏", "the pilot circuit is broken"),
        ),
        remedy=("拔下插头；如仍报警，更换电缆或控制板",
                "Unplug; if the fault stays, replace the cable or the control board"),
    ),
    Fault(
        name="DiodeFault", severity=3, left_by=ANYONE, ocpp16="EVCommunicationError",
        title=("车辆二极管检测失败", "Vehicle's pilot diode not found"),
        reaction=OPENS,
        causes=(
            ("插头浸水或有异物", "water or dirt in the plug"),
            ("车辆控制导引二极管短路", "the pilot diode in the vehicle is shorted"),
            ("接入的不是电动汽车", "what is plugged in is no vehicle"),
        ),
        remedy=("拔下插头，清洁并擦干；拔枪后恢复",
                "Unplug, clean and dry the plug; unplugging ends the fault"),
    ),
    Fault(
        name="ProximityFault", severity=4, tech_code="CX023",
        title=("电缆识别异常", "Cable's proximity code not valid"),
        reaction=OPENS,
        causes=(
            ("插头没有完全插入", "the plug is not fully inserted"),
            ("电缆编码电阻损坏或触点脏污", "the cable's coding resistor is broken or its contact is dirty"),
            ("插座接线断开", "the socket's wiring is open"),
        ),
        remedy=("重新插好插头或换一根电缆；检查插座触点",
                "Insert the plug again or try another cable; check the socket's contact"),
    ),
)  # fmt: skip
