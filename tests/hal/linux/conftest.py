"""A tree of files that stands for the kernel's, and the board file's tables for it."""

import tomllib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from config.board_io import io_of
from config.schema import Board
from tests.contract.linux_tree import BOARD, Converter, kernel_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """`tests.contract.linux_tree`'s tree, whose converter has no trigger."""
    return kernel_tree(tmp_path / "root")


@pytest.fixture
def converter(root: Path) -> Iterator[Converter]:
    """Its trigger, running."""
    converter = Converter(root)
    converter.start()
    yield converter
    converter.end()


@pytest.fixture
def io_with() -> Callable[..., dict[str, Any]]:
    """`BOARD` as `hal.backends.open_board` takes it, with one word exchanged for another."""

    def make(was: str = "", becomes: str = "") -> dict[str, Any]:
        assert was in BOARD
        return io_of(convert(tomllib.loads(BOARD.replace(was, becomes), parse_float=Decimal), Board))

    return make
