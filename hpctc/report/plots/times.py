"""The raw times of one sample: what its ratios were made of."""

from collections.abc import Sequence

from markupsafe import Markup

from hpctc.core.records import Timing
from hpctc.report.plots.canvas import Plot, Scale, spread

WIDTH, HEIGHT = 460, 210


def raw(timings: Sequence[Timing]) -> Markup:
    """The candidate and the rungs that were called in turns with it, round by round.

    An outlier shows as what it is, and so does a time at which the whole host was slow.
    """
    columns = [("mine", "candidate", _ms(max((t.candidate_ns for t in timings), key=len)))]
    columns += [(f"r{n}", t.baseline, _ms(t.baseline_ns)) for n, t in enumerate(timings)]
    most = max(len(ms) for _, _, ms in columns)
    low, high = spread((ms for _, _, column in columns for ms in column), least=1.2, margin=1.05)
    x = Scale(0, max(most, 2) + 1, most_ticks=6, whole=True)
    y = Scale(low, high, log=True, label=lambda ms: f"{ms:.3g}", most_ticks=5)
    title = f"times on {timings[0].threads} threads"
    plot = Plot(title, WIDTH, HEIGHT, x, y, "round", "ms a call", left=58)
    plot.grid()
    for css, who, column in reversed(columns):  # the candidate on top
        points = [(float(i), ms) for i, ms in enumerate(column, 1)]
        plot.line(points, f"thin {css}")
        for i, ms in points:
            plot.dot((i, ms), css, f"{who}, round {i:.0f}: {ms:.4g} ms", radius=2.5)
    return plot.svg()


def _ms(column: Sequence[int]) -> list[float]:
    return [max(ns, 1) / 1e6 for ns in column]
