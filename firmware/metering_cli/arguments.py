"""The command line of ``wattseal meter``, and what its words mean: ports, meters, sites."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.load import load_meter_maps
from config.schema import AnyMeterMap, Dlt645Map, Loaded, SerialPort, TcpPort
from config.shape import closest
from firmware.metering_cli.probe import name_of
from firmware.metering_cli.search import SPEEDS, Only
from firmware.metering_cli.sources import FromAgent, FromPort, Source
from firmware.metering_cli.wiring import Port, wired_alone
from firmware.runtime.agent_control import SOCKET
from firmware.runtime.faults_command import NoAgentError
from firmware.site import load_site

_ADAPTERS = ("ttyUSB*", "ttyACM*")
_MODBUS_TCP = 502
_LAST_UNIT, _LAST_PORT = 247, 65_535


class WrongWordsError(ValueError):
    """The command line asks for what there is not; the text says what, and what next."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="wattseal meter", description="Find, read and watch meters.")
    commands = top.add_subparsers(dest="command", required=True, metavar="probe | read | watch")
    probing = commands.add_parser("probe", help="find out how a line is set, who is on it, and which meter")
    reading = commands.add_parser("read", help="read each meter of a site, or one on a port, once")
    watching = commands.add_parser("watch", help="read one meter each second")
    for each in (probing, reading, watching):
        _add_where(each)
    for each in (reading, watching):
        each.add_argument("--evse", type=int, metavar="N", help="the meter of this EVSE of the site")
        each.add_argument("--map", metavar="NAME", help="the meter's map, with --port or --tcp")
        each.add_argument("--address", type=_address, help="twelve digits, on a DL/T 645 line")
    watching.add_argument("--lines", action="store_true", help="a line for each reading, as into a pipe")
    return top


def ports_to_probe(arguments: argparse.Namespace) -> list[Port]:
    """Return the ports to search. Raises WrongWordsError, and ConfigError for a wrong site file."""
    if arguments.config is not None:
        loaded = load_site(arguments.config)
        names = dict.fromkeys(evse.meter.port for evse in loaded.site.evse)
        return [_board_port(loaded, name) for name in names]
    port = _named_port(arguments)
    if port is not None:
        return [port]
    there = sorted(str(path) for pattern in _ADAPTERS for path in Path("/dev").glob(pattern))
    if len(there) == 1:
        return [SerialPort(device=there[0])]
    found = f"there are {', '.join(there)}" if there else "no USB adapter is there"
    raise WrongWordsError(f"name a port: --port DEV, --tcp HOST or --config SITE; {found}")


def only(arguments: argparse.Namespace) -> Only:
    """Return what the engineer knows already."""
    return Only(arguments.unit, arguments.baudrate, arguments.parity, arguments.stopbits)


def maps_for(arguments: argparse.Namespace) -> dict[str, AnyMeterMap]:
    """Return every meter map: the packaged ones, and those beside the site file."""
    maps = load_meter_maps()
    if arguments.config is not None:
        maps |= load_meter_maps(arguments.config.parent / "meters")
    return maps


def sources(arguments: argparse.Namespace) -> list[Source]:
    """Return the meters that are meant. Raises WrongWordsError, and ConfigError for a wrong site file."""
    if arguments.config is not None:
        return _of_site(load_site(arguments.config.absolute()), arguments.evse)
    port = _named_port(arguments)
    if port is None or arguments.map is None:
        raise WrongWordsError(
            "name a site with --config, or a port with --port or --tcp and the meter's map with --map; "
            "wattseal meter probe finds both"
        )
    maps = load_meter_maps()
    if arguments.map not in maps:
        there = ", ".join(maps)
        raise WrongWordsError(
            f'--map: there is no meter map "{arguments.map}"{closest(arguments.map, maps)}; there are {there}'
        )
    return [_on_port(arguments, port, maps[arguments.map])]


def _of_site(loaded: Loaded, number: int | None) -> list[Source]:
    there = [evse.id for evse in loaded.site.evse]
    if number is not None and number not in there:
        raise WrongWordsError(f"--evse: the site has no EVSE {number}, it has {', '.join(map(str, there))}")
    found: list[Source] = []
    for evse in loaded.site.evse:
        if number not in (None, evse.id):
            continue
        label = f"EVSE {evse.id}: {evse.meter.map} ({loaded.meters[evse.meter.map].name})"
        agent = FromAgent(label, Path(loaded.site.run_dir, SOCKET), evse.id)
        try:
            agent.read_now()
            found.append(agent)
        except NoAgentError:
            port = _board_port(loaded, evse.meter.port)
            found.append(FromPort(label, port, evse.meter, loaded.meters[evse.meter.map]))
    return found


def _on_port(arguments: argparse.Namespace, port: Port, meter: AnyMeterMap) -> Source:
    wiring = wired_alone(arguments.unit or meter.factory.unit, arguments.address or "")
    if isinstance(meter, Dlt645Map) and not isinstance(port, SerialPort):
        raise WrongWordsError(f"--tcp: {arguments.map} is spoken on serial lines only; name one with --port")
    if isinstance(port, SerialPort):
        port = SerialPort(
            device=port.device,
            baudrate=arguments.baudrate or meter.factory.baudrate,
            parity=arguments.parity or meter.factory.parity,
            stopbits=arguments.stopbits or meter.factory.stopbits,
        )
    return FromPort(f"{name_of(port)}: {arguments.map} ({meter.name})", port, wiring, meter)


def _board_port(loaded: Loaded, name: str) -> Port:
    ports: Mapping[str, Port] = {**loaded.board.serial, **loaded.board.tcp}
    return ports[name]


def _named_port(arguments: argparse.Namespace) -> Port | None:
    return SerialPort(device=arguments.port) if arguments.port is not None else arguments.tcp


def _add_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", type=Path, metavar="SITE", help="the site file")
    where.add_argument("--port", metavar="DEV", help="a serial port, such as /dev/ttyUSB0")
    where.add_argument(
        "--tcp", type=_tcp, metavar="HOST[:PORT]", help="Modbus TCP, port 502 if none is named"
    )
    parser.add_argument("--unit", type=_unit, metavar="N", help="the meter's number on the line, 1 to 247")
    parser.add_argument("--baudrate", type=int, choices=sorted(SPEEDS), metavar="N")
    parser.add_argument("--parity", choices=("N", "E", "O"))
    parser.add_argument("--stopbits", type=int, choices=(1, 2))


def _tcp(text: str) -> TcpPort:
    host, colon, number = text.rpartition(":")
    if not colon:
        return TcpPort(host=text)
    if not (host and number.isdecimal() and 1 <= int(number) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no HOST or HOST:PORT with a port from 1 to {_LAST_PORT}"
        )
    return TcpPort(host=host.strip("[]"), port=int(number))


def _unit(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _LAST_UNIT):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_LAST_UNIT}")
    return int(text)


def _address(text: str) -> str:
    if not (text.isdecimal() and text.isascii() and len(text) <= 12):
        raise argparse.ArgumentTypeError(f"{text!r} is not of twelve digits")
    return text.rjust(12, "0")


__all__: Sequence[str] = ("WrongWordsError", "maps_for", "only", "parser", "ports_to_probe", "sources")
