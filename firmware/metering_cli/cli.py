"""``wattseal meter probe|read|watch``.

0: found, read, or watched to the end. 1: nobody answers, no map fits, or a meter is absent. 2: the command
line or a file is wrong. 130: stopped by Ctrl-C before anything was found.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence

from config.load import ConfigError, describe_problems
from firmware.metering_cli.arguments import (
    WrongWordsError,
    maps_for,
    only,
    parser,
    ports_to_probe,
    sources,
)
from firmware.metering_cli.probe import Maps, probe
from firmware.metering_cli.read import read
from firmware.metering_cli.search import Only
from firmware.metering_cli.sources import ASK_THE_AGENT
from firmware.metering_cli.watch import watch
from firmware.metering_cli.wiring import Port, PortLostError

_ABSENT, _WRONG, _STOPPED = 1, 2, 130


def main(argv: Sequence[str]) -> int:
    """Run ``wattseal meter …`` and return its exit code."""
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job would ignore the latter
        signal.signal(number, signal.default_int_handler)  # the terminal is to be left as it was
    try:
        if arguments.command == "probe":
            maps, known = maps_for(arguments), only(arguments)
            return max([_probe(port, maps, known) for port in ports_to_probe(arguments)])
        meters = sources(arguments)
        if arguments.command == "read":
            return read(meters)
        if len(meters) > 1:
            raise WrongWordsError("watch shows one meter: name its EVSE with --evse")
        return watch(meters[0], arguments.lines)
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return _WRONG
    except WrongWordsError as error:
        sys.stderr.write(f"wattseal meter: {error}\n")
        return _WRONG
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the port is free again\n")
        return _STOPPED


def _probe(port: Port, maps: Maps, known: Only) -> int:
    try:
        return asyncio.run(probe(port, maps, known))
    except PortLostError as error:
        what_next = ASK_THE_AGENT if "in use" in error.absent.why else error.absent.next
        sys.stderr.write(f"wattseal meter: {error.absent.why}; {what_next}\n")
        return _ABSENT
