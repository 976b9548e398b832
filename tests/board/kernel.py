"""The virtual board's kernel: Debian's own, two modules more, and a device tree with what is soldered on.

The modules (tests/board/kernel/) are compiled against Debian's headers: the kernel's own ``pwm-gpio`` out of
Debian's source package, which its build leaves out, and sensors whose values a test sets.
"""

import lzma
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.board.packages import BACKPORTS, Apt, run

HERE = Path(__file__).parent / "kernel"
MACHINE = ("-M", "virt", "-cpu", "cortex-a53", "-smp", "2", "-m", "768")
"""QEMU's flags that shape the device tree."""

MODULES = (
    *("9p", "9pnet_virtio", "virtio-gpu", "i6300esb"),
    *("industrialio", "industrialio-triggered-buffer", "iio-trig-hrtimer", "iio-trig-sysfs"),
)


def add_kernel(apt: Apt, work: Path, root: Path, image: Path) -> None:
    """Put ``vmlinuz`` and ``board.dtb`` into ``image``, and the modules into ``root``."""
    version = apt.kernel_version()
    names = (f"linux-image-{version}-arm64", f"linux-headers-{version}-arm64")
    tools = (f"linux-headers-{version}-common", f"linux-kbuild-{version}:amd64", "linux-source-6.12")
    apt.unpack((*names, *tools), work, suite=BACKPORTS)
    shutil.copy(next((work / "boot").glob("vmlinuz-*")), image / "vmlinuz")
    built = _build_modules(work, f"{version}-arm64")
    _add_modules(work / "usr", root / "usr", f"{version}-arm64", built)
    _write_tree(work, image / "board.dtb")


def _build_modules(work: Path, release: str) -> list[Path]:
    """Compile what HERE/Kbuild names against Debian's headers."""
    headers, build = work / "usr/src" / f"linux-headers-{release}", work / "modules"
    makefile = headers / "Makefile"
    makefile.write_text(makefile.read_text().replace("include /usr/src", f"include {work}/usr/src"))
    shutil.copytree(HERE, build)
    source = next((work / "usr/src").glob("linux-source-*.tar.xz"))
    pwm_gpio = "drivers/pwm/pwm-gpio.c"
    unpack = ["tar", "--extract", f"--file={source}", "--strip-components=3", "--wildcards", f"*/{pwm_gpio}"]
    run(unpack, cwd=build)
    run(["make", "-s", "-C", str(headers), f"M={build}", "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"])
    return sorted(build.glob("*.ko"))


def _add_modules(kernel: Path, root: Path, release: str, built: list[Path]) -> None:
    """Copy our modules, Debian's that are wanted and those that they need, and index them anew."""
    modules, target = kernel / "lib/modules" / release, root / "lib/modules" / release
    run(["/sbin/depmod", "-b", str(kernel), release])
    lines = (line.split(":") for line in (modules / "modules.dep").read_text().splitlines())
    needs = {module: needed.split() for module, needed in lines}
    for path in {path for name in MODULES for path in _with_needs(name, needs)}:
        plain = (target / path).with_suffix("")
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(lzma.decompress((modules / path).read_bytes()))
    for module in built:
        shutil.copy(module, target)
    for index in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(modules / index, target / index)
    run(["/sbin/depmod", "-b", str(root), release])


def _with_needs(name: str, needs: dict[str, list[str]]) -> Iterable[str]:
    """Return the module's file and those it needs. Raises ValueError when Debian's kernel has it not."""
    wanted = re.compile(rf".*/{re.sub('[-_]', '[-_]', name)}\.ko.*")
    found = [path for path in needs if wanted.fullmatch(path)]
    if not found:
        raise ValueError(f"Debian's kernel has no module {name}")
    return [path for module in found for path in (module, *needs[module])]


def _write_tree(work: Path, target: Path) -> None:
    """Lay board.dtso over the device tree that QEMU makes for its machine."""
    base, overlay = work / "base.dtb", work / "board.dtbo"
    first, *rest = MACHINE
    flags = [first, f"{rest[0]},dumpdtb={base}", *rest[1:], "-nodefaults", "-display", "none"]
    run(["qemu-system-aarch64", *flags])
    phandle = run(["fdtget", "-t", "i", str(base), "/pl061@9030000", "phandle"]).strip()
    text = (HERE / "board.dtso").read_text().replace("<PL061 ", f"<{phandle} ")
    run(["dtc", "-q", "-q", "-I", "dts", "-O", "dtb", "-o", str(overlay)], said=text)
    run(["fdtoverlay", "-i", str(base), "-o", str(target), str(overlay)])


def recipe() -> Iterable[bytes]:
    """Return the bytes that decide what the kernel becomes."""
    return (path.read_bytes() for path in (Path(__file__), *sorted(HERE.iterdir())))
