"""Bars and histograms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.cli.plots import bars, histogram

SCORES = st.lists(st.floats(0, 1), max_size=60)


@given(SCORES, st.floats(0, 1))
def test_each_score_is_counted_once(scores: list[float], threshold: float) -> None:
    """The rows of a histogram count every score, and none of them twice."""
    lines = histogram(scores, threshold)
    rows = [line for line in lines if not line.startswith("-")]
    assert sum(int(line.split()[1]) for line in rows) == len(scores)


@given(SCORES, st.floats(0, 1))
def test_what_is_above_the_line_is_on_topic(scores: list[float], threshold: float) -> None:
    """As many scores stand above the line of the threshold as reach it."""
    lines = histogram(scores, threshold)
    place = next(number for number, line in enumerate(lines) if line.startswith("-"))
    above = sum(int(line.split()[1]) for line in lines[:place])
    inside = 0.0 < threshold < 1.0
    assert above == (sum(one >= threshold for one in scores) if inside else above)


@given(SCORES, st.floats(0, 1))
def test_a_histogram_fits_eighty_columns(scores: list[float], threshold: float) -> None:
    """No line is wider than the screen."""
    assert all(cell_len(line) <= 80 for line in histogram(scores, threshold))


@given(
    st.lists(st.tuples(st.text("aböß国境線 ", max_size=40), st.floats(0, 1e6)), max_size=15),
    st.integers(60, 80),
)
def test_bars_fit_the_width(rows: list[tuple[str, float]], width: int) -> None:
    """A row is as wide as asked for at most, whatever signs its label has."""
    lines = bars(rows, width=width)
    assert len(lines) == len(rows)
    assert all(cell_len(line) <= width for line in lines)


def test_a_threshold_inside_a_tenth_parts_it() -> None:
    """Scores on both sides of a threshold within one tenth are told apart."""
    lines = histogram([0.46, 0.48, 0.48], 0.47)
    place = next(number for number, line in enumerate(lines) if "threshold 0.47" in line)
    assert lines[place - 1].startswith("0.47-0.50  2 ")
    assert lines[place + 1].startswith("0.40-0.47  1 ")


def test_a_console_without_utf_8_gets_simple_blocks() -> None:
    """Bars can be made of ASCII."""
    assert bars([("a", 1.0)], width=12, block="#") == ["a  1.00 ####"]
