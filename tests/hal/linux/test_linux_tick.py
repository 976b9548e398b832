"""`hal.linux.tick`: a descriptor that wakes."""

import select
import time

from hal.linux.tick import Tick


def test_it_ticks_again_and_again_and_is_quiet_between() -> None:
    tick = Tick(20)
    began = time.monotonic()
    for _ in range(5):
        assert select.select([tick], [], [], 5)[0]
        assert tick.take()
        assert not tick.take()
    assert 0.08 < time.monotonic() - began < 1
    tick.close()


def test_ticks_that_nobody_took_are_one() -> None:
    tick = Tick(1)
    for _ in range(3):
        assert select.select([tick], [], [], 5)[0]  # the first wait wakes for one tick or for many
    assert tick.take()
    tick.close()


def test_an_interval_of_seconds_does_not_tick_at_once() -> None:
    tick = Tick(1_500)
    assert not select.select([tick], [], [], 0.05)[0]
    tick.close()
