"""``wattseal config check``: says what is wrong with a site file, or what it makes of the charger."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from config.load import ConfigError, describe_problems, load
from config.meter_fitness import MINUTE_DWH, fitness
from config.schema import Loaded

LoadSite = Callable[[Path], Loaded]
"""Loads a site file, or raises ConfigError; the firmware's also looks at what the tariff means."""


def main(argv: Sequence[str], load_site: LoadSite = load) -> int:
    """Run ``wattseal config …``; ``check`` is its one word so far."""
    if argv and argv[0] == "check":
        return check(argv[1:], load_site)
    sys.stderr.write("usage: wattseal config check --config FILE\n")
    return 2


def check(argv: Sequence[str], load_site: LoadSite = load) -> int:
    """Check the site file in ``argv`` (``FILE`` or ``--config FILE``); return the exit code.

    0: fine, with a line on stdout, and on stderr what is worth a thought. 2: problems, each a line on stderr;
    or a wrong command line.
    """
    try:
        path = _site_file(argv)
    except SystemExit as leave:  # argparse has said why
        return int(leave.code or 0)
    try:
        loaded = load_site(path)
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return 2
    for warning in warnings(loaded):
        sys.stderr.write(f"{path.name}: warning: {warning}\n")
    sys.stdout.write(f"{path.name}: ok — {summary(loaded)}\n")
    return 0


def warnings(loaded: Loaded) -> Iterator[str]:
    """Yield the meters that count in steps too coarse for billing by the minute (docs/METERS.md)."""
    for index, evse in enumerate(loaded.site.evse):
        meter = loaded.meters[evse.meter.map]
        if fitness(meter.resolution_dwh) == "coarse":
            step_wh = Decimal(meter.resolution_dwh) / 10
            yield (
                f"evse[{index}].meter.map: {meter.name} counts in steps of {step_wh} Wh, and a minute at "
                f"7.4 kW is {int(MINUTE_DWH / 10)} Wh: a charge is billed right from begin to end, "
                "single minutes are not; docs/METERS.md lists finer meters"
            )


def summary(loaded: Loaded) -> str:
    """Return a site in one line: station, EVSEs, meters, tariff, board and backend."""
    site = loaded.site
    evses = "1 EVSE" if len(site.evse) == 1 else f"{len(site.evse)} EVSEs"
    return (
        f"station {site.station.id}, {evses}, meter {', '.join(loaded.meters)}, "
        f"tariff {loaded.tariff['tariffId']} in {site.currency}, board {site.board}, backend {site.csms.url}"
    )


def _site_file(argv: Sequence[str]) -> Path:
    parser = argparse.ArgumentParser(prog="wattseal config check", description="Check a site file.")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="the site file")
    parser.add_argument("--config", type=Path, metavar="FILE", help="the site file, as for `wattseal run`")
    arguments = parser.parse_args(argv)
    chosen = [path for path in (arguments.file, arguments.config) if path is not None]
    if len(chosen) != 1:
        parser.error("name one site file")
    path: Path = chosen[0]
    return path
