"""One virtual board for all tests of this folder; they run only when asked for by name: `make test-board`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.board.image import built
from tests.board.machine import Machine

HERE = Path(__file__).parent
_REPORT = pytest.StashKey[list[str]]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test` passes this folder over: booting a machine in emulation is not for every run."""
    asked = [Path(argument.split("::")[0]).resolve() for argument in config.args]
    by_name = any(path == HERE or HERE in path.parents for path in asked)
    return None if by_name else True


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> list[str]:
    """What was measured: a line each, shown at the end of the run."""
    return request.config.stash.setdefault(_REPORT, [])


@pytest.fixture(scope="session")
def machine(report: list[str]) -> Iterator[Machine]:
    """A booted virtual board whose hands answer."""
    machine = Machine(built())
    try:
        report.append(f"virtual board: up after {machine.wait_until_up():.1f} s")
        yield machine
    finally:
        machine.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_REPORT, []):
        terminalreporter.write_line(line)
