"""docs/METERS.md says what the meter maps say, and its example is one that loads."""

import re
from pathlib import Path

from config.load import load_meter_maps
from tests.config.meter_document import PAGE, page


def test_the_page_is_what_the_maps_draw() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "a meter map has changed: make docs"


def test_the_example_of_a_map_of_ones_own_loads(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(.*?)```", page(), re.DOTALL)
    assert example is not None
    (tmp_path / "own.toml").write_text(example[1])
    assert load_meter_maps(tmp_path)["own"].name == "Example 1"
