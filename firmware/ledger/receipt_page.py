"""The receipt as one HTML page that needs nothing else: in Chinese and English, on a screen and on paper."""

from html import escape
from typing import NamedTuple

from firmware.core.entries import CostSummary
from firmware.ledger.account import kwh
from firmware.ledger.export_csv import iso_time
from firmware.ledger.receipt import Receipt
from firmware.ledger.receipt_style import STYLE
from firmware.ledger.record import Moment, Record

CHECK_WITH_OPENSSL = """\
cut -d'|' -f2 end.ocmf | tr -d '\\n' > payload
sed 's/.*"SD":"//; s/".*//' end.ocmf | xxd -r -p > signature
openssl dgst -sha256 -verify public_key_end.pem -signature signature payload"""
CHECK_WITH_PYOCMF = """\
pip install 'pyocmf[all]==0.6.0'
ocmf charge.xml --strict"""

_CLOCKS = {
    "S": ("时钟已同步", "clock synchronised"),
    "I": ("时钟仅供参考", "clock informative only"),
    "U": ("时钟未同步，时间不可计费", "clock not synchronised, time not for billing"),
    "R": ("相对计时", "relative time"),
}


class _Line(NamedTuple):
    """A row of a table: a label in both languages and a value."""

    chinese: str
    english: str
    value: str


_BOUNDS = {
    "MinCost": _Line("最低消费", "Minimum charge", "✓"),
    "MaxCost": _Line("费用上限", "Limit of what was agreed", "✓"),
}


def page(receipt: Receipt) -> str:
    """Return the page. Whatever came from a backend or a driver is text in it, never markup."""
    begin, end = receipt.begin, receipt.end
    return f"""<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>充电凭证 Charging receipt {escape(begin.transaction_id)}</title>
<style>{STYLE}</style></head><body><main>
<header><div><h1>充电凭证</h1><p lang="en">Charging receipt</p></div>
<div class="sum"><b>{_billed(receipt)}</b>
<span>{kwh(end.register_dwh - begin.begin_dwh)} kWh</span></div></header>
{_table(_facts(receipt))}
<h2>费用 <span lang="en">Cost</span></h2>
{_table(_bill_lines(receipt))}
<p class="tariff"><span>电价 <i lang="en">Tariff</i></span> {escape(receipt.tariff_text)}</p>
<h2>如何验证 <span lang="en">How to check it</span></h2>
{_how_to_check()}
<h2>签名记录 <span lang="en">Sealed records</span></h2>
{_sealed("起始", "Begin", receipt.texts[0])}
{_sealed("结束", "End", receipt.texts[-1])}
{_keys(receipt)}
</main></body></html>
"""


def _billed(receipt: Receipt) -> str:
    if receipt.ended is None:
        return f"{kwh(receipt.end.cost_e4)} {escape(receipt.end.currency)}"
    minor = receipt.ended.cost.total_minor
    return f"{minor // 100}.{minor % 100:02d} {escape(receipt.end.currency)}"


def _facts(receipt: Receipt) -> list[_Line]:
    begin, end = receipt.begin, receipt.end
    meter = " ".join(part for part in begin.meter[:2] if part)
    return [
        _Line("充电桩", "Charging point", begin.evse),
        _Line("电能表", "Meter", f"{meter}, {begin.meter[2]}"),
        _Line("表码分辨力", "Register resolution", f"{begin.resolution_wh} Wh"),
        _Line("交易号", "Transaction", begin.transaction_id),
        _Line("用户标识", "Driver", begin.driver or "–"),
        _Line("开始", "Begin", _reading(begin)),
        _Line("结束", "End", _reading(end)),
        _Line("电量", "Energy", f"{kwh(end.register_dwh - begin.begin_dwh)} kWh"),
        _Line("充电时长", "Charging time", _duration(end.charging_ms)),
        _Line("占用时长", "Idle time", _duration(end.idle_ms)),
        *([_Line("备注", "Remarks", ", ".join(end.flags))] if end.flags else []),
    ]


def _reading(record: Record) -> str:
    return f"{_time(record.at)}\n{kwh(record.register_dwh)} kWh\n{' · '.join(_CLOCKS[record.at.status])}"


def _time(at: Moment) -> str:
    day, _, clock = iso_time(at).partition("T")
    return f"{day} {clock[:8]} UTC{clock[12:]}"


def _duration(ms: int) -> str:
    hours, seconds = divmod(ms // 1000, 3600)
    return f"{hours}:{seconds // 60:02d}:{seconds % 60:02d}"


def _bill_lines(receipt: Receipt) -> list[_Line]:
    currency = receipt.end.currency
    sealed = _Line(
        "合计（含税，签名记录）", "Total with tax, as sealed", f"{kwh(receipt.end.cost_e4)} {currency}"
    )
    if receipt.ended is None:
        return [sealed]
    cost = receipt.ended.cost
    parts = [
        _Line(chinese, english, f"{kwh(part_e4)} {currency}")
        for chinese, english, part_e4 in _parts(cost)
        if part_e4
    ]
    tax_e4 = cost.total_e4 - cost.total_excl_tax_e4
    return [
        *parts,
        *([_BOUNDS[cost.kind]] if cost.kind in _BOUNDS else []),
        *([_Line("其中税额", "Tax within the total", f"{kwh(tax_e4)} {currency}")] if tax_e4 else []),
        sealed,
        _Line("应付金额", "Amount due", _billed(receipt)),
    ]


def _parts(cost: CostSummary) -> tuple[tuple[str, str, int], ...]:
    return (
        ("电费（不含服务费）", "Electricity, without tax", cost.energy_cost_e4 - cost.service_cost_e4),
        ("服务费", "Service fee, without tax", cost.service_cost_e4),
        ("充电时间费", "Charging time, without tax", cost.charging_time_cost_e4),
        ("占位费", "Idle time, without tax", cost.idle_time_cost_e4),
        ("固定费用", "Fixed fee, without tax", cost.fixed_cost_e4),
    )


def _table(lines: list[_Line]) -> str:
    rows = "".join(
        f'<tr><th>{line.chinese}<i lang="en">{line.english}</i></th><td>{escape(line.value)}</td></tr>\n'
        for line in lines
    )
    return f"<table>{rows}</table>"


def _how_to_check() -> str:
    return f"""<ol>
<li>用透明软件打开 charge.xml，并将其中的公钥与充电桩铭牌或运营商公布的公钥比对。
<i lang="en">Open charge.xml with the S.A.F.E. transparency software (transparenz.software) and compare the
public key with the one on the station's plate or in its operator's register. A key from the same hand as the
records proves nothing.</i></li>
<li>或使用独立工具。<i lang="en">Or with a tool that the operator did not write:</i>
<pre>{escape(CHECK_WITH_PYOCMF)}</pre></li>
<li>或仅用 OpenSSL。<i lang="en">Or with OpenSSL alone; begin.ocmf likewise, with public_key_begin.pem:</i>
<pre>{escape(CHECK_WITH_OPENSSL)}</pre></li>
<li>电量为两次表码之差；records.ocmf 含全部分钟记录。<i lang="en">The energy is the difference of the two
registers (RV), the cost is UC of the end record; records.ocmf has every record between.</i></li></ol>"""


def _sealed(chinese: str, english: str, text: bytes) -> str:
    return f'<h3>{chinese} <span lang="en">{english}</span></h3><pre>{escape(text.decode())}</pre>'


def _keys(receipt: Receipt) -> str:
    keys = dict.fromkeys(key.hex() for key in receipt.keys_der)
    return (
        '<h3>公钥 <span lang="en">Public key (DER SubjectPublicKeyInfo, hex)</span></h3>'
        f"<pre>{'<br>'.join(keys)}</pre>"
    )
