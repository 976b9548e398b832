"""Monotonic time must not start again with a boot: the stamps in the ledger are from before it."""

from pathlib import Path

from firmware.runtime.lasting_clock import lasting
from hal.clock import ScaledClock, SystemClock


class Kernel(SystemClock):
    """A kernel that has been up for a given time."""

    def __init__(self, up_ms: int) -> None:
        self.up_ms = up_ms

    def monotonic_ms(self) -> int:
        return self.up_ms


def test_a_first_boot_leaves_the_clock_as_it_is(tmp_path: Path) -> None:
    assert lasting(Kernel(5_000), tmp_path / "clock", 0, "a").monotonic_ms() == 5_000


def test_a_killed_agent_finds_the_same_time_again(tmp_path: Path) -> None:
    lasting(Kernel(5_000), tmp_path / "clock", 900_000, "a")
    again = lasting(Kernel(7_000), tmp_path / "clock", 901_500, "a")

    assert again.monotonic_ms() == 901_000 + 2_000


def test_time_goes_on_after_a_reboot(tmp_path: Path) -> None:
    before = lasting(Kernel(900_000), tmp_path / "clock", 0, "a")
    after = lasting(Kernel(3_000), tmp_path / "clock", before.monotonic_ms(), "b")

    assert after.monotonic_ms() > before.monotonic_ms()


def test_a_reboot_is_known_by_its_id_even_when_the_new_boot_is_older(tmp_path: Path) -> None:
    lasting(Kernel(3_000), tmp_path / "clock", 900_000, "a")
    after = lasting(Kernel(950_000), tmp_path / "clock", 910_000, "b")

    assert after.offset_ms == 0


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("{")
    assert lasting(Kernel(3_000), tmp_path / "clock", 900_000, "a").monotonic_ms() == 901_000


def test_waiting_is_for_the_joined_time(tmp_path: Path) -> None:
    fast = ScaledClock(10, 0, 0)
    joined = lasting(fast, tmp_path / "clock", fast.monotonic_ms() + 1_000_000, "a")

    assert 0.9 < joined.seconds_until(joined.monotonic_ms() + 10_000) <= 1.0
