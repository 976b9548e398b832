"""Files that are there whole or not at all, whenever the power goes."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_durably(path: Path, chunks: Iterable[bytes], *, mode: int) -> None:
    """Write a file: temporary file beside it, fsync, rename, fsync of the directory. Raises OSError.

    If making the chunks fails, the file is as it was before.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_directory(path.parent)


def rename_durably(path: Path, target: Path) -> None:
    """Put ``path`` in the place of ``target``, in the same directory. Raises OSError."""
    path.rename(target)
    _sync_directory(target.parent)


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
