"""The connector lock: motor, solenoid and holster, jammed, forced, or with a feedback that lies."""

from pathlib import Path

from board_bench import Bench, play

from sim.board.evse import Wiring


async def state_until(bench: Bench, lock: str) -> None:
    await bench.until_state(lambda state: state["lock"] == lock)


def test_a_jammed_motor_moves_when_it_is_freed_while_driven(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("jam_lock")
        bench.io.output("evse1.lock_reverse").set(True)
        await bench.charge()  # far longer than a pulse
        assert bench.locked()
        await bench.do("free_lock")
        await bench.until(lambda: not bench.locked())

    play(scene, tmp_path)


def test_a_stuck_feedback_says_what_it_said(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("stick_lock_feedback")
        bench.io.output("evse1.lock_reverse").set(True)
        await state_until(bench, "released")
        assert bench.locked()
        await bench.do("free_lock_feedback")
        await bench.until(lambda: not bench.locked())

    play(scene, tmp_path)


def test_a_forced_bolt_is_seen_at_once(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.do("force_lock")
        await bench.until(lambda: not bench.locked())
        again = await bench.ask({"do": "force_lock"})
        assert again == {"ok": False, "error": "the lock is released"}

    play(scene, tmp_path)


def test_a_solenoid_locks_as_long_as_it_is_driven(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        assert not bench.locked()
        assert "evse1.lock_reverse" not in bench.io.names()["output"]
        bench.io.output("evse1.lock_forward").set(True)
        await bench.until(bench.locked)
        bench.io.output("evse1.lock_forward").set(False)
        await bench.until(lambda: not bench.locked())

    play(scene, tmp_path, wiring=Wiring(lock="solenoid"))


def test_a_connector_in_a_locked_holster_cannot_be_plugged_in(tmp_path: Path) -> None:
    async def scene(bench: Bench) -> None:
        said = await bench.ask({"do": "plug_in"})
        assert said["error"] == "the connector is locked in its holster"
        bench.io.output("evse1.lock_reverse").set(True)
        await bench.until(lambda: not bench.locked())
        assert (await bench.do("plug_in"))["plugged"]

    play(scene, tmp_path, wiring=Wiring(holster=True))
