"""``wattseal board check``: tries each part that a board file names, and drives nothing but safe values."""

import sys
from collections.abc import Iterator

from config.board_io import io_of
from firmware.board import devices
from firmware.board.declared import declared
from firmware.board.file import Named
from firmware.board.finding import Finding, told


def check(named: Named) -> int:
    """Write a line for each part and the sum; return 0 when all are as the file says, else 1."""
    findings = list(_findings(named))
    evses = ", ".join(str(number) for number in named.evses)
    sys.stdout.write(f"{named.name}: backend {named.board.backend}, EVSE {evses}\n")
    sys.stdout.write(f"{told(findings, sys.stdout)}\n")
    return 0 if all(finding.ok for finding in findings) else 1


def _findings(named: Named) -> Iterator[Finding]:
    yield from devices.permissions(named.board)
    io = io_of(named.board)
    if named.board.backend == "remote":
        yield from declared(io, named.evses)
    else:
        from hal.linux.probe import probe

        yield from (Finding(*finding) for finding in probe(io))
    yield from devices.serial_lines(named.board)
