"""Programs in JavaScript that were not written here, as judges: tests/node/package.json names and pins them.

`make test` installs node with the virtual environment and the packages with `npm ci`; where that could not
be, the tests are skipped by name.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NODE_DIR = Path(__file__).parents[1] / "node"
"""Scripts lie here, beside the packages that they import."""

_FROM_PYPI = Path(sys.executable).with_name("node")


def node_command(script: str, *arguments: str) -> list[str]:
    """Return the command that runs tests/node/``script``; skip the test where node or it is missing."""
    node = str(_FROM_PYPI) if _FROM_PYPI.exists() else shutil.which("node")
    if node is None:
        pytest.skip('node is missing: pip install -e ".[test]"')
    if not (NODE_DIR / "node_modules").is_dir():
        pytest.skip("tests/node/node_modules is missing: npm ci --ignore-scripts --prefix tests/node")
    return [node, str(NODE_DIR / script), *arguments]


def run_node(script: str, *arguments: str, stdin: str = "", within_s: float = 30) -> str:
    """Run tests/node/``script`` to its end and return what it wrote; fail with its stderr if it fails."""
    command = node_command(script, *arguments)
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=within_s, check=False)
    assert done.returncode == 0, f"{script} ended with {done.returncode}: {done.stderr}"
    return done.stdout
