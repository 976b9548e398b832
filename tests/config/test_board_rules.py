"""A board file holds together, or each thing that does not is told: which key, what, what next."""

import shutil
from pathlib import Path

import pytest

import config
from config.board_rules import evses_of, of_board
from config.load import ConfigError, load, load_board
from config.schema import EvseParts

BOARDS = Path(config.__file__).parent / "boards"
WORKED = (BOARDS / "raspberry_pi_4.toml").read_text()
TWO = (BOARDS / "raspberry_pi_4_two_evses.toml").read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "board.toml"


def told(file: Path, text: str) -> list[str]:
    """Return what is said of a board file with that text; every line begins with the file's name."""
    file.write_text(text)
    try:
        load_board(file)
    except ConfigError as error:
        assert all(line.startswith("board.toml: ") for line in error.problems)
        return [line.removeprefix("board.toml: ") for line in error.problems]
    return []


def edited(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def without(text: str, table: str) -> str:
    """Return the text without one table."""
    begin = text.index(f"[{table}]")
    end = text.find("\n[", begin)
    return text[:begin] + (text[end + 1 :] if end >= 0 else "")


@pytest.mark.parametrize("path", sorted(BOARDS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_board_file_loads(path: Path) -> None:
    board = load_board(path)
    assert not list(of_board(board, evses_of(board)))


MISSING = {
    'outputs."evse1.contactor"': "evses.1.economiser = false needs it",
    "inputs.emergency_stop": "every board needs it",
    'inputs."evse1.contactor_mirror"': "every board needs it",
    'outputs."evse1.lock_reverse"': 'evses.1.lock = "motor" needs it',
    'outputs."evse1.residual_test"': "evses.1.residual_current = true needs it",
    'inputs."evse1.residual_current"': "evses.1.residual_current = true needs it",
    'pwms."evse1.pilot"': "every board needs it",
    'adcs."evse1.pilot_high"': "every board needs it",
    'adcs."evse1.pilot_low"': "every board needs it",
    'adcs."evse1.proximity"': "evses.1.proximity = {…} needs it",
    'thermometers."evse1.temperature"': "evses.1.derating = {…} needs it",
    "inputs.power_failing": 'evses.1.release_on = ["PowerFailing"] needs it',
}


@pytest.mark.parametrize(("table", "why"), MISSING.items())
def test_a_port_that_a_part_needs_is_missed(file: Path, table: str, why: str) -> None:
    assert told(file, without(WORKED, table)) == [f"{table}: missing, {why}"]


MISTAKES = {
    ('"evse1.contactor"]', '"evse1.contactr"]'): [
        'outputs."evse1.contactr": unknown port, did you mean "evse1.contactor"?',
        'outputs."evse1.contactor": missing, evses.1.economiser = false needs it',
    ],
    ("[inputs.door]", "[inputs.dor]"): ['inputs.dor: unknown port, did you mean "door"?'],
    ("[inputs.door]", "[outputs.door]"): [
        "outputs.door.bias: unknown key here, it belongs into [inputs.NAME] of the board file",
        "outputs.door.debounce_us: unknown key here, it belongs into [inputs.NAME] of the board file",
        "outputs.door: belongs into [inputs]",
    ],
    ("line = 27", "line = 17"): [
        'outputs.heartbeat: line 17 of gpiochip0 is used by outputs."evse1.contactor" already'
    ],
    ("line = 26", "line = 17"): [
        'inputs."evse1.contactor_mirror": line 17 of gpiochip0 is used by outputs."evse1.contactor" already'
    ],
    ("line = 26", "line = 1.5"): [
        'inputs."evse1.contactor_mirror".line: 1.5 is not a whole number at least 0 or text'
    ],
    ("inverted = true", "frequency_hz = 500"): [
        'pwms."evse1.pilot".frequency_hz: 500, a control pilot has 1000 (IEC 61851-1, Annex A)'
    ],
    ("inverted = true", "safe_e4 = 0"): [
        'pwms."evse1.pilot".safe_e4: 0, a pilot that offers no energy is steady high: write 10000, '
        "or leave it out"
    ],
    ('channel = "voltage1"', 'channel = "voltage0"'): [
        'adcs."evse1.pilot_low": channel "voltage0" is read by adcs."evse1.pilot_high" already; '
        'only its peak = "high" and its peak = "low" can be two inputs'
    ],
    ("gain = 4", "gain = 0"): [
        'adcs."evse1.pilot_high".gain: 0 measures nothing; it is the divider\'s factor from the input to the '
        "terminal"
    ],
    ("gain = 4", 'peak = "low"'): ['adcs."evse1.pilot_high".peak: "low"; this one is the "high" peak'],
    ('device = "mcp3208"', 'coprocessor = "pilots"'): [
        'adcs."evse1.pilot_high".coprocessor: there is no coprocessor "pilots", there is none',
        'adcs."evse1.pilot_high".channel: "voltage0" is not high, low or proximity, with the number of the '
        'pilot behind it: "high0"',
    ],
    ("resume_c = 70", "resume_c = 80"): ["evses.1.derating.resume_c: 80 must be below stop_c, which is 80"],
    ("from_c = 60", "from_c = 90"): ["evses.1.derating.from_c: 90 must be below stop_c, which is 80"],
    ("residual_current = true", "under_voltage_v = 264\nresidual_current = true"): [
        "evses.1.under_voltage_v: 264 must be below over_voltage_v, which is 264"
    ],
    ("residual_current = true\n", ""): [
        'outputs."evse1.residual_test": nobody would use it; write evses.1.residual_current = true, or '
        "remove it",
        'inputs."evse1.residual_current": nobody would use it; write evses.1.residual_current = true, or '
        "remove it",
    ],
    ("[evses.1]", "[evses.one]"): ["evses.one: must be the number of an EVSE, like evses.1"],
    ('backend = "linux"', 'backend = "linux"\naddress = "/run/board"'): [
        'address: not for backend "linux", which is this machine itself; remove it'
    ],
    ('backend = "linux"', 'backend = "linux"\nclock = { source = "scaled", rate = 60 }'): [
        'clock.source: "scaled" bills faster than time passes; on backend "linux" write "system"'
    ],
    ('backend = "linux"', 'backend = "linux"\nmax_current_a = 5'): [
        "max_current_a: 5 is not a whole number at least 6"
    ],
    ("[leds.alive]", '[leds."evse1.ventilation"]'): [
        'leds."evse1.ventilation": is the name of a port, a LED needs another one'
    ],
    ("timeout_s = 5", "timeout_s = 90"): ["watchdog.timeout_s: 90 is not a whole number from 1 to 60"],
}


@pytest.mark.parametrize(("change", "lines"), MISTAKES.items(), ids=lambda value: str(value)[:60])
def test_a_mistake_is_told_with_its_key(file: Path, change: tuple[str, str], lines: list[str]) -> None:
    found = told(file, edited(WORKED, change))
    assert [line for line in found if line in lines] == lines, found
    if "evses.one" not in lines[0]:
        assert found == lines


TWO_MISTAKES = {
    ('channel = "high1"', 'channel = "high0"'): [
        'adcs."evse2.pilot_high".channel: "high0" is of another pilot; evse2.pilot is '
        'channel 1: write "high1"',
        'adcs."evse2.pilot_high": channel "high0" is read by adcs."evse1.pilot_high" already; '
        'only its peak = "high" and its peak = "low" can be two inputs',
    ],
    ('channel = "low1"', 'channel = "high1"'): [
        'adcs."evse2.pilot_low".channel: "high1", this one must be "low1"',
        'adcs."evse2.pilot_low": channel "high1" is read by adcs."evse2.pilot_high" already; '
        'only its peak = "high" and its peak = "low" can be two inputs',
    ],
    ('"pilots"\nchannel = 1', '"pilot"\nchannel = 1'): [
        'pwms."evse2.pilot".coprocessor: there is no coprocessor "pilot", there is "pilots", did you mean '
        '"pilots"?'
    ],
    ('"pilots"\nchannel = 1', '"pilots"\nchannel = 0'): [
        'adcs."evse2.pilot_high".channel: "high1" is of another pilot; evse2.pilot is '
        'channel 0: write "high0"',
        'adcs."evse2.pilot_low".channel: "low1" is of another pilot; evse2.pilot is channel 0: write "low0"',
        'pwms."evse2.pilot": channel 0 of coprocessor pilots is used by pwms."evse1.pilot" already',
    ],
    ("safe_e4 = 0", ""): [
        'pwms."evse1.contactor".safe_e4: 10000 keeps the contactor closed when nobody drives it; write 0'
    ],
    ('"/dev/ttyAMA3"', '"/dev/ttyAMA0"'): [
        "coprocessors.pilots.device: /dev/ttyAMA0 is used by serial.meter.device already"
    ],
    ('lock = "none"', 'lock = "none"\nlock_holds = "holster"'): [
        'evses.1.lock_holds: "holster" needs a lock, and evses.1.lock is "none"'
    ],
}


@pytest.mark.parametrize(("change", "lines"), TWO_MISTAKES.items(), ids=lambda value: str(value)[:60])
def test_a_mistake_between_two_evses_is_told(file: Path, change: tuple[str, str], lines: list[str]) -> None:
    assert told(file, edited(TWO, change)) == lines


def test_a_coil_on_a_pwm_needs_the_heartbeat(file: Path) -> None:
    assert told(file, without(TWO, "outputs.heartbeat")) == [
        f"outputs.heartbeat: missing, a PWM goes on when the interlock is killed: pwms.\"evse{n}.contactor\" "
        "must be fed by it"
        for n in (1, 2)
    ]  # fmt: skip


def test_something_opens_the_contactor_when_the_interlock_hangs(file: Path) -> None:
    no_watchdog = without(WORKED, "watchdog")
    assert told(file, no_watchdog) == []
    assert told(file, without(no_watchdog, "outputs.heartbeat")) == [
        "watchdog: missing, nothing would open a contactor when the interlock hangs; "
        "name the [watchdog], or outputs.heartbeat if that feeds the coils"
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ['address: missing, backend "remote" needs the path of the board\'s socket']),
        (
            'address = "/run/board"\n[outputs."evse1.contactor"]\nchip = "/dev/gpiochip0"\nline = 1\n[rtc]',
            [
                'outputs: not for backend "remote", that board declares its own ports; remove the table',
                'rtc: not for backend "remote", that board declares its own ports; remove the table',
            ],
        ),
        ('address = "/run/board"\n[watchdog]\n[evses.1]\nresidual_current = true', []),
    ],
)
def test_a_remote_board_needs_its_address_and_names_no_port(file: Path, text: str, lines: list[str]) -> None:
    assert told(file, f'backend = "remote"\n{text}') == lines


def test_all_problems_of_a_board_are_told_at_once(file: Path) -> None:
    text = edited(WORKED, ("debounce_us = 200\n", "debounce_ms = 2\n"), ("line = 27", "line = 17"))
    found = told(file, without(text, "inputs.emergency_stop"))
    assert [line.split(": ")[0] for line in found] == [
        'inputs."evse1.residual_current".debounce_ms',
        "inputs.emergency_stop",
        "outputs.heartbeat",
    ]


def test_a_key_that_is_wrong_in_itself_is_told_once(file: Path) -> None:
    assert told(file, edited(TWO, ("safe_e4 = 0", 'safe_e4 = "0"'))) == [
        'pwms."evse1.contactor".safe_e4: "0" is not a whole number from 0 to 10000'
    ]


def test_a_site_and_its_board_have_the_same_evses(tmp_path: Path) -> None:
    for name in ("boards", "tariffs"):
        shutil.copytree(BOARDS.parent / name, tmp_path / name)
    site = tmp_path / "site.toml"
    text = (BOARDS.parent / "site.example.toml").read_text()
    site.write_text(text.replace("bench.toml", "raspberry_pi_4_two_evses.toml"))
    with pytest.raises(ConfigError) as refused:
        load(site)
    assert refused.value.problems == (
        "boards/raspberry_pi_4_two_evses.toml: evses.2: the site has no EVSE 2, it has 1",
    )
    second = '\n[[evse]]\nid = 2\nmeter = { map = "eastron_sdm630_v2", unit = 2 }\n'
    site.write_text(text.replace("bench.toml", "raspberry_pi_4.toml") + second)
    with pytest.raises(ConfigError) as refused:
        load(site)
    assert 'boards/raspberry_pi_4.toml: pwms."evse2.pilot": missing, every board needs it' in (
        refused.value.problems
    )


def test_an_evse_that_the_file_does_not_describe_has_the_plain_parts() -> None:
    board = load_board(BOARDS / "raspberry_pi_4.toml")
    assert evses_of(board, (2,))[2] == EvseParts()
