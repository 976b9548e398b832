"""The residual current device, as a station sees it."""

from pathlib import Path

from board_bench import Bench, play


def tripped(bench: Bench) -> bool:
    return bench.io.input("evse1.residual_current").read()


def test_a_test_trips_it_and_it_comes_back_after_the_test(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        test = bench.io.output("evse1.residual_test")
        assert not tripped(bench)
        test.set(True)
        await bench.until(lambda: tripped(bench))
        marks = (await bench.do("state"))["marks"]
        assert marks["residual_tested"] is not None
        assert marks["leaked"] is None
        test.set(False)
        await bench.until(lambda: not tripped(bench))

    play(scene, tmp_path)


def test_a_leak_trips_it_at_once_and_as_long_as_it_lasts(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        state = await bench.do("leak")
        assert state["residual_tripped"]
        assert state["now_ns"] - state["marks"]["leaked"] < 50e6
        await bench.until(lambda: tripped(bench))
        test = bench.io.output("evse1.residual_test")
        test.set(True)
        test.set(False)
        await bench.do("stubborn")
        assert tripped(bench)
        await bench.do("mend_leak")
        await bench.until(lambda: not tripped(bench))

    play(scene, tmp_path)


def test_a_dead_device_trips_on_nothing(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("break_residual_device")
        bench.io.output("evse1.residual_test").set(True)
        await bench.charge()  # far longer than the device takes
        state = await bench.do("leak")
        assert not state["residual_tripped"]
        assert state["marks"]["leaked"] is None
        await bench.do("mend_residual_device")
        await bench.until(lambda: tripped(bench))

    play(scene, tmp_path)


def test_a_stuck_device_stays_tripped_without_a_leak(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("stick_residual_device")
        await bench.until(lambda: tripped(bench))
        assert (await bench.do("state"))["marks"]["leaked"] is None
        await bench.do("mend_residual_device")
        await bench.until(lambda: not tripped(bench))

    play(scene, tmp_path)
