"""``wattseal sim``: a scenario run headless, or the bench with its page, up until stopped."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sim.artifacts import write_artifacts
from sim.bench import Bench, BenchOptions, ExternalCsms, ProcessFailedError
from sim.board.meter_map import DEFAULT, UnknownMapError, read_map
from sim.checks import failed_checks
from sim.clients import BackendRefusedError, BoardRefusedError
from sim.play import StepFailedError, play
from sim.scenario import Scenario, ScenarioError, find, load
from sim.watch import Watch

WRONG_INPUT = 2
INTERRUPTED = 130


class WrongInputError(ValueError):
    """An argument is wrong; the text says which, why and what next."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``wattseal sim``; returns the exit code: 0 all well, 1 expectations failed, 2 wrong input."""
    arguments = _parser().parse_args(argv)
    try:
        _check_meter(arguments.meter)
        if arguments.scenario is None:
            return _serve(arguments)
        if arguments.csms is not None:
            raise WrongInputError(
                "--csms: a scenario needs the simulated backend; leave --csms or the scenario out"
            )
        return asyncio.run(_run(load(find(arguments.scenario)), arguments))
    except (ScenarioError, WrongInputError) as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wattseal sim",
        description="Run a scenario headless, or, without one, the bench with its page until Ctrl-C.",
    )
    parser.add_argument("scenario", nargs="?", help="a scenario file, or the name of a packaged one")
    parser.add_argument("--out", type=Path, help="directory for the artifacts")
    parser.add_argument("--speed", type=_speed, help="billing time as a multiple of real time")
    parser.add_argument("--language", choices=("zh", "en"), help="display and pay page")
    parser.add_argument("--meter", default=DEFAULT, metavar="MAP", help="which meter: a map of config/meters")
    page = parser.add_argument_group("the bench page")
    page.add_argument("--host", default="127.0.0.1")
    page.add_argument("--port", type=_port, default=8080, help="0 is any free one")
    page.add_argument("--watts", type=_speed, default=7200, help="what the vehicle draws")
    page.add_argument("--load", type=Path, help="a recorded load (CSV) that the vehicle draws instead")
    page.add_argument("--evses", type=_speed, default=1, help="how many EVSEs, each with a vehicle")
    page.add_argument("--supply-a", type=_speed, help="amperes per phase that all EVSEs share")
    csms = parser.add_argument_group("a backend that is not ours")
    csms.add_argument("--csms", metavar="URL", help="its OCPP address; the station's identity is appended")
    csms.add_argument("--id", metavar="NAME", help="the station's identity there")
    csms.add_argument("--password", default="", help="HTTP basic authentication")
    csms.add_argument("--ocpp", choices=("2.1", "2.0.1", "1.6"), default="2.1")
    return parser


def _check_meter(name: str) -> None:
    try:
        read_map(name)
    except UnknownMapError as error:
        raise WrongInputError(f"--meter {error}") from None


def _speed(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, not {text!r}")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535, not {text!r}")
    return int(text)


def _fresh(out: Path) -> Path:
    """Make the output directory; a run that was there before does not mix with the new one."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongInputError(
            f"--out {out}: {error.strerror}; choose a directory that can be written"
        ) from None
    if (out / "work" / "site.toml").exists():
        shutil.rmtree(out / "work")
    for picture in out.glob("screens/*.png"):
        picture.unlink()
    return out


# -- the page ----------------------------------------------------------------------------------------------


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.load is not None and not arguments.load.is_file():
        raise WrongInputError(f"--load {arguments.load}: no such file")
    from sim import page  # here: its libraries cost a second that a headless run need not pay

    with tempfile.TemporaryDirectory(prefix="wattseal-bench-") as work_dir:
        options = BenchOptions(
            work_dir=Path(work_dir),
            speed=arguments.speed or 60,
            watts=arguments.watts,
            load=arguments.load,
            language=arguments.language,
            evses=arguments.evses,
            supply_a=arguments.supply_a,
            meter=arguments.meter,
            csms=_external(arguments),
        )
        code: int = page.serve(options, host=arguments.host, port=arguments.port, out=arguments.out)
    return code


def _external(arguments: argparse.Namespace) -> ExternalCsms | None:
    if arguments.csms is None:
        return None
    if not arguments.csms.startswith(("ws://", "wss://")):
        raise WrongInputError(f"--csms {arguments.csms}: must begin with ws:// or wss://")
    return ExternalCsms(
        url=arguments.csms,
        name=arguments.id or "chu-003",
        password=arguments.password,
        ocpp=arguments.ocpp,
    )


# -- a scenario --------------------------------------------------------------------------------------------


async def _run(scenario: Scenario, arguments: argparse.Namespace) -> int:
    """Run a scenario. SIGTERM ends the bench in good order, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    out = _fresh(arguments.out or Path(tempfile.mkdtemp(prefix=f"wattseal-{scenario.name}-")))
    speed = arguments.speed or scenario.speed
    print(f"{scenario.title}  ({speed}× billing time)", flush=True)
    options = BenchOptions(
        work_dir=out / "work",
        speed=speed,
        starts_at=scenario.starts_at,
        watts=scenario.watts,
        load=scenario.load,
        language=arguments.language,
        site=scenario.site,
        evses=scenario.evses,
        supply_a=scenario.supply_a,
        meter=arguments.meter,
    )
    try:
        bench = await Bench.start(options)
    except ProcessFailedError as error:
        print(f"the bench did not start: {error}", file=sys.stderr)
        return 1
    async with bench:
        failed = await _run_on(bench, scenario, out)
    for line in failed:
        print(f"  ✗ {line}")
    print(f"  {'failed' if failed else 'passed'}; artifacts are in {out}")
    return 1 if failed else 0


async def _run_on(bench: Bench, scenario: Scenario, out: Path) -> list[str]:
    """Play, write the artifacts whatever came of it, and return what failed."""
    watch = Watch(bench)
    watch.begin()
    began = time.monotonic()
    failed = []
    try:
        await play(scenario, bench, watch, lambda step: print(f"  {_since(began)}  {step}", flush=True))
    except StepFailedError as error:
        failed.append(str(error))
    try:
        await watch.end()
        receipt = await write_artifacts(bench, out, watch.shots)
    except (BackendRefusedError, BoardRefusedError, OSError) as error:
        return [*failed, f"the artifacts could not be written: {error}"]
    assert bench.csms is not None
    transactions = [await bench.csms.transaction(t["id"]) for t in await bench.csms.transactions()]
    print(f"  {_since(began)}  {_told(receipt)}")
    return failed + failed_checks(scenario, watch, transactions, bench.import_wh_at_start)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:6.1f} s"


def _told(receipt: dict[str, object]) -> str:
    settled = (
        "nothing to settle" if receipt["settled_ms"] is None else f"settled in {receipt['settled_ms']} ms"
    )
    return "{minutes} minutes, {energy_wh} Wh, {total} {currency}, ".format(**receipt) + settled
