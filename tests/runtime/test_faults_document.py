"""docs/FAULTS.md is what the catalogue says."""

from pathlib import Path

from firmware.runtime.faults_document import document

PAGE = Path(__file__).parents[2] / "docs" / "FAULTS.md"


def test_the_page_is_the_catalogues() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), "run: wattseal faults --catalogue > docs/FAULTS.md"
