"""A board's I/O goes to other processes as JSON, with every default and every digit."""

import json
from decimal import Decimal

from config.board_io import io_of
from config.schema import AdcChannel, Board, OutputLine

BOARD = Board(
    backend="linux",
    outputs={"evse1.contactor": OutputLine(chip="/dev/gpiochip0", line=17)},
    adcs={"evse1.pilot_high": AdcChannel(device="mcp3208", channel="voltage0", gain=Decimal("5.70"))},
    max_current_a=32,
)


def test_the_io_survives_a_command_line_as_it_is() -> None:
    assert json.loads(json.dumps(io_of(BOARD))) == io_of(BOARD)


def test_defaults_are_written_out_and_decimals_keep_their_digits() -> None:
    io = io_of(BOARD)
    assert io["outputs"]["evse1.contactor"] == {
        "chip": "/dev/gpiochip0",
        "line": 17,
        "active_low": False,
        "drive": "push-pull",
    }
    assert io["adcs"]["evse1.pilot_high"]["gain"] == "5.70"
    assert (io["watchdog"], io["sample_every_ms"], io["display"]["rotation"]) == (None, 5, 0)


def test_what_is_no_io_stays_here() -> None:
    assert not {"serial", "clock", "evses", "max_current_a"} & set(io_of(BOARD))
