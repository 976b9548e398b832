"""Small files of the kernel: each read and write is one call, and every error says which file it was."""

import os
from pathlib import Path

from hal.ports import BoardLostError

ROOT = Path("/")


def under(root: Path, path: str) -> Path:
    """Return an absolute path below another root."""
    return root / path.lstrip("/")


def read_text(path: Path) -> str:
    """Return what the file says, stripped. Raises BoardLostError."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise BoardLostError(f"{path}: {error.strerror}") from error


def read_number(path: Path) -> int:
    """Return the whole number in the file. Raises BoardLostError, also when there is none in it."""
    text = read_text(path)
    try:
        return int(text)
    except ValueError as error:
        raise BoardLostError(f'{path}: "{text}" is no whole number') from error


def write_text(path: Path, text: str) -> None:
    """Write to a file that is there. Raises BoardLostError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode("ascii"))
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BoardLostError(f"{path}: {error.strerror}") from error


def device_by(folder: Path, prefix: str, wanted: int | str, name_of: str) -> Path:
    """Return the device of a class: by its number, or by what ``name_of`` (a file or link of it) says.

    Raises BoardLostError, which says what there is; of two that are called the same none is chosen.
    """
    there = sorted(path for path in folder.glob(f"{prefix}*") if path.name[len(prefix) :].isdigit())
    names = {path: _named(path / name_of) for path in there}
    found = [path for path in there if wanted in (names[path], path.name) or path.name == f"{prefix}{wanted}"]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{path.name} ({names[path]})" for path in found or there) or "none"
    answer = f'"{wanted}" is more than one' if found else f'there is no "{wanted}"'
    raise BoardLostError(f"{folder}: {answer}; there is {listed}")


def _named(path: Path) -> str:
    if path.is_symlink():
        return path.readlink().name
    return read_text(path) if path.is_file() else ""


class Repeated:
    """A small file that is read again and again through one descriptor, as sysfs allows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise BoardLostError(f"{path}: {error.strerror}") from error

    def number(self) -> int:
        """Return the whole number that it says now. Raises BoardLostError."""
        try:
            return int(os.pread(self._descriptor, 32, 0))
        except OSError as error:
            raise BoardLostError(f"{self._path}: {error.strerror}") from error
        except ValueError as error:
            raise BoardLostError(f"{self._path}: no whole number") from error

    def close(self) -> None:
        """Close it."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
