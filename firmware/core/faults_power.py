"""Faults of the power path: contactor, residual current, supply."""

from firmware.core.fault import ENGINEER, REMOTE, Fault, Text

OPENS: Text = ("立即断开接触器，结束充电", "Opens the contactor at once and ends the charge")
_STAYS_LOCKED: Text = (
    "断开线圈供电，枪锁保持锁止，禁止充电",
    "Takes the coil's supply away, keeps the connector locked, lets nobody charge",
)

ROWS = (
    Fault(
        name="ContactorWelded", severity=0, left_by=ENGINEER,
        ocpp16="PowerSwitchFailure", tech_code="CX017",
        title=("接触器粘连", "Contactor welded"),
        reaction=_STAYS_LOCKED,
        causes=(
            ("主触点熔焊，断开指令后电表仍测到电流",
             "the main contacts are welded: the meter measures current after the coil was switched off"),
            ("线圈驱动电路短路，接触器一直得电", "the coil's driver is shorted, so that the coil stays fed"),
        ),
        remedy=("断开上级断路器，更换接触器，再由工程师清除故障",
                "Switch the upstream breaker off, replace the contactor, then clear the fault on site"),
    ),
    Fault(
        name="ContactorFailedToOpen", severity=0, left_by=ENGINEER,
        ocpp16="PowerSwitchFailure", tech_code="CX017",
        title=("接触器无法断开", "Contactor does not open"),
        reaction=_STAYS_LOCKED,
        causes=(
            ("接触器机械卡滞或主触点熔焊", "the contactor sticks, or its main contacts are welded"),
            ("辅助触点损坏或其接线短路", "the mirror contact is broken or its wiring is shorted"),
        ),
        remedy=("断开上级断路器，检查接触器和辅助触点，再由工程师清除故障",
                "Switch the upstream breaker off, check contactor and mirror, then clear the fault on site"),
    ),
    Fault(
        name="ContactorFailedToClose", severity=1, left_by=REMOTE,
        ocpp16="PowerSwitchFailure", tech_code="CX017",
        title=("接触器无法吸合", "Contactor does not close"),
        reaction=("断开线圈供电，结束充电", "Takes the coil's supply away and ends the charge"),
        causes=(
            ("线圈供电缺失或线圈损坏", "the coil has no supply or is broken"),
            ("辅助触点损坏或其接线断开", "the mirror contact is broken or its wiring is open"),
        ),
        remedy=("检查线圈电压和辅助触点接线，再清除故障",
                "Check the coil's voltage and the mirror contact's wiring, then clear the fault"),
    ),
    Fault(
        name="ResidualCurrent", severity=1, left_by=REMOTE,
        ocpp16="GroundFailure", tech_code="CX002",
        title=("漏电保护动作", "Residual current detected"),
        reaction=OPENS,
        causes=(
            ("车辆或电缆绝缘损坏", "the insulation of the vehicle or the cable is damaged"),
            ("插头进水", "water in the plug"),
            ("充电桩内部绝缘损坏", "the insulation inside the charger is damaged"),
        ),
        remedy=("拔下插头，检查绝缘，再清除故障", "Unplug, check the insulation, then clear the fault"),
    ),
    Fault(
        name="ResidualCurrentSelfTestFailed", severity=1, left_by=ENGINEER,
        ocpp16="GroundFailure",
        title=("漏电保护自检失败", "Residual current self-test failed"),
        reaction=("不吸合接触器，禁止充电", "Leaves the contactor open, lets nobody charge"),
        causes=(
            ("漏电保护模块损坏", "the residual current device is broken"),
            ("自检线或动作反馈线断开", "the test line or the trip line is open"),
            ("模块供电缺失", "the device has no supply"),
        ),
        remedy=("检查模块供电与接线，必要时更换模块，再由工程师清除故障",
                "Check the device's supply and wiring, replace it if need be, then clear the fault on site"),
    ),
    Fault(
        name="OverVoltage", severity=4, ocpp16="OverVoltage", tech_code="CX005",
        title=("电源过压", "Supply voltage too high"),
        reaction=OPENS,
        causes=(
            ("电网电压过高", "the grid's voltage is too high"),
            ("中性线断开或接触不良", "the neutral conductor is open or makes bad contact"),
        ),
        remedy=("测量各相对中性线电压，检查中性线端子",
                "Measure each phase against neutral, check the neutral terminals"),
    ),
    Fault(
        name="UnderVoltage", severity=4, ocpp16="UnderVoltage", tech_code="CX006",
        title=("电源欠压", "Supply voltage too low"),
        reaction=OPENS,
        causes=(
            ("电网电压过低或线路过载", "the grid's voltage is low or the feeder is overloaded"),
            ("进线端子松动", "a terminal of the supply is loose"),
        ),
        remedy=("测量空载与带载电压，检查进线端子",
                "Measure the voltage with and without load, check the supply's terminals"),
    ),
    Fault(
        name="PhaseLoss", severity=4, ocpp16="UnderVoltage",
        title=("电源缺相", "A supply phase is missing"),
        reaction=OPENS,
        causes=(
            ("上级熔断器熔断或断路器缺相", "an upstream fuse has blown, or one pole of the breaker is open"),
            ("进线端子松动", "a terminal of the supply is loose"),
            ("电表电压接线断开", "a voltage lead of the meter is open"),
        ),
        remedy=("检查上级熔断器、断路器和各相端子",
                "Check the upstream fuses, the breaker and each phase's terminal"),
    ),
    Fault(
        name="OverCurrent", severity=4, ocpp16="OverCurrentFailure",
        title=("充电电流超限", "Vehicle draws more than it is offered"),
        reaction=("10 秒后断开接触器，结束充电", "Opens the contactor after 10 s and ends the charge"),
        causes=(
            ("车辆未按控制导引限值充电", "the vehicle does not keep to the pilot's limit"),
            ("电流互感器变比设置错误", "the ratio of the current transformers is set wrong"),
        ),
        remedy=("换一辆车重试；如再次出现，核对电表变比",
                "Try another vehicle; if it comes again, check the meter's ratio"),
    ),
    Fault(
        name="PowerFailing", severity=3, tech_code="CX015",
        title=("市电中断", "Mains supply failed"),
        reaction=("立即断开接触器，保存记录，按设置释放枪锁",
                  "Opens the contactor, keeps the records, releases the plug where it is set up so"),
        causes=(
            ("电网停电", "the grid has failed"),
            ("上级断路器跳闸", "the upstream breaker has tripped"),
        ),
        remedy=("恢复供电；检查上级断路器", "Restore the supply; check the upstream breaker"),
    ),
    Fault(
        name="ChargingStopFailed", severity=1, ocpp16="PowerSwitchFailure",
        title=("停止充电未执行", "Contactor stays closed after the stop"),
        reaction=("撤回充电许可，保持锁止，禁止新的充电",
                  "Keeps its permission withdrawn and the connector locked, lets nobody start"),
        causes=(
            ("联锁进程未执行撤回", "the interlock does not carry the withdrawal out"),
            ("接触器未断开", "the contactor does not open"),
        ),
        remedy=("按下急停；如仍不断开，切断上级断路器",
                "Press the emergency stop; if it stays closed, open the upstream breaker"),
    ),
)  # fmt: skip
