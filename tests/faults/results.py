"""What the tests saw, one JSON file a test, for `make torture` to draw docs/FAULT_MATRIX.md from."""

import json
import os
from pathlib import Path
from typing import Any

TORTURE = os.environ.get("WATTSEAL_TORTURE") == "1"
"""Set by `make torture`: run everything. Else only what is quick."""

NOTES = Path(os.environ.get("WATTSEAL_TORTURE_NOTES") or Path(__file__).parents[2] / "build" / "torture")


def note(table: str, row: str, column: str, value: dict[str, Any]) -> None:
    """Keep one cell of one table."""
    if not TORTURE:
        return
    path = NOTES / table / f"{row}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**cells, column: value}, indent=1, ensure_ascii=False))


def noted(table: str) -> dict[str, dict[str, Any]]:
    """Return every row of a table."""
    return {path.stem: json.loads(path.read_text()) for path in sorted((NOTES / table).glob("*.json"))}
