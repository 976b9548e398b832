"""The virtual board's kernel and root: Debian's own arm64 packages, unpacked into one initramfs.

Nothing is installed by it and nothing needs root: apt works on an own state, and packages are only unpacked.
The result is kept in `CACHE`, under a name that changes with the recipe and the pinned wheels; so a second
run takes what is there. `python -m tests.board.image` builds it and prints where.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wattseal-board"

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
KERNEL = "linux-image-arm64"
PYTHON = "3.13"
PACKAGES = (
    *("busybox-static", "libc6", "libgcc-s1", "libstdc++6", "zlib1g", "liblzma5", "libbz2-1.0", "libexpat1"),
    *("libffi8", "libssl3t64", "libzstd1", "libuuid1", "libsqlite3-0", "kmod", "libkmod2"),
    *(f"python{PYTHON}-minimal", f"libpython{PYTHON}-minimal", f"libpython{PYTHON}-stdlib"),
)
WHEELS = ("gpiod", "msgspec", "pyserial", "pymodbus")
MODULES = ("9p", "9pnet_virtio", "virtio-gpu", "i6300esb", "virtio_input", "evdev", "uhid", "hid-mcp2221")
USELESS = (
    *("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bug"),
    *(
        "usr/lib/aarch64-linux-gnu/gconv",
        f"usr/lib/python{PYTHON}/pydoc_data",
        f"usr/lib/python{PYTHON}/idlelib",
    ),
)


@dataclass(frozen=True)
class Image:
    """What QEMU boots: a kernel and an initramfs that holds the whole root."""

    kernel: Path
    initramfs: Path


def built() -> Image:
    """Return the image, made now if this recipe was not made before. Raises CalledProcessError."""
    home = CACHE / f"image-{_recipe()}"
    image = Image(home / "vmlinuz", home / "initramfs.cpio")
    if not image.initramfs.exists():
        work = CACHE / "work"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(_made(work), home, dirs_exist_ok=True)
        shutil.rmtree(work)
    return image


def _recipe() -> str:
    own = [Path(__file__).read_bytes(), (Path(__file__).parent / "init.sh").read_bytes()]
    return hashlib.sha256(b"\0".join([*own, *(pin.encode() for pin in _pins())])).hexdigest()[:12]


def _pins() -> list[str]:
    """The wheels with the versions that the firmware is pinned to, where it is."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    known = {line.split("==")[0].lower(): line for line in lines if "==" in line}
    return [known.get(name, name) for name in WHEELS]


def _made(work: Path) -> Path:
    """Make kernel and initramfs below ``work``; return the folder that holds just these two."""
    apt = _apt(work / "apt")
    debs, root, image = work / "debs", work / "root", work / "image"
    for folder in (debs, root, image):
        folder.mkdir(parents=True)
    depends = _run([*apt("apt-cache"), "depends", KERNEL])
    kernel = next(line.split()[1] for line in depends.splitlines() if "Depends: linux-image" in line)
    _run([*apt("apt-get"), "download", kernel, *PACKAGES], cwd=debs)
    for deb in debs.glob("*.deb"):
        _run(
            ["dpkg-deb", "-x", str(deb), str(work / "kernel" if deb.name.startswith("linux-image") else root)]
        )
    _add_wheels(root)
    _add_modules(work / "kernel", root)
    _finish(root)
    shutil.copy(next((work / "kernel/boot").glob("vmlinuz-*")), image / "vmlinuz")
    _pack(root, image / "initramfs.cpio")
    return image


def _apt(state: Path) -> Callable[[str], list[str]]:
    """Return what gives an apt command that knows only arm64 packages of `SUITE`."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {SUITE} main\n")
    options = {
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
    }
    flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
    _run(["apt-get", *flags, "-qq", "update"])
    return lambda command: [command, *flags]


def _add_wheels(root: Path) -> None:
    site = root / "usr/lib/python3/dist-packages"
    platforms = [f"--platform=manylinux{tag}_aarch64" for tag in ("2014", "_2_17", "_2_28")]
    only = ["--only-binary=:all:", f"--python-version={PYTHON}", *platforms]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    _run([*pip, *only, f"--target={site}", "--no-compile", *_pins()])


def _add_modules(kernel: Path, root: Path) -> None:
    """Copy the modules wanted and those they need, and index them anew."""
    modules = next((kernel / "usr/lib/modules").glob("*"))
    version = modules.name
    target = root / "usr/lib/modules" / version
    _run(["/sbin/depmod", "-b", str(kernel / "usr"), version])
    needs = _read_depends(modules / "modules.dep")
    wanted = {path for name in MODULES for path in _with_needs(name, needs)}
    for path in wanted:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(modules / path, target / path)
    for index in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(modules / index, target / index)
    _run(["/sbin/depmod", "-b", str(root / "usr"), version])


def _read_depends(path: Path) -> dict[str, list[str]]:
    lines = (line.split(":") for line in path.read_text().splitlines())
    return {module: needed.split() for module, needed in lines}


def _with_needs(name: str, needs: dict[str, list[str]]) -> Iterable[str]:
    """Return the module's file and those it needs; none when it is built into the kernel."""
    wanted = name.replace("-", "_")
    found = [path for path in needs if Path(path).name.split(".")[0].replace("-", "_") == wanted]
    return [path for module in found for path in (module, *needs[module])]


def _finish(root: Path) -> None:
    for path in USELESS:
        shutil.rmtree(root / path, ignore_errors=True)
    for link in ("bin", "sbin", "lib"):
        (root / link).symlink_to(f"usr/{link}")
    for folder in ("proc", "sys", "dev", "run", "tmp", "wattseal", "bytecode", "usr/bin", "usr/sbin"):
        (root / folder).mkdir(exist_ok=True, parents=True)
    (root / "usr/bin/sh").symlink_to("busybox")
    (root / "usr/bin/python3").symlink_to(f"python{PYTHON}")
    init = root / "init"
    shutil.copy(Path(__file__).parent / "init.sh", init)
    init.chmod(0o755)


def _pack(root: Path, archive: Path) -> None:
    """Pack the root as an initramfs, uncompressed: the emulated processor would unpack it slowly."""
    names = "\0".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    with archive.with_suffix(".part").open("wb") as packed:
        subprocess.run(
            ["cpio", "--null", "--create", "--format=newc", "--owner=0:0", "--quiet"],
            cwd=root, input=names.encode(), stdout=packed, check=True,
        )  # fmt: skip
    archive.with_suffix(".part").rename(archive)


def _run(command: list[str], cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    print(built())
