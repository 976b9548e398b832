"""How the receipt looks: a sheet of paper, on a screen and printed."""

STYLE = """
:root{color-scheme:light;--ink:#1c2430;--soft:#667085;--line:#e3e7ee;--accent:#0b7a53}
*{box-sizing:border-box}
body{margin:0;background:#eef1f5;color:var(--ink);
font:15px/1.55 system-ui,"Noto Sans CJK SC","Microsoft YaHei","WenQuanYi Micro Hei",sans-serif}
main{max-width:760px;margin:32px auto;padding:40px 48px;background:#fff;border-radius:14px;
box-shadow:0 1px 3px #1018281a}
header{display:flex;justify-content:space-between;align-items:flex-end;gap:24px;padding-bottom:20px;
border-bottom:3px solid var(--accent)}
h1{margin:0;font-size:30px;line-height:1.2}header p{margin:2px 0 0;color:var(--soft)}
.sum{text-align:right;font-variant-numeric:tabular-nums}.sum b{display:block;font-size:30px;line-height:1.2}
.sum span{color:var(--soft)}
h2{margin:32px 0 8px;font-size:18px}h2 span,h3 span{color:var(--soft);font-weight:400}
h3{margin:18px 0 6px;font-size:15px}
table{width:100%;border-collapse:collapse}tr{border-bottom:1px solid var(--line)}
th{width:42%;padding:8px 12px 8px 0;text-align:left;vertical-align:top;font-weight:400}
i{display:block;color:var(--soft);font-size:12.5px;font-style:normal}
td{padding:8px 0;text-align:right;vertical-align:top;white-space:pre-line;overflow-wrap:anywhere;
font-variant-numeric:tabular-nums}
h2+table tr:last-child{font-weight:700;border-bottom:0}
.tariff{margin:10px 0 0;padding:10px 14px;background:#f5f7fa;border-radius:8px;overflow-wrap:anywhere}
.tariff i{display:inline}.tariff span{margin-right:8px;color:var(--soft)}
ol{padding-left:20px}li{margin-bottom:12px}
pre{margin:6px 0;padding:12px 14px;background:#f5f7fa;border-radius:8px;font:12px/1.5 ui-monospace,monospace;
white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:600px){main{margin:0;padding:24px 18px;border-radius:0}header{display:block}
.sum{margin-top:14px;text-align:left}th{width:38%}}
@media print{body{background:#fff}main{margin:0;padding:0;box-shadow:none;max-width:none}
pre{border:1px solid var(--line)}}
"""
