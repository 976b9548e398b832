"""The fault catalogue: what can go wrong, what the charger does, and what a person does about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One row. ``severity`` is OCPP's (0 danger … 9 debug). ``tech_code`` is the CharIN MREC code that means
    just this (inl.gov/chargex/mrec), "" where none does.

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


_ROWS = (
    Fault(
        "EmergencyStop", 1, False, True, "CX008",
        ("急停已按下", "Emergency stop pressed"),
        (
            ("有人按下了急停按钮", "somebody pressed the button"),
            ("急停回路断线或端子松动", "the stop loop is broken or a terminal is loose"),
        ),
        ("确认现场安全后，旋转急停按钮复位", "Make sure that it is safe, then turn the button to release it"),
    ),
    Fault(
        "ContactorWelded", 1, True, True, "CX017",
        ("接触器粘连", "Contactor does not open"),
        (
            ("主触点熔焊", "the main contacts are welded"),
            ("辅助触点或接线故障", "the mirror contact or its wiring is faulty"),
        ),
        ("断开上级断路器，更换接触器，然后由工程师清除故障",
         "Switch the upstream breaker off, replace the contactor, then have an engineer clear the fault"),
    ),
    Fault(
        "ContactorFailedToClose", 2, True, True, "CX017",
        ("接触器无法吸合", "Contactor does not close"),
        (
            ("线圈供电缺失或线圈损坏", "the coil has no supply or is broken"),
            ("辅助触点或接线故障", "the mirror contact or its wiring is faulty"),
        ),
        ("检查线圈电压和辅助触点接线，然后由工程师清除故障",
         "Check the coil's voltage and the mirror contact's wiring, then have an engineer clear the fault"),
    ),
    Fault(
        "ConnectorLockFailure", 3, True, True, "CX001",
        ("枪锁故障", "Connector lock does not move"),
        (
            ("插头没有完全插入", "the plug is not fully inserted"),
            ("锁舌被异物卡住", "something blocks the bolt"),
            ("锁电机或反馈开关损坏", "the lock motor or its feedback switch is broken"),
        ),
        ("重新插好插头，检查锁舌，然后由工程师清除故障",
         "Insert the plug again, check the bolt, then have an engineer clear the fault"),
    ),
    Fault(
        "PilotFault", 3, False, True, "CX014",
        ("控制导引异常", "Control pilot out of range"),
        (
            ("车辆或电缆的控制导引短路", "the pilot is shorted in the vehicle or the cable"),
            ("控制导引电路损坏", "the pilot circuit is broken"),
        ),
        ("拔下插头；如仍报警，更换电缆或控制板",
         "Unplug; if the fault stays, replace the cable or the control board"),
    ),
    Fault(
        "DiodeFault", 3, True, True, "",
        ("车辆二极管检测失败", "Vehicle's pilot diode not found"),
        (
            ("插头浸水或有异物", "water or dirt in the plug"),
            ("接入的不是电动汽车", "what is plugged in is no vehicle"),
        ),
        ("拔下插头，清洁并擦干，然后由工程师清除故障",
         "Unplug, clean and dry the plug, then have an engineer clear the fault"),
    ),
    Fault(
        "ResidualCurrent", 1, True, True, "CX002",
        ("漏电保护动作", "Residual current detected"),
        (
            ("车辆或电缆绝缘损坏", "the insulation of the vehicle or the cable is damaged"),
            ("插头进水", "water in the plug"),
        ),
        ("拔下插头，检查绝缘，然后由工程师清除故障",
         "Unplug, check the insulation, then have an engineer clear the fault"),
    ),
    Fault(
        "BoardLost", 2, False, True, "",
        ("控制板无响应", "Control board does not answer"),
        (
            ("控制板断电", "the board has no supply"),
            ("控制板连接线松动", "the connection to the board is loose"),
        ),
        ("检查控制板电源和连接线", "Check the board's supply and its connection"),
    ),
    Fault(
        "OverTemperature", 2, False, True, "",
        ("温度过高", "Too hot"),
        (
            ("通风受阻", "the air flow is blocked"),
            ("接线端子松动发热", "a loose terminal heats up"),
        ),
        ("等待冷却；检查通风和接线端子", "Let it cool down; check ventilation and terminals"),
    ),
    Fault(
        "MeterSilent", 2, False, True, "",
        ("电表无响应", "Energy meter does not answer"),
        (
            ("RS-485 接线松动或 A、B 接反", "the RS-485 line is loose, or A and B are swapped"),
            ("电表断电", "the meter has no supply"),
            ("波特率、校验或站号设置不符", "baud rate, parity or unit number do not match"),
        ),
        ("检查电表供电、RS-485 接线和通信参数",
         "Check the meter's supply, the RS-485 line and its settings"),
    ),
    Fault(
        "MeterImplausible", 2, False, True, "",
        ("电表读数异常", "Energy meter's reading is implausible"),
        (
            ("电表已更换或清零", "the meter was exchanged or reset"),
            ("同一总线上有站号相同的电表", "two meters on the line have the same unit number"),
        ),
        ("核对电表型号、序列号和站号", "Check the meter's model, serial number and unit number"),
    ),
    Fault(
        "InterlockLost", 1, False, True, "",
        ("安全联锁进程无响应", "Interlock process does not answer"),
        (
            ("联锁进程正在重新启动", "the process is being started again"),
            ("控制器过载", "the controller is overloaded"),
        ),
        ("稍候；如持续出现，重启控制器并联系厂家",
         "Wait a moment; if it stays, restart the controller and call the manufacturer"),
    ),
    Fault(
        "LedgerFailed", 2, True, True, "",
        ("计费记录无法保存", "Usage records cannot be stored"),
        (
            ("存储空间已满", "the storage is full"),
            ("存储介质损坏或变为只读", "the storage is damaged or has become read-only"),
        ),
        ("检查存储空间；更换存储介质前先导出记录",
         "Check the free space; export the records before the storage is replaced"),
    ),
)  # fmt: skip

CATALOGUE = {fault.name: fault for fault in _ROWS}
"""Every fault by name, in no particular order of rank."""
