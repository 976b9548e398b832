"""What must hold between the keys of a board file. Each rule yields "key: what is wrong, what next"."""

import re
from collections.abc import Iterable, Iterator, Mapping

from config import channel_rules, sharing_rules
from config.port_names import BOARD_PORTS, EVSE_PORTS, Table, needs
from config.schema import Board, EvseParts
from config.shape import closest, joined

_EVSE_PORT = re.compile(r"evse([1-9][0-9]*)\.(.+)")
_LINUX_TABLES = ("outputs", "leds", "inputs", "pwms", "adcs", "thermometers", "coprocessors", "rtc")
_PORT_TABLES: tuple[Table, ...] = ("outputs", "inputs", "pwms", "adcs", "thermometers")


def of_board(board: Board, site_evses: Iterable[int] = ()) -> Iterator[str]:
    """Yield what is wrong within the board file; ``site_evses`` are those that a site wants on it, if any."""
    wanted = tuple(site_evses)
    yield from _evse_tables(board, wanted)
    if board.backend == "remote":
        yield from _remote(board)
    else:
        yield from _linux(board, wanted)
    yield from sharing_rules.of_serial_devices(board)


def evses_of(board: Board, site_evses: Iterable[int] = ()) -> dict[int, EvseParts]:
    """Return the parts of each EVSE that the board file or the site speaks of; at least of EVSE 1."""
    numbers = {int(key) for key in board.evses if _is_number(key)} | set(site_evses) | _in_port_names(board)
    return {number: board.parts(number) for number in sorted(numbers or {1})}


def _remote(board: Board) -> Iterator[str]:
    if not board.address:
        yield 'address: missing, backend "remote" needs the path of the board\'s socket'
    for table in _LINUX_TABLES:
        if getattr(board, table):
            yield f'{table}: not for backend "remote", that board declares its own ports; remove the table'


def _linux(board: Board, site_evses: tuple[int, ...]) -> Iterator[str]:
    if board.address:
        yield 'address: not for backend "linux", which is this machine itself; remove it'
    if board.clock.source != "system":
        yield 'clock.source: "scaled" bills faster than time passes; on backend "linux" write "system"'
    yield from _names(board)
    yield from _without_software(board)
    yield from _missing_ports(board, evses_of(board, site_evses))
    yield from channel_rules.of_channels(board)
    yield from sharing_rules.of_ports(board)


def _without_software(board: Board) -> Iterator[str]:
    """Yield what would keep a contactor closed when the interlock hangs or is killed."""
    if "heartbeat" in board.outputs:
        return
    if board.watchdog is None:
        yield (
            "watchdog: missing, nothing would open a contactor when the interlock hangs; "
            "name the [watchdog], or outputs.heartbeat if that feeds the coils"
        )
    for name in board.pwms:
        if name.endswith(".contactor"):
            yield (
                "outputs.heartbeat: missing, a PWM goes on when the interlock is killed: "
                f"{joined('pwms', name)} must be fed by it"
            )


def _evse_tables(board: Board, site_evses: tuple[int, ...]) -> Iterator[str]:
    for key, parts in board.evses.items():
        where = f"evses.{key}"
        if not _is_number(key):
            yield f"{joined('evses', key)}: must be the number of an EVSE, like evses.1"
            continue
        if site_evses and int(key) not in site_evses:
            yield f"{where}: the site has no EVSE {key}, it has {_listed(site_evses)}"
        yield from _parts(where, parts)
    if site_evses:
        for number in sorted(_in_port_names(board) - set(site_evses) - {int(k) for k in board.evses}):
            yield f"evse{number}.…: there are ports of EVSE {number}, the site has {_listed(site_evses)}"


def _parts(where: str, parts: EvseParts) -> Iterator[str]:
    if parts.lock == "none":
        if parts.lock_holds == "holster":
            yield f'{where}.lock_holds: "holster" needs a lock, and {where}.lock is "none"'
        if parts.release_on:
            yield f'{where}.release_on: there is nothing to release, {where}.lock is "none"'
    if parts.under_voltage_v >= parts.over_voltage_v:
        yield (
            f"{where}.under_voltage_v: {parts.under_voltage_v} must be below "
            f"over_voltage_v, which is {parts.over_voltage_v}"
        )
    if (curve := parts.derating) is not None:
        for key, value in (("from_c", curve.from_c), ("resume_c", curve.resume_c)):
            if value >= curve.stop_c:
                yield f"{where}.derating.{key}: {value} must be below stop_c, which is {curve.stop_c}"


def _names(board: Board) -> Iterator[str]:
    """Yield the ports that nobody would open: a slip of the pen, the wrong table, or a part not built in."""
    for table in _PORT_TABLES:
        for name in getattr(board, table):
            problem = _name_problem(board, table, name)
            if problem:
                yield f"{joined(table, name)}: {problem}"
    for name in board.leds:
        if name in _all_names(_in_port_names(board) or {1}):
            yield f"{joined('leds', name)}: is the name of a port, a LED needs another one"


def _name_problem(board: Board, table: Table, name: str) -> str:
    numbered = _EVSE_PORT.fullmatch(name)
    short = numbered[2] if numbered else name
    tables = [kind for kind in _PORT_TABLES if short in _names_in(kind, numbered is not None)]
    if table in tables:
        return _unheeded(board, table, name)
    if tables:
        return f"belongs into [{tables[0]}]"
    known = _all_names({int(numbered[1])} if numbered else _in_port_names(board) or {1})
    there = [*(f"evse1.{port}" for port in _names_in(table, True)), *_names_in(table, False)]
    return "unknown port" + (closest(name, known) or f"; [{table}] can have {', '.join(there)}")


def _names_in(table: Table, of_an_evse: bool) -> list[str]:
    if of_an_evse:
        return [port.name for port in EVSE_PORTS if port.table == table]
    return [port.name for port in BOARD_PORTS if port.table == table]


def _unheeded(board: Board, table: Table, name: str) -> str:
    """Say that a port is wired and its part is not built in: then nobody would look at it."""
    numbered = _EVSE_PORT.fullmatch(name)
    if numbered is None:
        return ""
    number, short = int(numbered[1]), numbered[2]
    port = next(port for port in EVSE_PORTS if (port.table, port.name) == (table, short))
    if port.needed(board.parts(number)):
        return ""
    return f"nobody would use it; write evses.{number}.{port.because}, or remove it"


def _missing_ports(board: Board, evses: Mapping[int, EvseParts]) -> Iterator[str]:
    for need in needs(dict(evses)):
        if need.name not in getattr(board, need.table):
            why = f"{need.because} needs it" if need.because else "every board needs it"
            yield f"{joined(need.table, need.name)}: missing, {why}"


def _in_port_names(board: Board) -> set[int]:
    """Return the numbers of the EVSEs whose ports are named."""
    names = (name for table in _PORT_TABLES for name in getattr(board, table))
    return {int(found[1]) for name in names if (found := _EVSE_PORT.fullmatch(name))}


def _all_names(evses: Iterable[int]) -> list[str]:
    numbered = [f"evse{number}.{port.name}" for number in evses for port in EVSE_PORTS]
    return sorted({*numbered, *(port.name for port in BOARD_PORTS)})


def _is_number(key: str) -> bool:
    return re.fullmatch("[1-9][0-9]{0,2}", key) is not None


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
