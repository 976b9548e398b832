"""Reading TOML files and finding those that a site file names. Problems are lines: "file: key: what"."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.shape import closest

PACKAGED_METERS = Path(__file__).parent / "meters"

Table = dict[str, Any]


def read(path: Path, label: str, found: list[str]) -> Table | None:
    """Return the table in a TOML file, its numbers with a point as exact decimals; None if it has none."""
    try:
        return tomllib.loads(path.read_bytes().decode(), parse_float=Decimal)
    except OSError as error:
        found.append(f"{label}: cannot be read: {error.strerror} ({path})")
    except UnicodeDecodeError as error:
        found.append(f"{label}: byte {error.start + 1} is not UTF-8; save the file as UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        found.append(f"{label}: {_syntax(str(error))}")
    return None


def named(key: str, site_path: Path, site: Table, found: list[str]) -> Table | None:
    """Return the table of the file that the site names under ``key``, relative to the site file."""
    name = site.get(key)
    if not isinstance(name, str):
        return None  # a problem of the site file's shape, told there
    path = site_path.parent / name
    if path.is_file():
        return read(path, name, found)
    found.append(f'{site_path.name}: {key}: there is no file "{name}"{_instead(path, site_path)}')
    return None


def meter_map(name: str, where: str, site_path: Path, found: list[str]) -> Table | None:
    """Return the meter map of that name: from ``meters/`` beside the site file, else from the package."""
    folders = (site_path.parent / "meters", PACKAGED_METERS)
    for folder in folders:
        path = folder / f"{name}.toml"
        if path.is_file() and path.parent == folder:
            return read(path, f"meters/{path.name}", found)
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    found.append(
        f'{site_path.name}: {where}: there is no meter map "{name}"; there are {", ".join(known) or "none"}'
        f" (own ones belong into {folders[0]}/){closest(name, known)}"
    )
    return None


def _instead(path: Path, site_path: Path) -> str:
    """Say what there is in place of a missing file."""
    if not path.parent.is_dir():
        return f"; {path.parent}/ does not exist"
    there = sorted(other.name for other in path.parent.glob("*.toml") if other != site_path)
    return f" in {path.parent}; there are {', '.join(there) or 'no others'}{closest(path.name, there)}"


def _syntax(message: str) -> str:
    """Put the place first: "Invalid value (at line 3, column 5)" → "line 3, column 5: Invalid value"."""
    what, separator, place = message.rpartition(" (at ")
    return f"{place.rstrip(')')}: {what}" if separator else message
