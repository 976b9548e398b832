"""What the virtual board boots: a kernel, a device tree, and a root of Debian packages in one initramfs.

The result is kept in `CACHE`, under a name that changes with the recipe and the pinned wheels; so a second
run takes what is there. `python -m tests.board.image` builds it and prints where.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.board import kernel
from tests.board.packages import Apt, run

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wattseal-board"

PYTHON = "3.11"
PACKAGES = (
    *("busybox-static", "libc6", "libgcc-s1", "libstdc++6", "zlib1g", "liblzma5", "libbz2-1.0", "libexpat1"),
    *("libffi8", "libssl3", "libzstd1", "libuuid1", "libsqlite3-0", "kmod", "libkmod2"),
    *(f"python{PYTHON}-minimal", f"libpython{PYTHON}-minimal", f"libpython{PYTHON}-stdlib"),
)
WHEELS = ("gpiod", "msgspec", "pymodbus")
USELESS = (
    *("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug"),
    *("usr/lib/aarch64-linux-gnu/gconv", f"usr/lib/python{PYTHON}/pydoc_data"),
)


@dataclass(frozen=True)
class Image:
    """What QEMU boots."""

    home: Path

    @property
    def kernel(self) -> Path:
        return self.home / "vmlinuz"

    @property
    def tree(self) -> Path:
        return self.home / "board.dtb"

    @property
    def initramfs(self) -> Path:
        return self.home / "initramfs.cpio"


def built() -> Image:
    """Return the image, made now if this recipe was not made before. Raises CalledProcessError."""
    image = Image(CACHE / f"image-{_recipe()}")
    if not image.home.exists():
        work = CACHE / f"work-{os.getpid()}"
        try:
            _make(work).rename(image.home)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return image


def _recipe() -> str:
    own = [path.read_bytes() for path in (Path(__file__), Path(__file__).parent / "init.sh")]
    return hashlib.sha256(b"\0".join([*own, *kernel.recipe(), *map(str.encode, _pins())])).hexdigest()[:12]


def _pins() -> list[str]:
    """The wheels with the versions that the firmware is pinned to, where it is."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    known = {line.split("==")[0].lower(): line for line in lines if "==" in line}
    return [known.get(name, name) for name in WHEELS]


def _make(work: Path) -> Path:
    """Make everything below ``work``; return the folder that holds what QEMU boots."""
    root, made = work / "root", work / "image"
    made.mkdir(parents=True)
    apt = Apt(work / "apt")
    apt.unpack(PACKAGES, root)
    _add_wheels(root)
    kernel.add_kernel(apt, work / "kernel", root, made)
    _finish(root)
    _pack(root, made / "initramfs.cpio")
    return made


def _add_wheels(root: Path) -> None:
    platforms = [f"--platform=manylinux{tag}_aarch64" for tag in ("2014", "_2_17", "_2_28")]
    target = ["--only-binary=:all:", f"--python-version={PYTHON}", *platforms, "--no-compile"]
    site = root / "usr/lib/python3/dist-packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
    run([*pip, *target, f"--target={site}", *_pins()])


def _finish(root: Path) -> None:
    for path in USELESS:
        shutil.rmtree(root / path, ignore_errors=True)
    for folder in ("proc", "sys", "dev", "run", "tmp", "wattseal", "bytecode"):
        (root / folder).mkdir(exist_ok=True)
    (root / "usr/bin/python3").symlink_to(f"python{PYTHON}")
    shutil.copy(Path(__file__).parent / "init.sh", root / "init")
    (root / "init").chmod(0o755)


def _pack(root: Path, archive: Path) -> None:
    """Pack the root as an initramfs, uncompressed: the emulated processor would unpack it slowly."""
    names = "\0".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    cpio = ["cpio", "--null", "--create", "--format=newc", "--owner=0:0", "--quiet"]
    with archive.open("wb") as packed:
        subprocess.run(cpio, cwd=root, input=names.encode(), stdout=packed, check=True)


if __name__ == "__main__":
    print(built().home)
