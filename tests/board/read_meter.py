"""Run in the guest: read a meter by the firmware's own driver. ``DEVICE READINGS`` → one JSON line."""

import asyncio
import json
import sys
import time
import tomllib
from decimal import Decimal

import msgspec

from config.files import PACKAGED_METERS
from config.schema import MeterMap
from drivers.meter.bus import MeterBus
from drivers.meter.meter import Meter
from drivers.meter.serial_line import SerialLine
from drivers.meter.serial_port import LineSettings


async def _main(device: str, readings: int) -> None:
    bus = MeterBus(SerialLine(device, LineSettings(115_200)))
    text = (PACKAGED_METERS / "eastron_sdm630_v2.toml").read_text()
    sdm630 = msgspec.convert(tomllib.loads(text, parse_float=Decimal), MeterMap, strict=False)
    meter = Meter(bus, 1, sdm630)
    took_ms: list[float] = []
    for _ in range(readings):
        began = time.monotonic()
        sample = await meter.sample(full=True)
        took_ms.append((time.monotonic() - began) * 1000)
    await bus.close()
    print(json.dumps({"import_dwh": sample.import_dwh, "voltage_mv": sample.voltage_mv, "took_ms": took_ms}))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
