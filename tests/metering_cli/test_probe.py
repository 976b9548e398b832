"""``wattseal meter probe`` finds speed, unit and model of meters of which nothing is known."""

import asyncio
import fcntl
import os
import re
from typing import NamedTuple

import pytest

from sim.board.meter_map import Measured
from sim.board.meters import meters_on
from tests.metering_cli.conftest import DEAD, IDLE, LOADED, ONE_PHASE, Said, interrupted, meters, run, start
from tests.metering_cli.strict_line import StrictLine
from tests.metering_cli.tcp_meter import tcp_meter


class Scene(NamedTuple):
    """A meter on a line of which the engineer knows only what ``words`` say."""

    name: str
    baudrate: int
    parity: str = "N"
    unit: int = 1
    measured: Measured = LOADED
    words: tuple[str, ...] = ()

    async def probed(self) -> Said:
        async with meters(self.name, self.baudrate, self.parity, self.unit, self.measured) as place:
            said = await run("probe", "--port", place.tty, *self.words)
            return Said(said.code, said.out.replace(place.tty, "TTY"), said.err)


SCENES = {
    "sdm630": Scene("eastron_sdm630_v2", 9600),
    "abb": Scene("abb_b23", 9600),
    "iem3155": Scene("schneider_iem3155", 19_200, "E"),
    "dlt645": Scene("dlt645_2007", 2400, "E"),
    "unit 9": Scene("abb_b23", 9600, unit=9, words=("--baudrate", "9600", "--parity", "N")),
    "one phase": Scene("eastron_sdm120", 2400, measured=ONE_PHASE, words=("--baudrate", "2400")),
    "set otherwise": Scene("chint_dtsu666", 4800, measured=IDLE, words=("--parity", "N")),
    "dead": Scene("abb_b23", 9600, measured=DEAD),
    "nobody": Scene("abb_b23", 19_200, words=("--baudrate", "9600", "--parity", "N", "--unit", "1")),
}


@pytest.fixture(scope="module")
def said() -> dict[str, Said]:
    """What each probe said; they wait for their lines most of the time, so they run side by side."""

    async def all_of_them() -> list[Said]:
        return list(await asyncio.gather(*(scene.probed() for scene in SCENES.values())))

    return dict(zip(SCENES, asyncio.run(all_of_them()), strict=True))


@pytest.mark.parametrize(
    ("scene", "where"),
    [
        ("sdm630", "9600 8N1, unit 1"),
        ("abb", "9600 8N1, unit 1"),
        ("iem3155", "19200 8E1, unit 1"),
        ("dlt645", "2400 8E1, DL/T 645 meter 202600000001"),
    ],
)
def test_a_meter_as_it_comes_out_of_its_box(said: dict[str, Said], scene: str, where: str) -> None:
    meter, (code, out, _) = SCENES[scene], said[scene]
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith(f"TTY: {where} answers (found in ")
    assert lines[1].startswith(f"{meter.name} (")
    assert "  power            6900 W" in lines
    assert f"  baudrate = {meter.baudrate}" in lines
    assert f'  parity = "{meter.parity}"' in lines


def test_live_values_and_what_to_write_are_shown(said: dict[str, Said]) -> None:
    lines = said["abb"].out.splitlines()
    assert lines[1] == "abb_b23 (ABB B23/B24)"
    assert re.fullmatch(r"  sure; 1 of \d+ maps fit, with points: abb_b23 \d+", lines[2])
    assert lines[3:8] == [
        "  import register  1234.5600 kWh, in steps of 0.0100 kWh",
        "  power            6900 W",
        "  voltage          229.5  230.2  230.9 V",
        "  current          10.020  9.950  10.000 A",
        "  serial number    26000001",
    ]
    assert '  meter = { map = "abb_b23", port = "meter", unit = 1 }' in lines


def test_a_dlt645_meter_is_wired_by_its_address(said: dict[str, Said]) -> None:
    written = '  meter = { map = "dlt645_2007", port = "meter", address = "202600000001" }'
    assert written in said["dlt645"].out.splitlines()


def test_maps_that_read_the_same_are_not_decided_between(said: dict[str, Said]) -> None:
    out = said["sdm630"].out
    assert "these fit alike: the plate on the meter tells which it is" in out
    assert "\neastron_sdm630_v2 (" in out
    assert "\neastron_sdm72d_m_v2 (" in out


def test_a_unit_far_from_the_first_is_found(said: dict[str, Said]) -> None:
    assert said["unit 9"].out.startswith("TTY: 9600 8N1, unit 9 answers")
    assert "unit = 9 }" in said["unit 9"].out


def test_a_single_phase_meter_is_told_from_its_three_phase_sister(said: dict[str, Said]) -> None:
    lines = said["one phase"].out.splitlines()
    assert lines[0].startswith("TTY: 2400 8N1, unit 1 answers")
    assert lines[1].startswith("eastron_sdm120 (")


def test_a_meter_without_a_load_that_was_set_otherwise(said: dict[str, Said]) -> None:
    out = said["set otherwise"].out
    assert out.startswith("TTY: 4800 8N1, unit 1 answers")
    assert "\nchint_dtsu666 (" in out


def test_a_meter_without_mains_is_not_guessed(said: dict[str, Said]) -> None:
    code, out, _ = said["dead"]
    assert code == 1
    assert "no map fits" in out
    assert "next: find its register table" in out


def test_nobody_there_is_told_with_what_to_do(said: dict[str, Said]) -> None:
    code, out, _ = said["nobody"]
    assert code == 1
    assert out.startswith("TTY: nobody answers (asked for ")
    assert "next: check the meter's supply" in out


def test_progress_is_told_for_each_setting(said: dict[str, Said]) -> None:
    told = [line.split(" …")[0] for line in said["iem3155"].err.splitlines()]
    assert told[0] == "9600 8N1"
    assert told[-1] == "19200 8E1"
    assert "at most" in said["iem3155"].err


def test_each_of_several_dlt645_meters_on_one_line_is_read() -> None:
    async def scene() -> Said:
        line = StrictLine(9600, "E")
        line.start()
        both = meters_on(line.device_tty, "dlt645_2007", {1: lambda: LOADED, 2: lambda: IDLE}, lambda: 0.0)
        await both.start()
        try:
            return await run("probe", "--port", line.station_tty, "--baudrate", "9600", "--parity", "E")
        finally:
            await both.stop()
            line.close()

    code, out, _ = asyncio.run(scene())
    assert code == 0
    assert re.findall(r"DL/T 645 meter (\d+) answers", out) == ["202600000001", "202600000002"]
    assert re.findall(r"power +(\d+) W", out) == ["6900", "0"]


def test_a_meter_behind_a_gateway() -> None:
    async def scene() -> Said:
        async with tcp_meter("janitza_b23", 17, LOADED) as port:
            return await run("probe", "--tcp", f"127.0.0.1:{port}")

    code, out, _ = asyncio.run(scene())
    lines = out.splitlines()
    assert code == 0
    assert re.match(r"127\.0\.0\.1:\d+: unit 17 answers", lines[0])
    assert lines[1].startswith("janitza_b23 (")
    assert "  [tcp.meter]" in lines
    assert "  power            6900 W" in lines


def test_control_c_ends_it_clean_and_frees_the_port() -> None:
    async def scene() -> None:
        async with meters("abb_b23", 115_200) as place:
            process = await start("probe", "--port", place.tty, "--baudrate", "9600")
            said = await interrupted(process, lambda line: line.startswith("9600"), "stderr")
            assert (said.code, said.out) == (130, "")
            assert said.err.endswith("stopped; the port is free again\n")
            descriptor = os.open(place.tty, os.O_RDWR | os.O_NOCTTY)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(descriptor)

    asyncio.run(scene())


def test_a_port_that_another_process_has_is_left_alone() -> None:
    async def scene() -> None:
        async with meters("abb_b23", 9600) as place:
            owner = os.open(place.tty, os.O_RDWR | os.O_NOCTTY)
            fcntl.flock(owner, fcntl.LOCK_EX)
            said = await run("probe", "--port", place.tty)
            os.close(owner)
            assert said.code == 1
            assert f"{place.tty} is in use by another process; if the station runs, its agent" in said.err
            assert place.line.lost == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "/dev/not-there"), "/dev/not-there is not there; technician: check the adapter's cable"),
        (("--tcp", "127.0.0.1:1"), "127.0.0.1:1 refuses the connection: no Modbus TCP at this port"),
    ],
)
def test_what_cannot_be_opened_is_told(words: tuple[str, ...], said: str) -> None:
    heard = asyncio.run(run("probe", *words))
    assert heard.code == 1
    assert said in heard.err


WRONG_WORDS: dict[tuple[str, ...], str] = {
    ("--tcp", "host:0"): "'host:0' is no HOST or HOST:PORT",
    ("--unit", "248"): "'248' is no number from 1 to 247",
    ("--config", "nowhere.toml"): "nowhere.toml: cannot be read",
    ("--port", "a", "--tcp", "b"): "not allowed with argument --port",
}


def test_wrong_words_are_told() -> None:
    async def all_of_them() -> list[Said]:
        return list(await asyncio.gather(*(run("probe", *words) for words in WRONG_WORDS)))

    for heard, said in zip(asyncio.run(all_of_them()), WRONG_WORDS.values(), strict=True):
        assert heard.code == 2
        assert said in heard.err
