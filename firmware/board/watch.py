"""``wattseal board watch``: every input live, outputs left alone; a table in place, or a line a change."""

import select
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from firmware.board.devices import serial_states
from firmware.board.file import Named
from firmware.board.looking import open_inputs
from firmware.board.reading import Reading, readings
from firmware.board.table import Watched
from firmware.board.terminal import Screen
from hal.clock import Clock, SystemClock
from hal.ports import Board, BoardLostError

DRAW_EVERY_MS = 200
"""Five times a second: faster than eyes read, slow enough for a serial console."""


def watch(named: Named, lines: bool) -> int:
    """Show the inputs until Ctrl-C, ``q`` or the board's end; return 0, or 1 with the reason on stderr."""
    try:
        board = open_inputs(named.board)
    except BoardLostError as error:
        sys.stderr.write(f"{named.name}: {error}\n")
        return 1
    clock = SystemClock()
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background job would ignore the latter
        signal.signal(number, signal.default_int_handler)  # the terminal is to be left as it was
    try:
        if lines or not sys.stdout.isatty():
            _tell(named, board, clock)
        else:
            _show(named, board, clock)
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more: `| head` has what it wanted
        return 0
    except BoardLostError as error:
        sys.stderr.write(f"{named.name}: {error}\n")
        return 1
    finally:
        board.close()
    return 0


def _tell(named: Named, board: Board, clock: Clock) -> None:
    """Write a line for each change, with its time in UTC."""
    watched = Watched()
    for news in _news(named, board, clock, watched, None):
        at = datetime.fromtimestamp(clock.utc_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        for reading in news:
            sys.stdout.write(f"{at.replace('+00:00', 'Z')} {reading.name}: {reading.text()}\n")
        sys.stdout.flush()


def _show(named: Named, board: Board, clock: Clock) -> None:
    """Keep a table in place until a key ends it; it stays on the terminal afterwards."""
    watched = Watched()
    picture: list[str] = []
    drawn_ms = -DRAW_EVERY_MS
    try:
        with Screen() as screen:
            for _ in _news(named, board, clock, watched, screen):
                now_ms = clock.monotonic_ms()
                if now_ms - drawn_ms >= DRAW_EVERY_MS:
                    picture = [f"{named.name} — inputs only, nothing is driven; q ends", ""]
                    picture += watched.lines(now_ms)
                    picture += ["", *serial_states(named.board)]
                    screen.show(picture)
                    drawn_ms = now_ms
    finally:
        sys.stdout.write("\n".join(picture) + "\n")


def _news(
    named: Named, board: Board, clock: Clock, watched: Watched, screen: Screen | None
) -> Iterator[list[Reading]]:
    """Yield what is new whenever the board may have changed, at least each `DRAW_EVERY_MS`."""
    keys = screen.fileno() if screen is not None else None
    waited_for = [board.fileno(), *([keys] if keys is not None else [])]
    while True:
        board.refresh()
        yield watched.take(readings(board, named.evses, watched.last), clock.monotonic_ms())
        ready, _, _ = select.select(waited_for, [], [], DRAW_EVERY_MS / 1000)
        if screen is not None and keys in ready and screen.ended():
            return
