"""Tables and bars line up, Chinese words included."""

from sim.terminal import bar, painted, table, width_of


def test_columns_line_up_whatever_the_script() -> None:
    lines = table([("energy", "1.2 kWh"), ("电费", "12.3 kWh")])
    assert lines == ["energy    1.2 kWh", "电费     12.3 kWh"]
    assert {width_of(line) for line in lines} == {17}


def test_a_bar_is_full_at_the_end_and_never_longer() -> None:
    assert bar(0, 4) == "░░░░"
    assert bar(0.5, 4) == "██░░"
    assert bar(1.7, 4) == "████"


def test_no_colour_where_nobody_looks() -> None:
    assert painted("settled", "green", "bold") == "settled"
