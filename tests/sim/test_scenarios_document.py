"""docs/SCENARIOS.md names what there is, and nothing else."""

import re
from pathlib import Path

from sim.board.actions import ACTIONS
from sim.board.defects import DEFECTS
from sim.scenario import CONDITIONS, EXPECTATIONS, PACKAGED, STEPS

TEXT = (Path(__file__).parents[2] / "docs" / "SCENARIOS.md").read_text()


def section(title: str) -> str:
    return TEXT.split(f"{title}\n", 1)[1].split("\n##", 1)[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a section's table rows, without the tables' heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def in_code(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_every_packaged_scenario_is_listed() -> None:
    listed = {row[0] for row in rows("## What is packaged")} - {"name"}
    assert listed == {path.stem for path in PACKAGED.glob("*.toml")}


def test_every_action_and_its_arguments_are_listed() -> None:
    steps = {name for row in rows("### Steps") for name in in_code(row[0])}
    actions: dict[str, list[str]] = {}
    for row in rows("### Actions at the board"):
        arguments = in_code(row[1])
        actions |= {name: [] if arguments[:1] == [mends(name)] else arguments for name in in_code(row[0])}
    broken = {name for defect in DEFECTS.values() for name in (defect.breaks, defect.mends)}
    assert set(STEPS) == steps | set(actions) | broken
    for name, arguments in actions.items():
        assert arguments == list(ACTIONS[name].arguments), name


def mends(name: str) -> str:
    return next((defect.mends for defect in DEFECTS.values() if defect.breaks == name), "")


def test_every_defect_is_explained_in_the_table_s_words() -> None:
    for defect in DEFECTS.values():
        assert f"| `{defect.breaks}` | `{defect.mends}` | {defect.explains} |" in TEXT


def test_every_condition_and_expectation_is_named() -> None:
    conditions = in_code(section("### Conditions of `wait_until` and `check`"))
    assert set(CONDITIONS) <= set(conditions)
    assert set(EXPECTATIONS) <= set(in_code(section("### Expectations")))
