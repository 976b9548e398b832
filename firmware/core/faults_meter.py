"""Faults of the energy meter: what it says cannot be billed. None of them ever puts a value in its place."""

from firmware.core.fault import ENGINEER, REMOTE, Fault, Text

_LAST: Text = (
    "结束充电，按最后一次可信读数计费",
    "Ends the charge and bills it by the last reading it believed",
)

ROWS = (
    Fault(
        name="MeterSilent", severity=2, ocpp16="PowerMeterFailure",
        title=("电表无响应", "Energy meter does not answer"),
        reaction=("结束充电，按最后一次有效读数计费",
                  "Ends the charge and bills it by the last good reading"),
        causes=(
            ("RS-485 接线松动或 A、B 接反", "the RS-485 line is loose, or A and B are swapped"),
            ("电表断电", "the meter has no supply"),
            ("波特率、校验或站号设置不符", "baud rate, parity or unit number do not match"),
        ),
        remedy=("检查电表供电、RS-485 接线和通信参数",
                "Check the meter's supply, the RS-485 line and its settings"),
    ),
    Fault(
        # One wild reading is passed over and flagged; this is the second one within ten minutes.
        name="MeterImplausible", severity=2, ocpp16="PowerMeterFailure",
        title=("电表读数异常", "Energy meter's reading is implausible"),
        reaction=_LAST,
        causes=(
            ("同一总线上有站号相同的电表", "two meters on the line have the same unit number"),
            ("电表型号或寄存器表设置不符", "the meter is not of the model whose register map is set"),
            ("电表已清零", "the meter was reset"),
        ),
        remedy=("核对电表型号、序列号和站号；读数恢复可信一分钟后自动恢复",
                "Check the meter's model, serial and unit number; a minute of good readings ends it"),
    ),
    Fault(
        name="MeterFrozen", severity=2, left_by=REMOTE, ocpp16="PowerMeterFailure",
        title=("电表读数不变", "Energy meter stands still while energy flows"),
        reaction=_LAST,
        causes=(
            ("串口网关反复发送旧数据", "a gateway repeats what it read of a dead meter"),
            ("电表计量部分损坏", "the meter measures power but counts no energy"),
            ("电流方向接反", "the meter's current leads are reversed"),
        ),
        remedy=("充电时观察电表读数是否走字，检查网关和接线，再清除故障",
                "See whether the meter counts under load, check gateway and leads, then clear the fault"),
    ),
    Fault(
        name="MeterExchanged", severity=2, left_by=ENGINEER, ocpp16="PowerMeterFailure",
        title=("电表已更换或清零", "Energy meter exchanged or reset"),
        reaction=("充电中则结束，按原电表最后一次可信读数计费；禁止新的充电",
                  "Ends a charge by the old meter's last believed reading; lets nobody start"),
        causes=(
            ("电表已更换，设置文件中仍是原表号", "the meter was exchanged, the site file names the old one"),
            ("总线上另一块电表占用了该站号", "another meter on the line has taken its unit number"),
            ("电表数据丢失，读数变小", "the meter has lost its memory: its register is below a record's"),
        ),
        remedy=("核对电表序列号和读数，更正设置文件中的表号，再由工程师清除故障",
                "Compare serial and register, correct the site file, then clear the fault on site"),
    ),
    Fault(
        name="MeterRolledOver", severity=5, ocpp16="PowerMeterFailure",
        title=("电表读数翻转归零", "Energy meter's register began at 0 again"),
        reaction=("结束充电，按归零前最后一次读数计费；随后可重新开始",
                  "Ends the charge by the last reading before; the next one can start at once"),
        causes=(
            ("电表计满量程", "the register has reached its last digit, once in a meter's life"),
            ("寄存器表中的量程设置错误", "the register map's rollover is set wrong"),
        ),
        remedy=("无需处理；重新扫码即可充电", "Nothing is to be done; the driver can start again"),
    ),
    Fault(
        name="EnergyWhileOpen", severity=2, left_by=REMOTE, ocpp16="PowerMeterFailure",
        title=("接触器断开时电表仍计量", "Energy counted while the contactor is open"),
        reaction=("结束充电，只计接触器断开前的电量；禁止新的充电",
                  "Ends a charge, bills what was counted before the contactor opened; lets nobody start"),
        causes=(
            ("电表后接有其他负载", "another load is wired behind the meter"),
            ("接触器出线漏电", "current leaks behind the meter"),
            ("辅助触点误报断开", "the mirror contact says open, and the contacts are closed"),
        ),
        remedy=("断开上级断路器，检查电表后的接线和接触器，再清除故障",
                "Open the upstream breaker, check contactor and wiring, then clear the fault"),
    ),
    Fault(
        # A meter that signs by itself; where the site demands its seal, no energy flows without it.
        name="MeterSealMissing", severity=4, blocks=False, ocpp16="PowerMeterFailure",
        title=("电表签名缺失", "Energy meter's own signed record is missing"),
        reaction=("按本机签名记录计费并标注；站点要求电表签名时结束充电",
                  "Bills by the charger's own sealed records and flags them; ends the charge where the site"
                  " demands the meter's seal"),
        causes=(
            ("电表未响应签名命令或超时", "the meter did not answer, or took too long to sign"),
            ("电表时钟或密钥错误", "the meter's clock or key is in error (see its display)"),
            ("寄存器表中的签名方式与电表不符", "the register map names another signing meter"),
        ),
        remedy=("查看电表显示的错误代码；下一次签名成功后自动恢复，持续出现则更换电表",
                "Read the error on the meter's display; the next seal ends it, else exchange the meter"),
    ),
)  # fmt: skip
