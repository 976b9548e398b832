"""The interlock process: ``python -m firmware.interlock SETTINGS_JSON``, started by the supervisor."""

import gc
import signal
import sys
from types import FrameType

from firmware.interlock.agent_port import AgentPort
from firmware.interlock.json_object import SettingsError
from firmware.interlock.log import log
from firmware.interlock.priority import ask_for_real_time
from firmware.interlock.settings import Settings, parse
from firmware.interlock.shell import Interlock
from firmware.runtime.leash import die_with_parent


def main(argv: list[str]) -> int:
    """Run until SIGTERM or SIGINT, then open everything. Exit 2: the settings are wrong."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m firmware.interlock SETTINGS_JSON\n")
        return 2
    try:
        _run(parse(argv[0]))
    except SettingsError as error:
        sys.stderr.write(f"interlock: {error}\n")
        return 2
    return 0


def _run(settings: Settings) -> None:
    die_with_parent()
    agent = AgentPort(settings.socket)
    interlock = Interlock(settings, agent)

    def end(_number: int, _frame: FrameType | None) -> None:
        interlock.ending = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    gc.collect()
    gc.freeze()
    gc.disable()  # the loop makes no cycles (tests/interlock/test_shell.py); a collection would be a pause
    missing = ask_for_real_time()
    log("interlock.started", evses=[evse.number for evse in settings.evses], without=missing)
    try:
        interlock.run()
    finally:
        agent.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
