"""Loads a site file with all that it names, or says everything that is wrong with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from config import board_rules, map_rules, meter_rules, rules
from config.files import PACKAGED_METERS, Table, meter_map, named, read
from config.places import places
from config.schema import AnyMeterMap, Board, Dlt645Map, Loaded, MeterMap, Site
from config.shape import Shape
from config.tariff_file import TariffFile

T = TypeVar("T", bound=msgspec.Struct)


class ConfigError(Exception):
    """A site file, or one that it names, is wrong. ``problems`` has a line for each: "file: key: what"."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def describe_problems(error: ConfigError) -> str:
    """Return what a person is shown: one problem a line."""
    return "\n".join(error.problems)


def load(path: Path) -> Loaded:
    """Return the site at ``path`` with its board, its meter maps by name, and its tariff.

    Paths in a site file are relative to it; those in the result are absolute. Raises ConfigError with every
    problem that can be found.
    """
    found: list[str] = []
    table = read(path, path.name, found)
    if table is None:
        raise ConfigError(found)
    site = _as(Site, table, path.name, found)
    board_table = named("board", path, table, found)
    board = _as(Board, board_table, str(table.get("board")), found)
    tariff_table = named("tariff", path, table, found)
    tariff = _as(TariffFile, tariff_table, str(table.get("tariff")), found)
    meters = _meters(path, table, found)
    usable = site or _as_far_as_right(table, Site)
    found += _broken_rules(path, usable, board, tariff)
    if usable is not None:
        found += (f"{path.name}: {problem}" for problem in meter_rules.of_meters(usable, board, meters))
        found += (f"{path.name}: {problem}" for problem in map_rules.of_phases(usable, meters))
    found += _broken_board_rules(str(table.get("board")), board_table, usable, found)
    if found or site is None or board is None or tariff_table is None:
        raise ConfigError(found)
    return Loaded(path.absolute(), _with_absolute_paths(site, path), board, meters, tariff_table)


def load_board(path: Path) -> Board:
    """Return the board file at ``path``. Raises ConfigError with every problem that can be found."""
    found: list[str] = []
    table = read(path, path.name, found)
    board = _as(Board, table, path.name, found)
    found += _broken_board_rules(path.name, table, None, found)
    if found or board is None:
        raise ConfigError(found)
    return board


def load_meter_maps(folder: Path = PACKAGED_METERS) -> dict[str, AnyMeterMap]:
    """Return every meter map in a folder by its name. Raises ConfigError with every problem found."""
    found: list[str] = []
    paths = sorted(folder.glob("*.toml"))
    maps = {path.stem: _as_map(read(path, path.name, found), path.stem, found) for path in paths}
    if found:
        raise ConfigError(found)
    return {name: meter for name, meter in maps.items() if meter is not None}


def _as(kind: type[T], table: Table | None, label: str, found: list[str]) -> T | None:
    """Return a table as its type, or None after saying what is wrong with it."""
    if table is None:
        return None
    lines = [f"{label}: {problem}" for problem in Shape(places()).problems(table, kind)]
    found += lines
    return None if lines else msgspec.convert(table, kind)


def _as_far_as_right(table: Table, kind: type[T]) -> T | None:
    """Return a table without what is wrong with it, to check the rest; None if nothing is left to check."""
    try:
        return msgspec.convert(Shape(places()).usable(table, kind), kind)
    except msgspec.ValidationError:
        return None


def _meters(path: Path, table: Table, found: list[str]) -> dict[str, AnyMeterMap]:
    meters: dict[str, AnyMeterMap] = {}
    missing: set[str] = set()
    for where, name in _map_names(table):
        if name in meters or name in missing:
            continue
        meter = _as_map(meter_map(name, where, path, found), name, found)
        if meter is None:
            missing.add(name)
        else:
            meters[name] = meter
    return meters


def _as_map(table: Table | None, name: str, found: list[str]) -> AnyMeterMap | None:
    """Return a table as the map of a meter; the key ``protocol`` tells one that speaks no Modbus."""
    kind: type[AnyMeterMap] = Dlt645Map if table and "protocol" in table else MeterMap
    label = f"meters/{name}.toml"
    meter = _as(kind, table, label, found)
    if meter is not None:
        found += (f"{label}: {problem}" for problem in map_rules.of_map(meter))
    return meter


def _map_names(table: Table) -> Iterator[tuple[str, str]]:
    """Yield where a meter map is named and its name, as far as the site file's shape allows."""
    evses = table.get("evse")
    for index, evse in enumerate(evses if isinstance(evses, list) else ()):
        meter = evse.get("meter") if isinstance(evse, dict) else None
        name = meter.get("map") if isinstance(meter, dict) else None
        if isinstance(name, str):
            yield f"evse[{index}].meter.map", name


def _broken_rules(
    path: Path, site: Site | None, board: Board | None, tariff: TariffFile | None
) -> Iterator[str]:
    if site is None:
        return
    yield from (f"{path.name}: {problem}" for problem in rules.of_site(site))
    if board is not None:
        yield from (f"{path.name}: {problem}" for problem in rules.of_wiring(site, board))
    if tariff is not None:
        yield from (f"{site.tariff}: {problem}" for problem in rules.of_tariff(site, tariff))


def _broken_board_rules(
    label: str, table: Table | None, site: Site | None, found: list[str]
) -> Iterator[str]:
    """Yield what is wrong between the board's keys, besides what was found wrong with a key itself."""
    board = None if table is None else _as_far_as_right(table, Board)
    if table is None or board is None:
        return
    if any(line.startswith(f"{label}: ") for line in found) and _lost_a_table(table):
        return  # what is in it would be said to be missing
    told = {line.split(": ")[1] for line in found if line.startswith(f"{label}: ")}
    for problem in board_rules.of_board(board, [evse.id for evse in site.evse] if site else ()):
        if problem.split(": ")[0] not in told:
            yield f"{label}: {problem}"


def _lost_a_table(table: Table) -> bool:
    """Return whether a whole table of a board file had to be left out, for one entry that makes no sense."""
    usable = Shape(places()).usable(table, Board)
    return isinstance(usable, dict) and any(
        isinstance(value, dict) and key not in usable for key, value in table.items()
    )


def _with_absolute_paths(site: Site, path: Path) -> Site:
    base = path.absolute().parent
    trace = str(base / site.csms.trace) if site.csms.trace else ""
    return msgspec.structs.replace(
        site,
        state_dir=str(base / site.state_dir),
        run_dir=str(base / site.run_dir),
        csms=msgspec.structs.replace(site.csms, trace=trace),
    )
