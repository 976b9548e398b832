"""The C functions that docs/PILOT_COPROCESSOR.md gives a firmware's author do what the two codecs do."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from hal.coprocessor.frames import Begin, Decoder, Measured, Reset, SetDuty, encode
from sim.coprocessor import wire

ROOT = Path(__file__).parents[3]
COMPILER = shutil.which("cc")
HARNESS = """
#include <stdint.h>
#include <stdio.h>
%s
/* s: a content without CRC on each line, to frames. u: what is between two zeros, to contents or nothing. */
int main(int argc, char **argv)
{
    static char line[1024];
    (void)argc;
    while (fgets(line, sizeof line, stdin)) {
        uint8_t in[512], out[512];
        size_t n = 0, length;
        unsigned byte;
        for (char *at = line; sscanf(at, "%%2x", &byte) == 1; at += 2)
            in[n++] = (uint8_t)byte;
        if (argv[1][0] == 's') {
            uint16_t crc = crc16(in, n);
            in[n++] = (uint8_t)(crc >> 8);
            in[n++] = (uint8_t)crc;
            length = stuff(in, n, out);
        } else {
            length = unstuff(in, n, out);
        }
        for (size_t i = 0; i < length; i++)
            printf("%%02x", out[i]);
        putchar('\\n');
    }
    return 0;
}
"""
FRAMES = [
    encode(Begin(1), 0),
    encode(SetDuty(0, 2_667, 500), 7),
    encode(Reset(), 255),
    encode(Measured(0, 0, 0, 0, 0, 0, 0), 0),
    encode(Measured(3, 15, -12_000, -12_000, 65_535, 10_000, 255), 128),
]

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler (apt install gcc)")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[bytes]], list[bytes]]:
    """The document's functions as a program: lines in, lines out."""
    document = (ROOT / "docs" / "PILOT_COPROCESSOR.md").read_text(encoding="utf-8")
    place = tmp_path_factory.mktemp("c")
    code = re.search(r"```c\n(.*?)```", document, re.DOTALL)
    assert code is not None
    (place / "frames.c").write_text(HARNESS % code[1])
    strict = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=address,undefined"]
    program = place / "frames"
    subprocess.run([str(COMPILER), *strict, "-o", str(program), str(place / "frames.c")], check=True)

    def run(way: str, lines: list[bytes]) -> list[bytes]:
        text = "".join(line.hex() + "\n" for line in lines)
        told = subprocess.run([str(program), way], input=text, capture_output=True, text=True, check=True)
        return [bytes.fromhex(line) for line in told.stdout.splitlines()]

    return run


def test_contents_become_the_same_frames(run: Callable[[str, list[bytes]], list[bytes]]) -> None:
    contents = [
        bytes((kind, number)) + body for kind, number, body in wire.Receiver().take_all(b"".join(FRAMES))
    ]
    assert run("s", contents) == FRAMES


def test_damaged_frames_are_refused_alike(run: Callable[[str, list[bytes]], list[bytes]]) -> None:
    random, pieces = Random(1), [frame[1:-1] for frame in FRAMES]
    for frame in [frame[1:-1] for frame in FRAMES] * 200:
        at = random.randrange(len(frame))
        pieces.append(frame[:at] + bytes([random.randrange(1, 256)]) + frame[at + random.randrange(2) :])
    taken = [len(Decoder().feed(b"\0" + piece + b"\0")) == 1 for piece in pieces]
    assert [bool(content) for content in run("u", pieces)] == taken
    assert sum(taken) >= len(FRAMES)
