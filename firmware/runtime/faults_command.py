"""``wattseal faults``: a running station's faults, in words; ``--clear`` ends those that may be ended.

``--catalogue`` prints docs/FAULTS.md instead: every fault that there is.
"""

import argparse
import json
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from config.load import ConfigError, describe_problems
from firmware.core.fault import Fault, Text
from firmware.core.faults import CATALOGUE
from firmware.runtime.agent_control import SOCKET
from firmware.runtime.faults_document import document
from firmware.site import load_site

Language = Literal["zh", "en"]
_ANSWER_S = 10.0
_FAULTY = 1
_WRONG = 2

_CLEARED: dict[tuple[str, ...], Text] = {
    (): ("原因消除后自动恢复", "ends by itself once its cause is gone"),
    ("engineer",): ("由工程师清除：wattseal faults --clear", "cleared on site: wattseal faults --clear"),
    ("engineer", "backend"): ("由工程师或后台清除", "cleared on site or by the backend"),
    ("engineer", "backend", "unplugging"): (
        "拔枪后恢复，也可由工程师或后台清除",
        "ends when the plug is pulled; also cleared on site or by the backend",
    ),
}
_WORDS: dict[str, Text] = {
    "does": ("处置", "charger"),
    "causes": ("可能原因", "causes"),
    "remedy": ("处理", "remedy"),
    "ends": ("恢复", "ends"),
    "none": ("无故障", "no fault stands"),
    "station": ("整站", "station"),
    "evse": ("充电口", "EVSE"),
    "contactor": ("接触器", "contactor"),
    "closings": ("次吸合", "closings"),
    "closed": ("吸合", "closed"),
    "open": ("断开", "open"),
    "pilot": ("导引", "pilot"),
    "offline": ("后台未连接", "the backend is not connected"),
}


class NoAgentError(Exception):
    """The agent cannot be asked; the text says why and what next."""


def main(argv: Sequence[str]) -> int:
    """Print what stands. Returns 0 without a blocking fault, 1 with one, 2 when the agent cannot be asked."""
    options = _options(argv)
    if options.catalogue:
        sys.stdout.write(document())
        return 0
    try:
        site = load_site(options.config.absolute()).site
        answer = ask(Path(site.run_dir, SOCKET), "clear" if options.clear else "faults")
    except ConfigError as error:
        sys.stderr.write(describe_problems(error) + "\n")
        return _WRONG
    except NoAgentError as error:
        sys.stderr.write(f"wattseal faults: {error}\n")
        return _WRONG
    sys.stdout.write("\n".join(_lines(answer, options.language or site.language)) + "\n")
    return _FAULTY if any(_blocks(fault) for fault in _all(answer)) else 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wattseal faults", description="Show the faults that stand.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--config", type=Path, metavar="FILE", help="the site file of a running station (TOML)")
    what.add_argument("--catalogue", action="store_true", help="print every fault there is, as Markdown")
    parser.add_argument(
        "--clear", action="store_true", help="their causes are gone: clear what may be cleared"
    )
    parser.add_argument("--language", choices=("zh", "en"), help="instead of the site's own")
    return parser.parse_args(argv)


def ask(path: Path, what: str) -> dict[str, Any]:
    """Return the agent's answer. Raises NoAgentError."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.settimeout(_ANSWER_S)
            agent.connect(str(path))
            agent.sendall(json.dumps({"do": what}).encode() + b"\n")
            answer: dict[str, Any] = json.loads(agent.makefile("rb").readline())
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoAgentError(f"{path}: no agent answers there; start the station with wattseal run") from None
    except PermissionError:
        raise NoAgentError(f"{path}: only the user that runs the station may ask it; try sudo -u") from None
    except (OSError, ValueError) as error:
        raise NoAgentError(f"{path}: the agent gives no answer ({error}); see its log") from error
    return answer


def _all(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [*answer["faults"], *(fault for evse in answer["evses"] for fault in evse["faults"])]


def _blocks(fault: dict[str, str]) -> bool:
    return fault["name"] not in CATALOGUE or CATALOGUE[fault["name"]].blocks


def _lines(answer: dict[str, Any], language: Language) -> Iterator[str]:
    def word(name: str) -> str:
        return _pick(_WORDS[name], language)

    if not answer["online"]:
        yield word("offline")
    if answer["faults"]:
        yield word("station")
        yield from _faults(answer["faults"], language)
    for evse in answer["evses"]:
        parts = [f"{word('contactor')} {word(evse['contactor'])}", f"{evse['cycles']} {word('closings')}"]
        parts += [f"{word('pilot')} {evse['pilot']}"] if evse["pilot"] else []
        parts += [] if evse["temperature_mc"] is None else [f"{evse['temperature_mc'] / 1000:.1f} °C"]
        yield f"{word('evse')} {evse['evse']}: " + ", ".join(parts + evse["notes"])
        yield from _faults(evse["faults"], language) if evse["faults"] else [f"  {word('none')}"]


def _faults(faults: list[dict[str, str]], language: Language) -> Iterator[str]:
    for fault in faults:
        row = CATALOGUE.get(fault["name"])
        title = f": {_pick(row.title, language)}" if row else ""
        yield f"  {fault['name']}{title}" + (f" ({fault['detail']})" if fault["detail"] else "")
        if row is not None:
            yield from _row(row, language)


def _row(row: Fault, language: Language) -> Iterator[str]:
    def line(name: str, text: str) -> str:
        return f"    {_pick(_WORDS[name], language)}: {text}"

    yield line("does", _pick(row.reaction, language))
    yield line("causes", "; ".join(_pick(cause, language) for cause in row.causes))
    yield line("remedy", _pick(row.remedy, language))
    yield line("ends", _pick(_CLEARED[row.left_by], language))


def _pick(text: Text, language: Language) -> str:
    return text[0] if language == "zh" else text[1]
