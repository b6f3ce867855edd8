"""The plots over whole runs. A run is a series: its colour is its number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from hpctc.core.records import Score, VerdictClass
from hpctc.report.plots.canvas import (
    Plot,
    Scale,
    both,
    engineering,
    factor,
    percent,
    precise,
    spread,
)
from hpctc.score import Estimate
from hpctc.score.rates import Curve, Step
from hpctc.score.roofline import Roof
from hpctc.score.scaling import Scale as Threads

CROWD = 120
"""Marks of one series from which they touch each other."""


@dataclass(frozen=True)
class Labelled:
    """A figure with its name; no figure: nothing was timed."""

    name: str
    """Written beside it; empty: it belongs to the one above."""
    estimate: Estimate | None
    words: str
    """What is said when it is pointed at."""
    series: int = 0


@dataclass(frozen=True)
class Mark:
    """One point of a scatter plot."""

    x: float
    y: float
    words: str
    link: str
    series: int = 0


def link(task: str) -> str:
    """Where the page shows a task."""
    return f"#task={task}"


def forest(title: str, rows: Sequence[Labelled]) -> Markup:
    """Figures with their intervals, one below the other, on an axis of ratios."""
    known = [r.estimate for r in rows if r.estimate]
    low, high = spread([1.0, *(e.low for e in known), *(e.high for e in known)])

    tops = _places(rows)

    def draw(width: int) -> Plot:
        left = min(140, width // 2 - 40)
        x = Scale(low, high, log=True, label=factor, most_ticks=6 if width > 400 else 4)
        y = Scale(tops[-1] + 14, 0)
        plot = Plot(title, width, int(tops[-1]) + 70, x, y, "speedup", left=left)
        plot.grid(y=False)
        plot.rule("one", x=1.0)
        for row, at in zip(rows, tops, strict=True):
            plot.text(left - 10, plot.py(at) + 4, row.name, "name", "end")
            if row.estimate is None:
                plot.text(left + 6, plot.py(at) + 4, "not timed", "tick")
                continue
            e, css = row.estimate, f"s{row.series}"
            plot.line([(e.low, at), (e.high, at)], f"whisker {css}")
            words = f"{row.words}: {e.value:.2f}x [{e.low:.2f}, {e.high:.2f}]"
            plot.dot((e.value, at), css, words, radius=5)
        return plot

    return both(draw)


def _places(rows: Sequence[Labelled]) -> list[float]:
    """How far down each row lies: a row with a name begins a group and keeps a distance."""
    places, at = [], 2.0
    for number, row in enumerate(rows):
        at += 0 if number == 0 else 26 if row.name else 14
        places.append(at + 10)
    return places


def fast(curves: Sequence[Curve]) -> Markup:
    """fast_p over p: the share that is surely faster, shaded up to what may be faster."""
    ends = [p for c in curves for p, _ in (*c.surely, *c.possibly)]
    low, high = spread([0.5, 2.0, *ends])

    def draw(width: int) -> Plot:
        x = Scale(low, high, log=True, label=factor, most_ticks=7 if width > 400 else 5)
        y = Scale(0, 1, label=percent, most_ticks=5)
        plot = Plot("fast_p curves", width, 300, x, y, "p", "correct and faster than p")
        plot.grid()
        plot.rule("one", x=1.0)
        for number, curve in enumerate(curves):
            surely, possibly = (_stairs(s, low, high) for s in (curve.surely, curve.possibly))
            plot.area(possibly, surely, f"s{number}")
            plot.line(surely, f"s{number}")
        return plot

    return both(draw)


def _stairs(steps: Sequence[Step], low: float, high: float) -> list[tuple[float, float]]:
    """The corners of falling steps, from one edge of the plot to the other."""
    points, before = [], low
    for p, share in steps:
        points += [(before, share), (p, share)]
        before = p
    return [*points, (before, 0.0), (high, 0.0)]


def speeds(runs: Sequence[Sequence[Score]]) -> Markup:
    """Every timed sample with its interval, each run sorted by speed."""
    timed = [sorted((s for s in r if s.speedup), key=lambda s: s.speedup or 0) for r in runs]
    ends = [end for r in timed for s in r for end in s.interval or ()]
    low, high = spread([1.0, *ends])
    most = max((len(r) for r in timed), default=1)

    def draw(width: int) -> Plot:
        x = Scale(0, max(most, 1), label=lambda _: "")
        y = Scale(low, high, log=True, label=factor, most_ticks=8)
        plot = Plot(
            "speedups, sorted", width, 300, x, y, "samples, slowest first", "speedup", bottom=28
        )
        plot.grid(x=False)
        plot.rule("one", y=1.0)
        for number, run in enumerate(timed):
            for i, s in enumerate(run):
                _sample(plot, s, (i + 0.5) * most / len(run), (number, most))
        return plot

    return both(draw)


def _sample(plot: Plot, s: Score, x: float, place: tuple[int, int]) -> None:
    """One mark; among many of them it is small and has no rim."""
    if s.speedup is None or s.interval is None:
        return
    (low, high), (series, most) = s.interval, place
    css = f"s{series}" if most <= CROWD else f"fine s{series}"
    plot.line([(x, low), (x, high)], f"whisker thin {css}")
    words = f"{s.name}: {s.speedup:.2f}x [{low:.2f}, {high:.2f}] over {s.baseline}"
    plot.dot((x, s.speedup), css, words, link(s.task), 3.5 if most <= CROWD else 1.6)


def against(title: tuple[str, str], marks: Sequence[Mark]) -> Markup:
    """One run against another, a mark a task: above the diagonal the second is faster."""
    low, high = spread([1.0, *(v for m in marks for v in (m.x, m.y))])

    def draw(width: int) -> Plot:
        x = Scale(low, high, log=True, label=factor, most_ticks=6 if width > 400 else 4)
        y = Scale(low, high, log=True, label=factor, most_ticks=6)
        plot = Plot("speedups of two runs", width, 320, x, y, *title)
        plot.grid()
        plot.line([(low, low), (high, high)], "one")
        for m in marks:
            plot.dot((m.x, m.y), f"s{m.series}", m.words, m.link)
        return plot

    return both(draw)


def roofline(roof: Roof, marks: Sequence[Mark]) -> Markup:
    """Operations a second over operations a byte, below what the host can do."""
    xs = spread([roof.ridge, *(m.x for m in marks)], least=30, margin=2)
    ys = spread([roof.flops_per_second, *(m.y for m in marks)], least=30, margin=1.5)

    def draw(width: int) -> Plot:
        x = Scale(*xs, log=True, most_ticks=7 if width > 400 else 4)
        y = Scale(*ys, log=True, label=engineering, most_ticks=7)
        plot = Plot("roofline", width, 320, x, y, "operations a byte", "operations a second")
        plot.grid()
        start = max(xs[0], ys[0] / roof.bytes_per_second)
        corners = [start, roof.ridge, xs[1]]
        plot.line([(c, roof.attainable(c)) for c in corners], "roof")
        for m in marks:
            plot.dot((m.x, m.y), f"s{m.series}", m.words, m.link)
        return plot

    return both(draw)


def roof_shares(marks: Sequence[Mark]) -> Markup:
    """The share of the host's floor that a time reaches, over operations a byte."""
    xs = spread([m.x for m in marks], least=30, margin=2)
    ys = spread([1.0, *(m.y for m in marks)], least=30, margin=1.5)

    def draw(width: int) -> Plot:
        x = Scale(*xs, log=True, most_ticks=7 if width > 400 else 4)
        y = Scale(*ys, log=True, label=precise, most_ticks=7)
        plot = Plot("share of the roof", width, 320, x, y, "operations a byte", "share of the roof")
        plot.grid()
        plot.rule("one", y=1.0)
        for m in marks:
            plot.dot((m.x, m.y), f"s{m.series}", m.words, m.link)
        return plot

    return both(draw)


def scaling(runs: Sequence[Sequence[Threads]]) -> Markup:
    """speedup_n over n, beside what perfect use of the threads would give."""
    points = [s for run in runs for s in run]
    most = max(s.threads for s in points)
    highest = max(s.speedup.high for s in points)

    def draw(width: int) -> Plot:
        x = Scale(0.7, most + 0.3, most_ticks=8, whole=True)
        y = Scale(0, 1.1 * max(highest, most), label=factor, most_ticks=6)
        plot = Plot("thread scaling", width, 300, x, y, "threads", "speedup over sequential")
        plot.grid()
        plot.line([(1, 1), (most, most)], "one")
        for number, run in enumerate(runs):
            css = f"s{number}"
            plot.line([(s.threads, s.speedup.value) for s in run], css)
            for s in run:
                e = s.speedup
                plot.line([(s.threads, e.low), (s.threads, e.high)], f"whisker {css}")
                words = f"{s.threads} threads: {e.value:.2f}x [{e.low:.2f}, {e.high:.2f}]"
                plot.dot((s.threads, e.value), css, f"{words}, {s.tasks} tasks")
        return plot

    return both(draw)


def classes(rows: Sequence[tuple[str, Mapping[VerdictClass, int]]]) -> Markup:
    """One bar of verdicts a row, each as long as the whole."""
    bars = [
        Bar(name, [Share(v, f"v-{v.replace(' ', '-')}", n) for v, n in counts.items()])
        for name, counts in rows
    ]
    return stacked("verdicts", bars)


@dataclass(frozen=True)
class Share:
    """A part of a whole."""

    name: str
    css: str
    """Its colour."""
    amount: float


@dataclass(frozen=True)
class Bar:
    """A whole, all of whose parts are drawn beside each other."""

    name: str
    shares: Sequence[Share]


def stacked(title: str, bars: Sequence[Bar], unit: str = "") -> Markup:
    """One bar a row, each as long as the whole; ``unit`` is that of the amounts, in words."""

    def draw(width: int) -> Plot:
        left = min(172, width // 2 - 40)
        height = 28 * len(bars) + 40
        x = Scale(0, 1, label=percent, most_ticks=4)
        plot = Plot(title, width, height, x, Scale(0, len(bars)), left=left, right=26, bottom=30)
        plot.grid(y=False)
        for number, bar in enumerate(bars):
            y = plot.py(len(bars) - number - 0.5)
            plot.text(left - 10, y + 4, bar.name, "name", "end")
            _stack(plot, bar, y, unit)
        return plot

    return both(draw)


def _stack(plot: Plot, bar: Bar, y: float, unit: str) -> None:
    total, begun = sum(share.amount for share in bar.shares), 0.0
    for share in bar.shares:
        if not share.amount:
            continue
        end = begun + share.amount / total
        words = f"{share.name}: {share.amount:,.0f} of {total:,.0f}{unit}"
        plot.box((begun, end), y, share.css, words)
        if plot.px(end) - plot.px(begun) > 24:
            middle = (plot.px(begun) + plot.px(end)) / 2
            said = percent(share.amount / total) if unit else f"{share.amount:,.0f}"
            plot.text(middle, y + 4, said, "on", "middle")
        begun = end
