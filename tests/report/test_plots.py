"""Axes: where values are put, which ticks are written, and that words stay words."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hpctc.report.plots import charts
from hpctc.report.plots.canvas import Plot, Scale, both, engineering, spread
from hpctc.report.plots.charts import Labelled, Mark
from hpctc.score import Estimate
from hpctc.score.rates import Curve
from hpctc.score.roofline import Roof

positive = st.floats(1e-9, 1e12)


def test_places() -> None:
    assert [Scale(2, 4).place(v) for v in (2, 3, 4, 9, 0)] == [0, 0.5, 1, 1, 0]
    log = Scale(0.1, 10, log=True)
    assert [log.place(v) for v in (0.1, 1, 10)] == pytest.approx([0, 0.5, 1])
    assert log.place(0) == 0


@given(positive, st.floats(1.2, 1e9), st.integers(3, 9))
def test_ticks_of_a_logarithm_are_few_and_within(low: float, factor: float, most: int) -> None:
    scale = Scale(low, low * factor, log=True, most_ticks=most)
    ticks = scale.ticks()
    assert len(ticks) <= most + (factor <= 3)  # so short an axis is divided evenly, both ends too
    assert ticks == sorted(set(ticks))
    assert all(low * 0.99 <= t <= low * factor * 1.01 for t in ticks)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(3, 9), st.booleans())
def test_ticks_of_a_line_are_few_and_within(
    low: float, width: float, most: int, whole: bool
) -> None:
    ticks = Scale(low, low + width, most_ticks=most, whole=whole).ticks()
    assert len(ticks) <= most + 1
    assert all(low - 1e-3 * width <= t <= low + 1.001 * width for t in ticks)
    assert not whole or all(float(t).is_integer() for t in ticks)


def test_ticks_are_round() -> None:
    assert Scale(0, 1, most_ticks=5).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert Scale(0.1, 10, log=True).ticks() == [0.1, 0.2, 0.5, 1, 2, 5, 10]
    assert Scale(0.9, 1.3, log=True).ticks() == [0.9, 1, 1.1, 1.2, 1.3]


@given(st.lists(positive, max_size=5))
def test_a_spread_holds_its_values_and_has_a_width(values: list[float]) -> None:
    low, high = spread(values)
    assert 0 < low < high
    assert high / low >= 1.59
    assert all(low <= v <= high for v in values)


def test_words_stay_words() -> None:
    plot = Plot("<b>", 100, 100, Scale(0, 1), Scale(0, 1), '"x"', "<y>")
    plot.grid()
    plot.dot((0.5, 0.5), "s0", '"><script>', '#"')
    text = str(plot.svg())
    assert "<script" not in text
    assert "<b>" not in text
    assert text.count('"') % 2 == 0


def test_every_plot_is_drawn_for_a_screen_and_for_a_phone() -> None:
    text = both(lambda width: Plot("p", width, 10, Scale(0, 1), Scale(0, 1)))
    assert re.findall(r'class="plot (\w+)" viewBox="0 0 (\d+)', text) == [
        ("wide", "560"),
        ("narrow", "340"),
    ]


@pytest.mark.parametrize(
    ("value", "words"), [(1.5e9, "1.5 G"), (999, "999"), (1e12, "1 T"), (2e3, "2 k"), (0.5, "0.5")]
)
def test_large_numbers(value: float, words: str) -> None:
    assert engineering(value) == words


def coordinates(text: str) -> list[float]:
    numbers = re.findall(r'(?:points|x1|y1|x2|y2|cx|cy)="([^"]*)"', text)
    return [float(n) for group in numbers for n in re.split(r"[ ,]", group) if n]


def test_nothing_is_drawn_nowhere() -> None:
    """Also of extremes: every coordinate is a number on the drawing."""
    one = Estimate(1e-4, 1e-5, 1e4)
    marks = [Mark(1e-9, 1e15, "far", "#a"), Mark(1.0, 1.0, "near", "#b")]
    for drawn in (
        charts.forest("f", [Labelled("a", one, "a"), Labelled("b", None, "b")]),
        charts.fast([Curve((), ()), Curve(((1e-3, 1.0), (2.0, 0.5)), ((2.0, 1.0), (9e3, 0.5)))]),
        charts.speeds([[], []]),
        charts.against(("a", "b"), marks),
        charts.roofline(Roof(2, 1e11, 1e10), marks),
        charts.roof_shares(marks),
    ):
        found = coordinates(drawn)
        assert found
        assert all(math.isfinite(n) and -1 <= n <= 700 for n in found)
