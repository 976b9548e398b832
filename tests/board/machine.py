"""The virtual board as one QEMU process: started, seen and handled from the host.

Three lines lead into it: QMP (reset events, screenshots), qtest (the GPIO controller's registers and pins:
what a wire would be at a real board) and the hands (Python objects in the guest, see `tests.board.guest`).
"""

import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from firmware.runtime.leash import die_with_parent
from tests.board import wire
from tests.board.hands import GuestError, GuestObject, exception
from tests.board.image import CACHE, ROOT, Image
from tests.board.kernel import MACHINE

BOOT_S = 120
ANSWER_S = 60
PL061_DATA = 0x9030000 + (0xFF << 2)
"""All eight data bits of the virt machine's PL061 (ARM DDI 0190B, 3.3.1: address bits 9:2 mask them)."""


class Lines:
    """Lines of text over a Unix socket, each waited for until a deadline. Raises TimeoutError, EOFError."""

    def __init__(self, path: Path) -> None:
        self._socket = _connected(path)
        self._rest = b""

    def send(self, text: str) -> None:
        self._socket.settimeout(ANSWER_S)
        self._socket.sendall(text.encode() + b"\n")

    def receive(self, within_s: float = ANSWER_S) -> str:
        until = time.monotonic() + within_s
        while b"\n" not in self._rest:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            piece = self._socket.recv(1 << 16)
            if not piece:
                raise EOFError("QEMU has ended")
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def close(self) -> None:
        self._socket.close()


def _connected(path: Path) -> socket.socket:
    until = time.monotonic() + ANSWER_S
    while True:
        try:
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(path))
            return client
        except OSError:
            client.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


class Machine:
    """One virtual board. ``serial`` names the ttys of its serial ports beside the console, in order."""

    def __init__(self, image: Image, serial: tuple[str, ...] = ("meter", "coprocessor")) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="vb-"))
        self.console = self._folder / "console.log"
        bytecode = CACHE / "bytecode"
        bytecode.mkdir(parents=True, exist_ok=True)
        self._log = (self._folder / "qemu.log").open("wb")
        command = [*_COMMAND, *_boot(image), *_shares(bytecode), *self._channels(), *_serial(serial)]
        self.began = time.monotonic()
        self._qemu = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            preexec_fn=die_with_parent,  # a run that is killed leaves no machine behind
        )
        self._events: deque[dict[str, Any]] = deque()
        self._qmp = Lines(self._folder / "qmp")
        self._qmp.receive()
        self.qmp("qmp_capabilities")
        self._wires = threading.Lock()  # a part of the plant may look while a test drives
        self._qtest = Lines(self._folder / "qtest")
        self._hands = Lines(self._folder / "hands")
        self.ttys = {
            each["label"]: each["filename"].removeprefix("pty:") for each in self.qmp("query-chardev")
        }
        self._gpio = self._gpio_path()

    def _channels(self) -> list[str]:
        sockets = {name: f"{self._folder / name}" for name in ("qmp", "qtest", "hands")}
        return [
            *("-qmp", f"unix:{sockets['qmp']},server=on,wait=off"),
            *("-qtest", f"unix:{sockets['qtest']},server=on,wait=off", "-qtest-log", "none"),
            *("-chardev", f"socket,id=hands,path={sockets['hands']},server=on,wait=off"),
            *("-device", "virtserialport,chardev=hands,name=hands"),
            *("-chardev", f"file,id=console,path={self.console}", "-serial", "chardev:console"),
        ]

    # -- QMP ---------------------------------------------------------------------------------------------

    def qmp(self, command: str, **arguments: Any) -> Any:
        """Execute a QMP command and return its result. Raises RuntimeError with QEMU's own words."""
        self._qmp.send(json.dumps({"execute": command, "arguments": arguments}))
        while True:
            message = json.loads(self._qmp.receive())
            if "return" in message:
                return message["return"]
            if "error" in message:
                raise RuntimeError(message["error"]["desc"])
            self._events.append(message)

    def wait_for_event(self, name: str, within_s: float) -> dict[str, Any]:
        """Return the next event of this name; those before it are dropped. Raises TimeoutError."""
        until = time.monotonic() + within_s
        while True:
            left_s = until - time.monotonic()
            event = self._events.popleft() if self._events else json.loads(self._qmp.receive(left_s))
            if event.get("event") == name:
                return dict(event)

    def forget_events(self) -> None:
        """Drop the events up to now, so that the next one waited for is a new one."""
        self.qmp("query-status")
        self._events.clear()

    def screenshot(self) -> Path:
        """Return the display's picture as a PNG file."""
        path = self._folder / "screen.png"
        self.qmp("screendump", filename=str(path), format="png")
        return path

    # -- pins, by qtest ------------------------------------------------------------------------------------

    def _gpio_path(self) -> str:
        tree = self.qmp("human-monitor-command", **{"command-line": "info qom-tree"})
        found = re.search(r"/(device\[\d+\]) \(pl061\)", tree)
        assert found, "the machine has no PL061"
        return f"/machine/unattached/{found[1]}"

    def _ask_qtest(self, command: str) -> list[str]:
        with self._wires:
            self._qtest.send(command)
            answer = self._qtest.receive().split()
        if answer[:1] != ["OK"]:
            raise RuntimeError(f"qtest: {command}: {' '.join(answer)}")
        return answer[1:]

    def pins(self) -> int:
        """Return the levels of the eight GPIO lines, as meters at the terminals would show them, as bits."""
        return int(self._ask_qtest(f"readl {PL061_DATA:#x}")[0], 16)

    def pin(self, line: int) -> bool:
        """Return the level of one GPIO line."""
        return bool(self.pins() >> line & 1)

    def drive(self, line: int, high: bool) -> None:
        """Put a level on a GPIO line from outside."""
        self._ask_qtest(f"set_irq_in {self._gpio} unnamed-gpio-in {line} {int(high)}")

    # -- the guest's Python --------------------------------------------------------------------------------

    def wait_until_up(self, within_s: float = BOOT_S) -> float:
        """Wait for the guest's hands; return the seconds that its kernel has run by then."""
        until = time.monotonic() + within_s
        while True:
            line = self._hands.receive(until - time.monotonic())
            if '"hello"' in line:
                return float(json.loads(line[line.index("{") :])["hello"])

    def module(self, name: str) -> Any:
        """Return a module of the guest."""
        return self._ask({"import": name})

    def _ask(self, request: dict[str, Any]) -> Any:
        """Let the hands do one thing. Raises the guest's exception, a strange one as GuestError."""
        self._hands.send(json.dumps(request))
        answer = json.loads(self._hands.receive())
        if "hello" in answer:
            raise GuestError("the guest has started again")
        if "error" in answer:
            raise exception(answer["error"], answer["message"])
        return wire.unpack(answer["value"], lambda handle: GuestObject(self._ask, handle))

    def close(self) -> None:
        """Cut the power."""
        self._qemu.kill()
        self._qemu.wait()
        for line in (self._qmp, self._qtest, self._hands):
            line.close()
        self._log.close()
        shutil.rmtree(self._folder)


_COMMAND = (
    *("qemu-system-aarch64", *MACHINE, "-accel", "tcg,thread=multi"),
    *("-nodefaults", "-display", "none", "-action", "watchdog=reset"),
    *("-device", "virtio-gpu-pci,xres=800,yres=480", "-device", "i6300esb", "-device", "virtio-serial-pci"),
)


def _boot(image: Image) -> list[str]:
    words = "console=ttyAMA0 loglevel=4 panic=-1"
    files = (("-kernel", image.kernel), ("-initrd", image.initramfs), ("-dtb", image.tree))
    return [*(word for flag, path in files for word in (flag, str(path))), "-append", words]


def _shares(bytecode: Path) -> list[str]:
    """The checkout, read only, so that a changed file needs no new image; and a place for its bytecode."""
    share = "local,security_model=none,multidevs=remap"
    return [
        *("-virtfs", f"{share},path={ROOT},mount_tag=checkout,readonly=on"),
        *("-virtfs", f"{share},path={bytecode},mount_tag=bytecode"),
    ]


def _serial(names: tuple[str, ...]) -> list[str]:
    flags = ((f"pty,id={name}", f"pci-serial,chardev={name}") for name in names)
    return [part for chardev, device in flags for part in ("-chardev", chardev, "-device", device)]
