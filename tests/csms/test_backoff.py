"""Waiting before the next try: it grows, it is bounded, and it does not come back at once."""

from firmware.csms.backoff import Backoff


def test_the_wait_doubles_up_to_its_cap() -> None:
    backoff = Backoff(first_s=1, cap_s=60, jitter=lambda: 0.0)
    assert [backoff.next_s() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_jitter_adds_half_at_most() -> None:
    backoff = Backoff(first_s=1, cap_s=60, jitter=lambda: 1.0)
    waits = [backoff.next_s() for _ in range(2000)]
    assert max(waits) == 90
    assert waits[0] == 1.5


def test_only_a_connection_that_lasted_starts_the_count_anew() -> None:
    backoff = Backoff(first_s=1, cap_s=60, jitter=lambda: 0.0)
    backoff.next_s()
    backoff.next_s()
    backoff.lived(5)
    assert backoff.next_s() == 4
    backoff.lived(60)
    assert backoff.next_s() == 1
