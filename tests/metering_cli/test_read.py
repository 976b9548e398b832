"""``wattseal meter read``: what there is, with units; what there is not, in words, never zero."""

import asyncio
import re
from pathlib import Path

import pytest

from tests.metering_cli.conftest import Said, meters, run
from tests.runtime.test_faults_command import served
from tests.support.virtual import VirtualStation

SITE = Path(__file__).parents[2] / "config" / "site.example.toml"


def read(name: str, by: str, *words: str, health: str = "ok") -> Said:
    async def scene() -> Said:
        async with meters(name, 9600) as place:
            place.meters.health[1] = health  # type: ignore[assignment]
            said = await run("read", "--port", place.tty, "--map", by, *words)
            return Said(said.code, said.out.replace(place.tty, "TTY"), said.err)

    return asyncio.run(scene())


def site(tmp_path: Path, tty: str) -> Path:
    """Write a site whose one meter is on that line, and whose agent's socket is beside it."""
    for folder in ("boards", "tariffs"):
        (tmp_path / folder).mkdir()
        for file in (SITE.parent / folder).iterdir():
            (tmp_path / folder / file.name).write_text(file.read_text())
    board = tmp_path / "boards" / "bench.toml"
    board.write_text(board.read_text().replace("/run/wattseal/tty-meter", tty))
    path = tmp_path / "site.toml"
    path.write_text(SITE.read_text().replace('"/run/wattseal"', f'"{tmp_path}"'))
    return path


def test_a_reading_has_units_resolution_and_number() -> None:
    said = read("abb_b23", "abb_b23")
    *lines, took = said.out.splitlines()
    assert said.code == 0
    assert lines == [
        "TTY: abb_b23 (ABB B23/B24)",
        "  import register  1234.5600 kWh, in steps of 0.0100 kWh",
        "  power            6900 W",
        "  voltage          229.5  230.2  230.9 V",
        "  current          10.020  9.950  10.000 A",
        "  serial number    26000001",
    ]
    assert re.fullmatch(r"  read in          \d+ ms", took)


@pytest.mark.parametrize(
    ("by", "health", "why", "what_next"),
    [
        (
            "eastron_sdm630_v2",
            "ok",
            "unit 1 refused with Modbus exception 2",
            "installer: choose the register map",
        ),
        ("abb_b23", "silent", "unit 1 gave no reply in ", "technician: check the meter's supply"),
        ("abb_b23", "junk", "", "technician: check shield, termination"),
    ],
)
def test_an_absence_is_told_with_what_to_do(by: str, health: str, why: str, what_next: str) -> None:
    said = read("abb_b23", by, health=health)
    assert said.code == 1
    assert f"  no reading       {why}" in said.out
    assert f"  next             {what_next}" in said.out
    assert "0 W" not in said.out


def test_the_meters_of_a_site(tmp_path: Path) -> None:
    async def scene() -> Said:
        async with meters("eastron_sdm630_v2", 9600) as place:
            return await run("read", "--config", site(tmp_path, place.tty))

    said = asyncio.run(scene())
    assert said.code == 0
    assert said.out.startswith(
        "EVSE 1: eastron_sdm630_v2 (Eastron SDM630-Modbus V2)\n  import register  1234.567"
    )


def test_a_running_agent_is_asked_for_what_it_has_read(tmp_path: Path) -> None:
    path = site(tmp_path, "/dev/not-there")
    with served(VirtualStation().run(seconds=2), path):
        said = asyncio.run(run("read", "--config", path))
    assert said.code == 0
    assert "  import register  " in said.out
    assert re.search(r"  read             by the running agent, \d+\.\d s ago\n", said.out)


def test_what_the_agent_says_of_a_silent_meter(tmp_path: Path) -> None:
    path = site(tmp_path, "/dev/not-there")
    station = VirtualStation().run(seconds=2).silence_meter().run(seconds=10)
    with served(station, path):
        said = asyncio.run(run("read", "--config", path, "--evse", "1"))
    assert said.code == 1
    assert "  no reading       " in said.out
    assert "kWh" not in said.out


WRONG_WORDS: dict[tuple[str, ...], str] = {
    (): "name a site with --config, or a port",
    ("--port", "/dev/x"): "name a site with --config, or a port",
    ("--port", "/dev/x", "--map", "abb_b24"): 'no meter map "abb_b24", did you mean "abb_b23"?',
    ("--tcp", "host", "--map", "dlt645_2007"): "dlt645_2007 is spoken on serial lines only",
    ("--config", str(SITE), "--evse", "4"): "--evse: the site has no EVSE 4, it has 1",
    ("--port", "/dev/x", "--map", "dlt645_2007", "--address", "12x"): "'12x' is not of twelve digits",
}


def test_wrong_words_are_told() -> None:
    async def all_of_them() -> list[Said]:
        return list(await asyncio.gather(*(run("read", *words) for words in WRONG_WORDS)))

    for heard, said in zip(asyncio.run(all_of_them()), WRONG_WORDS.values(), strict=True):
        assert heard.code == 2
        assert said in heard.err
