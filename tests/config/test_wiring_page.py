"""docs/WIRING.md and the board file that it explains name the same pins."""

import re
from pathlib import Path

import config
from config.load import load_board
from config.schema import Board

ROOT = Path(config.__file__).parents[1]
PAGE = (ROOT / "docs" / "WIRING.md").read_text()
FILE = ROOT / "config" / "boards" / "raspberry_pi_4.toml"
HEADER = {
    3: 2, 5: 3, 7: 4, 8: 14, 10: 15, 11: 17, 12: 18, 13: 27, 15: 22, 16: 23, 18: 24, 19: 10, 21: 9, 22: 25,
    23: 11, 24: 8, 26: 7, 27: 0, 28: 1, 29: 5, 31: 6, 32: 12, 33: 13, 35: 19, 36: 16, 37: 26, 38: 20, 40: 21,
}  # fmt: skip
"""Header pin → GPIO number of the Raspberry Pi's 40 pins."""


def rows() -> list[tuple[list[int], list[int], str]]:
    """Return each row of the page's table as header pins, GPIO numbers, ports."""
    found = re.findall(r"^\| ([0-9, ]+) \| GPIO([0-9, ]+) \|[^|]*\|([^|]*)\|", PAGE, re.MULTILINE)
    return [(_numbers(pins), _numbers(lines), ports) for pins, lines, ports in found]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def test_header_pins_carry_the_lines_that_the_page_says_and_none_twice() -> None:
    pins = [pin for row in rows() for pin in row[0]]
    assert len(rows()) == 16
    assert len(pins) == len(set(pins))
    for numbers, lines, _ in rows():
        assert [HEADER[pin] for pin in numbers] == lines


def test_the_page_has_every_line_of_the_board_file() -> None:
    board = load_board(FILE)
    on_page = {(lines[0], ports.strip().strip("`")) for _, lines, ports in rows()}
    in_file = {(port.line, _key("outputs", name)) for name, port in board.outputs.items()}
    in_file |= {(port.line, _key("inputs", name)) for name, port in board.inputs.items()}
    assert in_file <= on_page
    assert {ports for _, ports in on_page if ports.startswith(("outputs", "inputs"))} == {
        key for _, key in in_file
    }


def test_every_adc_of_the_board_file_is_on_its_input() -> None:
    for name, adc in load_board(FILE).adcs.items():
        number = adc.channel.removeprefix("voltage")
        assert re.search(
            rf"^\| CH{number} \| [A-Z_]+ \| `{re.escape(_key('adcs', name))}`", PAGE, re.MULTILINE
        )


def test_page_and_board_file_ask_for_the_same_overlays() -> None:
    overlay = re.compile(r"^(?:#   )?(dt(?:overlay|param)=[^\s#]+)", re.MULTILINE)
    assert set(overlay.findall(PAGE)) == set(overlay.findall(FILE.read_text()))


def test_the_worked_boards_let_a_dead_interlock_open_the_contactor() -> None:
    boards: list[Board] = [load_board(path) for path in FILE.parent.glob("raspberry*.toml")]
    assert all("heartbeat" in board.outputs and board.watchdog is not None for board in boards)
    assert all("strict_gpiod" in path.read_text() for path in FILE.parent.glob("raspberry*.toml"))


def _key(table: str, name: str) -> str:
    return f'{table}."{name}"' if "." in name else f"{table}.{name}"
