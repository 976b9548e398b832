"""``wattseal meter watch``: one meter, read each second; a table in place, or a line for each reading."""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime

from firmware.board.terminal import Screen
from firmware.metering_cli.reading import Absent
from firmware.metering_cli.sources import Source
from firmware.metering_cli.watched import Watched
from hal.clock import Clock, SystemClock

READ_EVERY_MS = 1000


def watch(source: Source, lines: bool) -> int:
    """Show readings until Ctrl-C or ``q``; return 0, or 1 when there is nothing to watch through."""
    in_place = sys.stdout.isatty() and not lines
    try:
        return asyncio.run(_show(source) if in_place else _tell(source))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more: `| head` has what it wanted
        return 0


async def _tell(source: Source) -> int:
    """Write a line for each reading, with its time in UTC."""
    clock = SystemClock()
    watched = Watched(source.label, clock.monotonic_ms())
    try:
        while not await _take(source, watched, clock, first=not watched.line()):
            at = datetime.fromtimestamp(clock.utc_ms() / 1000, UTC).isoformat(timespec="milliseconds")
            sys.stdout.write(f"{at.replace('+00:00', 'Z')} {source.label}: {watched.line()}\n")
            sys.stdout.flush()
            await _wait(clock)
        return 1
    finally:
        await source.close()


async def _show(source: Source) -> int:
    """Keep a picture in place until a key ends it; it stays on the terminal afterwards."""
    clock = SystemClock()
    watched = Watched(source.label, clock.monotonic_ms())
    if await _take(source, watched, clock, first=True):
        await source.close()
        return 1
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    try:
        with Screen() as screen:
            keys = screen.fileno()
            if keys is not None:
                loop.add_reader(keys, lambda: ended.set() if screen.ended() else None)
            while not ended.is_set():
                screen.show(_picture(watched, clock))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), _seconds_left(clock))
                    break
                await _take(source, watched, clock, first=False)
    finally:
        await source.close()
        sys.stdout.write("\n".join(watched.lines(clock.monotonic_ms())) + "\n")
    return 0


async def _take(source: Source, watched: Watched, clock: Clock, *, first: bool) -> bool:
    """Take a reading; return whether it is the first and the port itself is at fault, after saying so."""
    reading = await source.read()
    watched.take(reading, clock.monotonic_ms())
    if first and isinstance(reading, Absent) and reading.port:
        sys.stderr.write(f"{source.label}: {reading.why}; {reading.next}\n")
        return True
    return False


def _picture(watched: Watched, clock: Clock) -> list[str]:
    return [*watched.lines(clock.monotonic_ms()), "", "q ends"]


async def _wait(clock: Clock) -> None:
    await asyncio.sleep(_seconds_left(clock))


def _seconds_left(clock: Clock) -> float:
    """Return the time until the next full second of the monotonic clock."""
    return (READ_EVERY_MS - clock.monotonic_ms() % READ_EVERY_MS) / 1000
