"""A site file is loaded whole, or everything that is wrong with it is said: where, what, what next."""

import shutil
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from config.load import ConfigError, describe_problems, load
from config.schema import Loaded

PACKAGE = Path(config.__file__).parent


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a copy of the sample site, with its board and tariff."""
    for name in ("boards", "tariffs"):
        shutil.copytree(PACKAGE / name, tmp_path / name)
    shutil.copy(PACKAGE / "site.example.toml", tmp_path / "site.toml")
    return tmp_path / "site.toml"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def problems(site: Path) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(site)
    assert describe_problems(refused.value).splitlines() == list(refused.value.problems)
    return list(refused.value.problems)


def test_the_sample_site_loads_with_all_that_it_names() -> None:
    loaded = load(PACKAGE / "site.example.toml")
    assert loaded.site.operator.name == "楚氏充电"
    assert loaded.board.serial["meter"].baudrate == 9600
    assert loaded.meters["eastron_sdm630_v2"].import_dwh.at == 0x48
    assert loaded.tariff["energy"]["prices"][0]["priceKwh"] == Decimal("1.45")


def test_every_tariff_and_meter_of_the_package_loads(site: Path) -> None:
    for tariff in (PACKAGE / "tariffs").glob("*.toml"):
        change(site, 'tariff = "', f'tariff = "tariffs/{tariff.name}" # ')
        load(site)
    change(site, "phases = 3", "phases = 1")  # a meter of one phase would not see the others
    plain = site.read_text()
    for meter in (PACKAGE / "meters").glob("*.toml"):
        site.write_text(plain)
        change(site, 'map = "eastron_sdm630_v2"', f'map = "{meter.stem}"')
        load(site)


def test_relative_paths_are_relative_to_the_site_file(site: Path) -> None:
    change(site, 'state_dir = "/var/lib/wattseal"', 'state_dir = "state"')
    change(site, "call_timeout_s", 'trace = "frames.jsonl"\ncall_timeout_s')
    loaded = load(site)
    assert loaded.site.state_dir == str(site.parent / "state")
    assert loaded.site.run_dir == "/run/wattseal"
    assert loaded.site.csms.trace == str(site.parent / "frames.jsonl")


def test_a_sites_own_meter_map_comes_before_the_packaged_one(site: Path) -> None:
    own = site.parent / "meters" / "eastron_sdm630_v2.toml"
    own.parent.mkdir()
    text = (PACKAGE / "meters" / own.name).read_text()
    own.write_text(text.replace("resolution_dwh = ", "resolution_dwh = 7 # ", 1))
    assert load(site).meters["eastron_sdm630_v2"].resolution_dwh == 7


MISTAKES = {
    ("unit = 1", "unti = 1"): 'evse[0].meter.unti: unknown key, did you mean "unit"?',
    ("unit = 1", "baud = 9600"): 'evse[0].meter.baud: unknown key, did you mean "baudrate"?',
    ("unit = 1", 'rs485 = "on"'): "evse[0].meter.rs485: unknown key",
    ("unit = 1", "unit = 0"): "evse[0].meter.unit: 0 is not a whole number from 1 to 247",
    ("unit = 1", 'unit = "1"'): 'evse[0].meter.unit: "1" is not a whole number from 1 to 247',
    ("t_a = 32", "t_a = 100"): "evse[0].max_current_a: 100 is not a whole number from 6 to 80",
    ("t_a = 32", "t_a = 32.0"): "evse[0].max_current_a: 32.0 is not a whole number from 6 to 80",
    ("t_a = 32", "t_a = true"): "evse[0].max_current_a: true is not a whole number from 6 to 80",
    ("phases = 3", "phases = 2"): "evse[0].phases: 2 is not one of 1, 3",
    ('"zh"', '"zhe"'): 'language: "zhe" is not one of "en", "zh", did you mean "zh"?',
    ('"CNY"', '"yuan"'): 'currency: "yuan" is not text of three capital letters, like CNY',
    ('id = "chu-003"', 'id = ""'): 'station.id: "" is not text of 1 to 48 characters',
    ("length = 12", "length = nan"): "web_payments.length: NaN is no number to calculate with",
    ("length = 12", "length = 2026-01-01"): "web_payments.length: a date or time must be in quotes: "
    '"2026-01-01"',
    ("[60, 120, 180]", "60"): "offers.minutes: 60 is not a list",
    ("[60, 120, 180]", '[60, "2h"]'): 'offers.minutes[1]: "2h" is not a whole number above 0',
    ('url = "ws', 'uri = "ws'): 'csms.uri: unknown key, did you mean "url"?',
    ('url = "ws', 'uri  = "ws'): "csms.url: missing, it must be text",
    ("ws://127.0.0.1:9000", "http://x"): 'csms.url: "http://x/ocpp" must begin with ws:// or wss://',
    ("127.0.0.1:9000/ocpp", "x:port"): 'csms.url: "ws://x:port" is no URL: Port could not be cast',
    ("127.0.0.1:9000/ocpp", "/ocpp"): 'csms.url: "ws:///ocpp" is no URL: it names no host',
    ("ws://127", "ws://me:secret@127"): "csms.url: a password does not belong in a URL",
    ('password = ""', "password = 271828"): "csms.password: this value is not text",
    ('url_template = "http', 'url_template = "ftp'): "must begin with http:// or https://",
    ("{evse}", "{evs}"): "web_payments.url_template: {evs} is not known, known are {chargingstationid}, "
    '{evse}, {totp}, {version}, did you mean "evse"?',
    ("?totp={totp}", "?"): "web_payments.url_template: {totp} is missing",
    ("Asia/Shanghai", "Asia/Shangai"): '"Asia/Shangai" is not known, did you mean "Asia/Shanghai"?',
    ("Asia/Shanghai", "../etc"): 'time_zone: "../etc" is not known',
    ('port = "meter"', 'port = "metre"'): 'evse[0].meter.port: the board has no port "metre", '
    'it has "meter", did you mean "meter"?',
    ("sdm630_v2", "sdm630"): 'evse[0].meter.map: there is no meter map "eastron_sdm630"; there are ',
    ("eastron_sdm630_v2", "../boards/bench"): 'there is no meter map "../boards/bench"',
    ("boards/bench.toml", "boards/bnch.toml"): 'board: there is no file "boards/bnch.toml" in ',
    ("boards/bench", "boards/bnch"): 'virtual_arm64.toml, did you mean "bench.toml"?',
    ("boards/bench.toml", "nowhere/bench.toml"): "nowhere/ does not exist",
    ('tariff = "', 'tarif = "'): 'tarif: unknown key, did you mean "tariff"?',
    ("[[evse]]", "[evse]"): "evse: a table is not a list of at least 1; write [[evse]] above each element",
}


@pytest.mark.parametrize(("old", "new", "told"), [(*edit, told) for edit, told in MISTAKES.items()])
def test_a_mistake_in_the_site_file_is_told_with_its_place(site: Path, old: str, new: str, told: str) -> None:
    change(site, old, new)
    found = problems(site)
    assert any(told in problem for problem in found), found
    assert all(problem.startswith("site.toml: ") for problem in found)


BOARD_MISTAKES = {
    ("= 9600", "= 9601"): "serial.meter.baudrate: 9601 is not one of 300, 600, 1200, 2400",
    ("baudrate", "baud"): 'serial.meter.baud: unknown key, did you mean "baudrate"?',
    ('"remote"', '"linus"'): 'backend: "linus" is not one of "linux", "remote", did you mean "linux"?',
    ("[clock]", "[clock"): "line ",
}
TARIFF_MISTAKES = {
    ("[fixedFee]", "[fixedfee]"): 'fixedfee: unknown key, did you mean "fixedFee"?',
    ("tariffId", "tariffID"): 'tariffID: unknown key, did you mean "tariffId"?',
    ("priceKwh = 1.45", 'priceKwh = "1.45"'): 'energy.prices[0].priceKwh: "1.45" is not a number',
    ("priceKwh = 1.45", "priceKwh = inf"): "priceKwh: Infinity is no number to calculate with",
    ('"10:00"', '"24:00"'): 'conditions.startTimeOfDay: "24:00" is not text like 09:30',
    ('"10:00"', "10:00:00"): "startTimeOfDay: a date or time must be in quotes",
    ("serviceKwh = 0.5", "since = 2026-01-01"): "customData.since: a date or time must be in quotes",
    ('"CNY"', '"EUR"'): 'currency: "EUR", but the site sells in "CNY"',
}


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [("boards/bench.toml", *edit, told) for edit, told in BOARD_MISTAKES.items()]
    + [("tariffs/chu_time_of_use.toml", *edit, told) for edit, told in TARIFF_MISTAKES.items()],
)
def test_a_mistake_in_a_named_file_is_told_with_that_file(
    site: Path, file: str, old: str, new: str, told: str
) -> None:
    change(site.parent / file, old, new)
    found = problems(site)
    assert any(told in problem for problem in found), found
    assert all(problem.startswith(f"{file}: ") for problem in found)


def test_all_mistakes_in_all_files_are_told_at_once(site: Path) -> None:
    change(site, 'language = "zh"', 'language = "cn"')
    change(site, 'label = "3"', 'lable = "3"')
    change(site, "ws://", "http://")
    change(site, "unit = 1", "unit = 999")
    change(site.parent / "boards" / "bench.toml", "stopbits = 1", "stopbits = 3")
    change(site.parent / "tariffs" / "chu_time_of_use.toml", '"CNY"', '"EUR"')
    found = problems(site)
    places = ("language", "station.lable", "csms.url", "evse[0].meter.unit", "serial.meter.stopbits", '"EUR"')
    for part in places:
        assert sum(part in problem for problem in found) == 1, (part, found)
    assert len(found) == 6


def test_a_secret_is_never_shown(site: Path) -> None:
    change(site, 'password = ""', "password = [271828]")
    assert "271828" not in "\n".join(problems(site))


SECOND = """
[[evse]]
id = {id}
meter = {{ map = "eastron_sdm630_v2", unit = {unit} }}
"""


@pytest.mark.parametrize(
    ("number", "unit", "told"),
    [
        (1, 2, ["site.toml: evse[1].id: 1 is taken by evse[0]"]),
        (2, 1, ['site.toml: evse[1].meter.unit: 1 on port "meter" is taken by evse[0]; '
                "two meters on one line need two unit numbers"]),
    ],
)  # fmt: skip
def test_no_two_evses_share_a_number_or_a_meter(site: Path, number: int, unit: int, told: list[str]) -> None:
    site.write_text(site.read_text() + SECOND.format(id=number, unit=unit))
    assert problems(site) == told


def test_two_evses_with_two_meters_are_fine(site: Path) -> None:
    site.write_text(site.read_text() + SECOND.format(id=2, unit=2))
    assert [evse.id for evse in load(site).site.evse] == [1, 2]


def test_a_broken_meter_map_is_told_once_for_all_that_use_it(site: Path) -> None:
    site.write_text(site.read_text() + SECOND.format(id=2, unit=2))
    own = site.parent / "meters" / "eastron_sdm630_v2.toml"
    own.parent.mkdir()
    own.write_text((PACKAGE / "meters" / own.name).read_text().replace("function = 4", "function = 5"))
    assert problems(site) == ["meters/eastron_sdm630_v2.toml: function: 5 is not one of 3, 4"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[station]\nid = \n", "site.toml: line 2, column 6: Invalid value"),
        (b"a = 1\na = 2\n", "site.toml: line 2, column 6: Cannot overwrite a value"),
        (b"a = 'never closed", "site.toml: end of document: "),
        (b"a = '\xff'", "site.toml: byte 6 is not UTF-8; save the file as UTF-8 text"),
        (b"", "site.toml: station: missing, it must be a table"),
        (b"evse = 3", "site.toml: evse: 3 is not a list of at least 1"),
        (b"evse = [3]", "site.toml: evse[0]: 3 is not a table"),
        (b"board = 3", "site.toml: board: 3 is not text"),
    ],
)
def test_what_is_no_site_file_is_told_with_the_place(site: Path, content: bytes, told: str) -> None:
    site.write_bytes(content)
    assert any(problem.startswith(told) for problem in problems(site))


def test_a_missing_site_file_and_a_directory_are_told(tmp_path: Path) -> None:
    assert problems(tmp_path / "site.toml") == [
        f"site.toml: cannot be read: No such file or directory ({tmp_path}/site.toml)"
    ]
    assert "Is a directory" in problems(tmp_path)[0]


LINES = (PACKAGE / "site.example.toml").read_bytes().splitlines(keepends=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(range(len(LINES))), max_size=4), st.binary(max_size=8), st.integers(0))
def test_whatever_is_written_it_loads_or_is_told(removed: list[int], junk: bytes, where: int) -> None:
    content = bytearray(b"".join(line for number, line in enumerate(LINES) if number not in removed))
    where %= len(content)
    content[where:where] = junk
    assert outcome(bytes(content)) in ("loaded", "told")


def outcome(content: bytes) -> str:
    """Load a file with that content as if it lay beside the sample's boards and tariffs."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("boards", "tariffs"):
            (Path(folder) / name).symlink_to(PACKAGE / name)
        path = Path(folder) / "site.toml"
        path.write_bytes(content)
        try:
            loaded = load(path)
        except ConfigError as error:
            assert error.problems
            return "told"
        assert isinstance(loaded, Loaded)
        return "loaded"


def test_a_currency_without_hundredths_is_refused(site: Path) -> None:
    change(site, '"CNY"', '"JPY"')
    told = "site.toml: currency: JPY has no hundredths, and bills are in hundredths of the main unit"
    assert told in problems(site)
