"""docs/INTERLOCK.md says what the tables say."""

from tests.interlock.document import PAGE, page


def test_the_page_is_what_the_tables_draw() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "the tables have changed: make docs"
