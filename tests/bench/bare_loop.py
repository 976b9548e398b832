"""``python -m tests.bench.bare_loop ADDRESS EVSES``: the least that opens a contactor on the same hal.

It waits for the board, reads the inputs and sets the output: no state machine, no time limits, no lease, no
agent. What it needs is what the hal, the kernel and the interpreter need; the interlock cannot be faster.
"""

import gc
import select
import sys
from typing import NamedTuple

from firmware.interlock.priority import ask_for_real_time
from hal.backends import open_board
from hal.ports import Adc, Board, Input, Output

_LEAVES_C_MV = 7_500
_OFFER_E4 = 2_667  # 16 A


class Line(NamedTuple):
    """What one EVSE is read by and driven with."""

    pilot_high: Adc
    emergency_stop: Input
    residual_current: Input
    contactor: Output

    def may_close(self) -> bool:
        tripped = self.emergency_stop.read() or self.residual_current.read()
        return self.pilot_high.read_mv() < _LEAVES_C_MV and not tripped


def main(address: str, evses: int) -> None:
    """Run until a signal ends it."""
    board = open_board({"backend": "remote", "address": address})
    lines = [_line(board, f"evse{number}") for number in range(1, evses + 1)]
    closed = [False] * len(lines)
    gc.collect()
    gc.freeze()
    gc.disable()
    ask_for_real_time()
    print("ready", flush=True)
    while True:
        select.select([board.fileno()], [], [])
        board.refresh()
        for at, line in enumerate(lines):
            if line.may_close() != closed[at]:
                closed[at] = not closed[at]
                line.contactor.set(closed[at])


def _line(board: Board, name: str) -> Line:
    board.pwm(f"{name}.pilot").set_duty(_OFFER_E4)
    return Line(
        board.adc(f"{name}.pilot_high"),
        board.input("emergency_stop"),
        board.input(f"{name}.residual_current"),
        board.output(f"{name}.contactor"),
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
