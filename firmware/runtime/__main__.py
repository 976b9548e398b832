"""The agent process: ``python -m firmware.runtime SITE.toml``, started by the supervisor."""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from config.load import ConfigError, describe_problems
from firmware.ledger.errors import LedgerError
from firmware.runtime import log as event_log
from firmware.runtime.agent import StorageError
from firmware.runtime.leash import die_with_parent
from firmware.signing.keys import SigningKeyError
from firmware.site import load_site
from firmware.wiring import Station

log = logging.getLogger("firmware.runtime")

_TRY_AGAIN = 75  # EX_TEMPFAIL


async def _run(path: Path) -> int:
    station = Station(load_site(path))
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    try:
        await station.run_until(ending)
    finally:
        station.close()
    return 0


def main(argv: list[str]) -> int:
    """Run the agent; what ends it is logged, and the supervisor starts it again."""
    die_with_parent()
    event_log.to_stderr()
    try:
        return asyncio.run(_run(Path(argv[0])))
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return 2
    except (LedgerError, SigningKeyError) as error:
        log.error("agent.cannot_start", extra={"why": str(error)})
        return _TRY_AGAIN
    except StorageError as error:
        log.error("agent.cannot_go_on", extra={"why": str(error)})
        return _TRY_AGAIN
    except Exception:
        log.exception("agent.failed")
        return _TRY_AGAIN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
