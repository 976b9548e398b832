"""Faults of the station around the power path: stop button, door, heat, board, records, link."""

from firmware.core.fault import Fault, Text
from firmware.core.faults_power import OPENS

_ENDS: Text = ("撤回充电许可，结束充电", "Takes its permission back and ends the charge")

ROWS = (
    Fault(
        name="EmergencyStop", severity=1, tech_code="CX008",
        title=("急停已按下", "Emergency stop pressed"),
        reaction=("立即断开接触器，结束充电，按设置释放枪锁",
                  "Opens the contactor, ends the charge, releases the plug where it is set up so"),
        causes=(
            ("有人按下了急停按钮", "somebody pressed the button"),
            ("急停回路断线或端子松动", "the stop loop is broken or a terminal is loose"),
        ),
        remedy=("确认现场安全后，旋转急停按钮复位",
                "Make sure that it is safe, then turn the button to release it"),
    ),
    Fault(
        name="DoorOpen", severity=3,
        title=("柜门打开", "Cabinet door open"),
        reaction=OPENS,
        causes=(
            ("柜门未关好", "the door is not shut"),
            ("有人撬动柜门", "somebody has forced the door"),
            ("门磁开关或接线损坏", "the door switch or its wiring is broken"),
        ),
        remedy=("查看现场，关好柜门；检查门磁开关",
                "Look at the charger, shut the door; check the door switch"),
    ),
    Fault(
        # Met on a charger that derates first: its line ends at no current.
        name="OverTemperature", severity=2, ocpp16="HighTemperature", tech_code="CX003",
        title=("温度过高", "Too hot"),
        reaction=("先降低电流，仍过热则断开接触器，冷却后恢复",
                  "Lowers the current first, then opens the contactor; goes on when it has cooled down"),
        causes=(
            ("通风受阻或环境温度过高", "the air flow is blocked, or it is very hot outside"),
            ("接线端子松动发热", "a loose terminal heats up"),
        ),
        remedy=("等待冷却；检查通风和接线端子力矩",
                "Let it cool down; check the air flow and the terminals' torque"),
    ),
    Fault(
        name="TemperatureSensorFault", severity=4, ocpp16="InternalError",
        title=("温度传感器异常", "Temperature sensor gives no value"),
        reaction=OPENS,
        causes=(
            ("传感器断线或短路", "the sensor is open or shorted"),
            ("传感器插头松动", "the sensor's connector is loose"),
        ),
        remedy=("检查传感器接线，必要时更换", "Check the sensor's wiring, replace it if need be"),
    ),
    Fault(
        name="BoardLost", severity=2, ocpp16="InternalError",
        title=("控制板无响应", "Control board does not answer"),
        reaction=("输出落到安全状态：接触器断开；每秒重连",
                  "Outputs fall to safe, the contactor opens; the board is tried again each second"),
        causes=(
            ("控制板断电", "the board has no supply"),
            ("控制板连接线松动", "the connection to the board is loose"),
        ),
        remedy=("检查控制板电源和连接线", "Check the board's supply and its connection"),
    ),
    Fault(
        name="InterlockLost", severity=2, ocpp16="InternalError",
        title=("安全联锁进程无响应", "Interlock process does not answer"),
        reaction=("输出落到安全状态，结束充电，重新启动联锁进程",
                  "Outputs fall to safe, the charge ends, the process is started again"),
        causes=(
            ("联锁进程正在重新启动", "the process is being started again"),
            ("控制器过载", "the controller is overloaded"),
        ),
        remedy=("稍候；如持续出现，重启控制器并联系厂家",
                "Wait a moment; if it stays, restart the controller and call the manufacturer"),
    ),
    Fault(
        name="LedgerFailed", severity=2, ocpp16="InternalError",
        title=("计费记录无法保存", "Usage records cannot be stored"),
        reaction=_ENDS,
        causes=(
            ("存储空间已满", "the storage is full"),
            ("存储介质损坏或变为只读", "the storage is damaged or has become read-only"),
            ("签名密钥的令牌无响应", "the token that the signing key is on does not answer"),
        ),
        remedy=("检查存储空间和密钥令牌；更换存储介质前先导出记录",
                "Check free space and the key's token; export the records before the storage is replaced"),
    ),
    Fault(
        name="BackendUnreachable", severity=6, blocks=False, ocpp16="OtherError",
        title=("后台连接中断", "Backend cannot be reached"),
        reaction=("继续当前充电，记录保存在本地，联网后上传",
                  "Lets a charge go on, keeps its records and sends them once it is back"),
        causes=(
            ("网络中断或信号弱", "the network is down or the signal is weak"),
            ("后台停机或拒绝连接", "the backend is down or refuses the connection"),
            ("后台地址或密码设置错误", "the backend's address or password is wrong"),
        ),
        remedy=("检查网络和后台地址；无需现场清除",
                "Check the network and the backend's address; nothing is to be cleared on site"),
    ),
)  # fmt: skip
