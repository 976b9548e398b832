"""Verifiers of OCMF that were not written here: PyPI's pyocmf and npm's @road-labs/ocmf."""

import json
from collections.abc import Sequence
from typing import Any

from pyocmf import OCMF
from pyocmf.exceptions import PyOCMFError

from tests.support.node import run_node


def pyocmf_accepts(text: str, key_hex: str) -> bool:
    """Say whether pyocmf takes a text, strict, and finds its signature good."""
    try:
        return OCMF.from_string(text, strict=True).verify_signature(key_hex)
    except PyOCMFError:
        return False


def objections(begin: str, end: str, key_hex: str) -> list[str]:
    """Return what pyocmf objects to in a begin/end pair: the codes of its legal checks."""
    records = [OCMF.from_string(text, strict=True) for text in (begin, end)]
    verdicts = [records[0].verify(key_hex, other=records[1]), records[1].verify(key_hex)]
    if not all(held for held, _ in verdicts):
        return ["SIGNATURE"]
    return sorted({str(issue.code) for _, issues in verdicts for issue in issues})


def road_labs(texts: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return what road-labs' library finds of each text and key (hex); skipped by name without node."""
    lines = "".join(json.dumps({"text": text, "key": key_hex}) + "\n" for text, key_hex in texts)
    answers = run_node("verify_ocmf.mjs", stdin=lines)
    return [json.loads(line) for line in answers.splitlines()]
