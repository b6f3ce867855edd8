"""The raw times of one sample: what the ratio was made of."""

from collections.abc import Sequence

from markupsafe import Markup

from hpctc.core.records import Timing
from hpctc.report.plots.canvas import Plot, Scale, spread

WIDTH, HEIGHT = 460, 190


def raw(timing: Timing) -> Markup:
    """Both columns in the order in which they were taken; an outlier shows as what it is."""
    mine, theirs = (_ms(column) for column in (timing.candidate_ns, timing.baseline_ns))
    low, high = spread([*mine, *theirs], least=1.2, margin=1.05)
    x = Scale(0, max(len(mine), 2) + 1, most_ticks=6, whole=True)
    y = Scale(low, high, log=True, label=lambda ms: f"{ms:.3g}", most_ticks=5)
    plot = Plot(
        f"times beside {timing.baseline}",
        WIDTH,
        HEIGHT,
        x,
        y,
        "pair of calls",
        "ms a call",
        left=58,
    )
    plot.grid()
    for css, who, column in (("base", timing.baseline, theirs), ("mine", "candidate", mine)):
        points = [(float(i), ms) for i, ms in enumerate(column, 1)]
        plot.line(points, f"thin {css}")
        for i, ms in points:
            plot.dot((i, ms), css, f"{who}, pair {i:.0f}: {ms:.4g} ms", radius=2.5)
    return plot.svg()


def _ms(column: Sequence[int]) -> list[float]:
    return [max(ns, 1) / 1e6 for ns in column]
