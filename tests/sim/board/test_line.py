import asyncio
import os
import select
import time
from pathlib import Path

import pytest

from sim.board.line import PacedLine


async def carried(line: PacedLine, request: bytes, reply: bytes) -> tuple[float, float]:
    """Send a request and answer it at once; return when each had arrived whole, seconds from the start."""
    loop = asyncio.get_running_loop()
    station, device = (os.open(path, os.O_RDWR | os.O_NOCTTY) for path in (line.station_tty, line.device_tty))
    began_s, answered = time.monotonic(), asyncio.Event()
    heard = {"request": b"", "reply": b""}
    at_s = {"request": 0.0, "reply": 0.0}

    def hear_request() -> None:
        heard["request"] += os.read(device, 1000)
        if heard["request"] == request:
            at_s["request"] = time.monotonic() - began_s
            os.write(device, reply)

    def hear_reply() -> None:
        heard["reply"] += os.read(station, 1000)
        if heard["reply"] == reply:
            at_s["reply"] = time.monotonic() - began_s
            answered.set()

    loop.add_reader(device, hear_request)
    loop.add_reader(station, hear_reply)
    os.write(station, request)
    async with asyncio.timeout(5):
        await answered.wait()
    for descriptor in (station, device):
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return at_s["request"], at_s["reply"]


@pytest.mark.parametrize(("baudrate", "fifo_bytes"), [(9600, 16), (9600, 1), (19_200, 16)])
def test_bytes_take_the_time_that_the_baud_rate_gives_them(baudrate: int, fifo_bytes: int) -> None:
    async def run() -> tuple[float, float]:
        line = PacedLine(baudrate, fifo_bytes=fifo_bytes)
        line.start()
        times = await carried(line, bytes(8), bytes(153))
        line.close()
        return times

    request_s, reply_s = asyncio.run(run())
    char_s = 10 / baudrate
    assert request_s >= 8 * char_s
    assert reply_s >= (8 + 3.5 + 153) * char_s
    assert reply_s <= (8 + 3.5 + 153) * char_s * 1.10 + 0.05  # the machine may be busy with other things


def test_a_held_reply_comes_that_much_later() -> None:
    async def run() -> tuple[float, float]:
        line = PacedLine(115_200)
        line.start()
        line.hold_s = 0.1
        times = await carried(line, bytes(8), bytes(9))
        line.close()
        return times

    _request_s, reply_s = asyncio.run(run())
    assert reply_s >= 0.1 + (8 + 3.5 + 9) * 10 / 115_200


def test_pulled_out_the_port_goes_and_its_link_can_be_made_again(tmp_path: Path) -> None:
    async def run() -> None:
        line = PacedLine(9600)
        line.start()
        line.link(str(tmp_path / "tty"))
        station = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY)
        line.close()
        poll = select.poll()
        poll.register(station)
        assert poll.poll(0)[0][1] & select.POLLHUP
        os.close(station)
        again = PacedLine(9600)
        again.link(str(tmp_path / "tty"))
        assert str((tmp_path / "tty").readlink()) == again.station_tty
        again.start()
        again.close()

    asyncio.run(run())
