"""The meter driver on a kernel's serial port: a simulated SDM630 at the other end of the wire."""

import asyncio
import json
from typing import Any

from sim.board.meter import MeterBus
from sim.board.meter_map import Measured
from tests.board.machine import Machine

READINGS = 20


def test_a_meter_is_read_through_the_kernels_serial_port(machine: Machine, report: list[str]) -> None:
    measured = Measured(voltage_v=(229.5, 230.0, 230.5), power_w=(7360.0, 0.0, 0.0), import_wh=1_234_500.0)
    reading = asyncio.run(_read_in_guest(machine, measured))
    assert reading["voltage_mv"] == [229_500, 230_000, 230_500]
    assert reading["import_dwh"] == 12_345_000
    took_ms = sorted(reading["took_ms"])
    report.append(f"meter over the guest's ttyS0: median {took_ms[len(took_ms) // 2]:.0f} ms a reading")


async def _read_in_guest(machine: Machine, measured: Measured) -> Any:
    far_end = MeterBus(machine.ttys["meter"], {1: lambda: measured})
    await far_end.start()
    try:
        command = f"python3 -m tests.board.read_meter /dev/ttyS0 {READINGS}"
        said = await asyncio.to_thread(machine.module("subprocess").getoutput, command)
    finally:
        await far_end.stop()
    assert said.startswith("{"), said
    return json.loads(said)
