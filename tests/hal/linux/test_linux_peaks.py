"""`hal.linux.peaks`: how channels lie in a scan, and what its buffer holds."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hal.linux.peaks import PeakBuffer
from hal.ports import BoardLostError
from tests.contract.linux_tree import IIO, plant

SCAN = "scan_elements"


@pytest.fixture
def pipe(root: Path) -> Iterator[int]:
    """The converter's end of its device."""
    pipe = os.open(root / "dev/iio:device0", os.O_RDWR | os.O_NONBLOCK)
    yield pipe
    os.close(pipe)


def opened(root: Path, pipe: int, scan: bytes, clock: Any = None, **types: str) -> PeakBuffer:
    """Open a buffer of the channels, in the order of their indices, on one scan."""
    for index, (name, text) in enumerate(types.items()):
        plant(
            root / IIO / SCAN, {f"in_{name}_index": str(index), f"in_{name}_type": text, f"in_{name}_en": "0"}
        )
    os.write(pipe, scan)
    return PeakBuffer(0, sorted(types), root, clock)


@pytest.mark.parametrize(
    ("kind", "scan", "raw"),
    [
        ("le:u16/16>>0", "ff ff", 65_535),
        ("le:s16/16>>0", "ff ff", -1),
        ("be:u16/16>>0", "12 34", 0x1234),
        ("le:s12/16>>4", "10 80", -2_047),
        ("le:s12/16>>4", "ff 7f", 2_047),
        ("le:u12/16>>0", "ff ff", 4_095),
        ("be:u24/32>>0", "aa 12 34 56", 0x123456),
        ("be:s24/32>>8", "ff ff fe 99", -2),
        ("le:u8/8>>0", "80", 128),
        ("le:s64/64>>0", "fe ff ff ff ff ff ff ff", -2),
    ],
)
def test_what_of_a_scan_counts(root: Path, pipe: int, kind: str, scan: str, raw: int) -> None:
    buffer = opened(root, pipe, bytes.fromhex(scan), voltage1=kind)
    assert buffer.extremes("voltage1", 5) == (raw, raw)
    buffer.close()


def test_each_channel_is_aligned_to_its_own_size_and_scans_to_the_largest(root: Path, pipe: int) -> None:
    kinds = {"voltage3": "le:u8/8>>0", "voltage1": "le:s32/32>>0", "voltage2": "be:u16/16>>0"}
    scans = struct.pack("<B3xi", 7, -5) + struct.pack(">H2x", 9) + struct.pack("<B3xi", 8, -6) + b"\0\x0a\0\0"
    buffer = opened(root, pipe, scans, **kinds)
    assert [buffer.extremes(name, 5) for name in kinds] == [(7, 8), (-6, -5), (9, 10)]
    buffer.close()


def test_only_what_is_asked_for_is_sampled(root: Path, pipe: int) -> None:
    opened(root, pipe, b"\1\0", voltage1="le:u16/16>>0").close()
    enabled = {path.name: path.read_text().strip() for path in (root / IIO / SCAN).glob("*_en")}
    assert enabled == {"in_voltage0_en": "0", "in_voltage1_en": "1", "in_timestamp_en": "0"}
    assert int((root / IIO / "buffer/length").read_text()) == 4_096


def test_a_type_that_nobody_knows_is_told(root: Path, pipe: int) -> None:
    with pytest.raises(BoardLostError, match='in_voltage1_type: "le:f32/32>>0" is no type of a scan element'):
        opened(root, pipe, b"", voltage1="le:f32/32>>0")


def test_a_scan_in_two_pieces_is_one(root: Path, pipe: int) -> None:
    buffer = opened(root, pipe, b"\1\0\2", voltage1="le:u16/16>>0")
    os.write(pipe, b"\1")
    buffer.refresh()
    assert buffer.extremes("voltage1", 100) == (1, 0x102)
    buffer.close()


def test_silence_is_told_after_100_ms(root: Path, pipe: int, hand_clock: Any) -> None:
    buffer = opened(root, pipe, b"\1\0", hand_clock, voltage1="le:u16/16>>0")
    hand_clock.ms += 100
    buffer.refresh()
    hand_clock.ms += 1
    with pytest.raises(BoardLostError, match="no samples for 100 ms; has it a trigger"):
        buffer.refresh()
    buffer.close()


def test_each_reader_has_its_own_window(root: Path, pipe: int, hand_clock: Any) -> None:
    buffer = opened(root, pipe, b"\x63\0", hand_clock, voltage1="le:u16/16>>0")
    for _ in range(10):
        hand_clock.ms += 2
        os.write(pipe, b"\1\0")
        buffer.refresh()
    assert buffer.extremes("voltage1", 5) == (1, 1)
    assert buffer.extremes("voltage1", 50) == (1, 99)
    buffer.close()


def test_what_one_refresh_takes_in_is_bounded(root: Path, pipe: int) -> None:
    """However fast the converter is, and however long nobody has read."""
    device = root / "dev/iio:device0"
    device.unlink()
    device.write_bytes(b"\1\0" * 200_000)
    with Path(os.devnull).open("wb") as nowhere:
        buffer = opened(root, nowhere.fileno(), b"", voltage1="le:u16/16>>0")
    descriptor = buffer.fileno()
    at = os.lseek(descriptor, 0, os.SEEK_CUR)
    buffer.refresh()
    assert 0 < os.lseek(descriptor, 0, os.SEEK_CUR) - at <= 65_536
    buffer.close()
