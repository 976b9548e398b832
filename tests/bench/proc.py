"""What the kernel knows of a process (proc(5))."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """Return the processor seconds that a process has used in user and system mode, all threads together."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def memory_mib(pid: int | str, field: str) -> float:
    """Return ``VmRSS`` (resident now) or ``VmHWM`` (its high-water mark) in MiB."""
    return int(_field(f"/proc/{pid}/status", field).removesuffix("kB")) / 1024


def written_bytes(pid: int) -> int:
    """Return the bytes that a process has caused to be sent to storage (pages that it made dirty)."""
    return int(_field(f"/proc/{pid}/io", "write_bytes"))


def pid_in(path: Path) -> int:
    """Return the process id in a pid file."""
    return int(path.read_text())


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return value.strip()
    raise KeyError(f"{path} has no {name}")
