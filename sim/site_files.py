"""The files of a bench: site.toml, board.toml and tariff.toml, made from the packaged samples.

They are the files a site would have, so the firmware under test is configured as it is in the field.
"""

import json
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sim.board.dlt645 import address_of
from sim.board.meter_map import read_map
from sim.options import BenchOptions
from sim.processes import ROOT

Table = dict[str, Any]
CONFIG = ROOT / "config"
BESIDE_EACH_OTHER = {"board": "board.toml", "tariff": "tariff.toml"}
"""What a site file names when all three lie in one directory."""


def sample_site() -> Table:
    """Return config/site.example.toml as a dict."""
    return tomllib.loads((CONFIG / "site.example.toml").read_text())


def sample_board() -> Table:
    """Return config/boards/bench.toml as a dict."""
    return tomllib.loads((CONFIG / "boards" / "bench.toml").read_text())


def merged(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> Table:
    """Return ``base`` with ``overrides`` laid over it, table by table; lists are replaced whole."""
    result = dict(base)
    for key, value in overrides.items():
        below = result.get(key)
        both_tables = isinstance(value, Mapping) and isinstance(below, Mapping)
        result[key] = merged(below, value) if both_tables else value  # type: ignore[arg-type]
    return result


def timed_for(speed: int) -> Table:
    """Return site settings whose times, in billing seconds, stay a driver's pace at ``speed`` × real time.

    A driver has the same real minute to plug in whatever the rate of the billing clock is.
    """
    return {
        "transactions": {
            "connection_timeout_s": 60 * speed,
            "receipt_s": 60 * speed,
            "silent_meter_s": 5 * speed,
            "record_every_s": 60,
            "meter_seal_s": 2 * speed,
        },
        "web_payments": {"validity_s": min(3600, 30 * speed)},
    }


def site_for(options: BenchOptions) -> Table:
    """Return the site file's content that the options ask for, without the bench's own paths."""
    site = merged(sample_site(), timed_for(options.speed))
    site["evse"] = _evses(site["evse"][0], options)
    if options.language is not None:
        site["language"] = options.language
    if options.csms is not None:
        csms = options.csms
        settings = {"url": csms.url, "password": csms.password, "versions": [f"ocpp{csms.ocpp}"]}
        site = merged(site, {"station": {"id": csms.name}, "csms": settings})
    return merged(site, options.site)


def baudrate_of(meter: str) -> int:
    """Return the line's speed: 9600 baud; for a meter that signs its factory's, since its texts are long."""
    table = read_map(meter)
    return int(table.get("factory", {}).get("baudrate", 9600)) if "signs" in table else 9600


def board_for(options: BenchOptions) -> Table:
    """Return the board file's content for the options: each EVSE has the parts of the sample's one."""
    board = sample_board()
    board["evses"] = {str(number): board["evses"]["1"] for number in range(1, options.evses + 1)}
    board["serial"]["meter"]["baudrate"] = baudrate_of(options.meter)
    if options.supply_a is not None:
        board["max_current_a"] = options.supply_a
    return board


def _evses(first: Table, options: BenchOptions) -> list[Table]:
    """Return the EVSEs, each with the meter whose unit is its number."""
    meter = read_map(options.meter)
    wiring = {"map": options.meter, "port": first["meter"]["port"]}
    evses = []
    for number in range(1, options.evses + 1):
        line = {"address": address_of(number)} if "protocol" in meter else {"unit": number}
        evses.append({**first, "id": number, "phases": meter.get("phases", 3), "meter": {**wiring, **line}})
    return evses


def write_toml(path: Path, document: Mapping[str, Any]) -> None:
    """Write a TOML file; the values are what tomllib reads: str, int, float, bool, datetime, list, dict."""
    path.write_text("\n".join(_lines(document, ())) + "\n")


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not _is_section(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if not _is_section(value):
            continue
        name = (*path, _key(key))
        for section in value if isinstance(value, list) else [value]:
            brackets = "[[{}]]" if isinstance(value, list) else "[{}]"
            lines += ["", brackets.format(".".join(name)), *_lines(section, name)]
    return lines


def _is_section(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, Mapping) for item in value)
    return isinstance(value, Mapping)


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)
