"""What a check finds: one part of the board, whether it is as the file says, and what there is to say."""

from collections.abc import Sequence
from typing import NamedTuple, TextIO


class Finding(NamedTuple):
    """``where`` is the key of the board file, such as ``inputs."evse1.contactor_mirror"``."""

    where: str
    ok: bool
    text: str


def told(findings: Sequence[Finding], out: TextIO) -> str:
    """Write the findings as an aligned table; return their sum in words."""
    fine, wrong = marks(out)
    width = max((len(finding.where) for finding in findings), default=0)
    for finding in findings:
        out.write(f"{fine if finding.ok else wrong} {finding.where:{width}}  {finding.text}\n")
    bad = sum(not finding.ok for finding in findings)
    if not bad:
        return f"all {len(findings)} parts are as the file says"
    return f"{bad} of {len(findings)} parts {'is' if bad == 1 else 'are'} not as the file says"


def marks(out: TextIO) -> tuple[str, str]:
    """Return a tick and a cross, or words where the terminal cannot show them."""
    try:
        "✓✗".encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "ok", "NO"
    return "✓", "✗"
