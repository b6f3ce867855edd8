"""Axes, and marks upon them: data coordinates in, SVG text out."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

Point = tuple[float, float]

Label = Callable[[float], str]


STOPS: tuple[tuple[float, ...], ...] = (
    (1, 1.5, 2, 3, 5, 7),
    (1, 2, 5),
    (1, 3),
    (1,),
)
"""Where the ticks of a decade may be, the closest first."""


@dataclass(frozen=True)
class Scale:
    """One axis: an interval of values, linear or logarithmic, and where its ticks are."""

    low: float
    high: float
    log: bool = False
    label: Label = field(default=lambda value: f"{value:g}")
    most_ticks: int = 7
    whole: bool = False
    """Ticks at whole numbers alone."""

    def place(self, value: float) -> float:
        """0 at ``low``, 1 at ``high``; what lies outside is put on the edge."""
        if self.log:
            value = max(value, 1e-300)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Round values within the scale, few enough to read."""
        curved = self.log and self.high / self.low > 3
        return self._log_ticks() if curved else self._linear_ticks()

    def _linear_ticks(self) -> list[float]:
        raw = (self.high - self.low) / self.most_ticks
        raw = max(raw, 1.0) if self.whole else raw
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(step * i, 12) for i in range(first, last + 1)]

    def _log_ticks(self) -> list[float]:
        first, last = (math.floor(math.log10(v)) for v in (self.low, self.high))
        found: list[float] = []
        for stops in STOPS:
            found = [
                round(s * 10.0**e, 9 - e)
                for e in range(first, last + 1)
                for s in stops
                if self.low * 0.999 <= s * 10.0**e <= self.high * 1.001
            ]
            if len(found) <= self.most_ticks:
                return found
        every = math.ceil(len(found) / self.most_ticks)
        return found[::every]


def spread(
    values: Iterable[float], least: float = 1.6, margin: float = 1.15
) -> tuple[float, float]:
    """A logarithmic interval around positive values, at least a factor of ``least`` wide."""
    known = [v for v in values if v > 0]
    low, high = (min(known), max(known)) if known else (1.0, 1.0)
    low, high = low / margin, high * margin
    if high / low < least:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(least), middle * math.sqrt(least)
    return low, high


@dataclass
class Plot:
    """A plot under construction; every method adds to it, :meth:`svg` gives it away."""

    title: str
    """What a screen reader says of it."""
    width: int
    height: int
    x: Scale
    y: Scale
    x_title: str = ""
    y_title: str = ""
    left: int = 62
    right: int = 14
    top: int = 12
    bottom: int = 44
    parts: list[str] = field(default_factory=list)

    def px(self, value: float) -> float:
        """The horizontal place of a value."""
        return self.left + self.x.place(value) * (self.width - self.left - self.right)

    def py(self, value: float) -> float:
        """The vertical place of a value; up is more."""
        return (
            self.height - self.bottom - self.y.place(value) * (self.height - self.top - self.bottom)
        )

    def grid(self, x: bool = True, y: bool = True) -> None:
        """Grid lines with their labels, and the axes' titles."""
        floor, roof = self.height - self.bottom, self.top
        for value in self.x.ticks() if x else ():
            at = self.px(value)
            self.segment((at, floor), (at, roof), "gridline")
            self.text(at, floor + 17, self.x.label(value), "tick", "middle")
        for value in self.y.ticks() if y else ():
            at = self.py(value)
            self.segment((self.left, at), (self.width - self.right, at), "gridline")
            self.text(self.left - 7, at + 4, self.y.label(value), "tick", "end")
        middle = (self.left + self.width - self.right) / 2
        self.text(middle, self.height - 6, self.x_title, "axis", "middle")
        if self.y_title:
            up = (self.top + floor) / 2
            self.parts.append(
                f'<text class="axis" text-anchor="middle" '
                f'transform="translate(12 {up:.1f}) rotate(-90)">{escape(self.y_title)}</text>'
            )

    def segment(self, start: Point, end: Point, css: str) -> None:
        """A straight line between two places on the drawing."""
        (x1, y1), (x2, y2) = start, end
        self.parts.append(
            f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def line(self, points: Sequence[Point], css: str) -> None:
        """A line through values."""
        path = " ".join(f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline class="line {css}" points="{path}"/>')

    def area(self, upper: Sequence[Point], lower: Sequence[Point], css: str) -> None:
        """What lies between two lines."""
        path = " ".join(f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in (*upper, *reversed(lower)))
        self.parts.append(f'<polygon class="area {css}" points="{path}"/>')

    def rule(self, css: str, x: float | None = None, y: float | None = None) -> None:
        """A line across the whole plot at a value."""
        if x is not None:
            floor = self.height - self.bottom
            self.segment((self.px(x), self.top), (self.px(x), floor), css)
        if y is not None:
            self.segment((self.left, self.py(y)), (self.width - self.right, self.py(y)), css)

    def dot(self, at: Point, css: str, words: str, link: str = "", radius: float = 4.0) -> None:
        """A mark at a value, with what to say when it is pointed at."""
        mark = (
            f'<circle class="dot {css}" cx="{self.px(at[0]):.1f}" cy="{self.py(at[1]):.1f}" '
            f'r="{radius:g}" data-tip="{escape(words)}"/>'
        )
        # The table is the way for a keyboard: hundreds of marks would be hundreds of stops.
        anchor = f'<a href="{escape(link)}" tabindex="-1" aria-hidden="true">{mark}</a>'
        self.parts.append(anchor if link else mark)

    def box(self, between: Point, y: float, css: str, words: str) -> None:
        """A bar from one value to another at a height of the drawing, and what it says."""
        x1, x2 = map(self.px, between)
        self.parts.append(
            f'<rect class="{css}" x="{x1:.1f}" y="{y - 9:.1f}" width="{max(0.5, x2 - x1 - 1):.1f}" '
            f'height="18" rx="2" data-tip="{escape(words)}"/>'
        )

    def text(
        self, x: float, y: float, words: str, css: str = "tick", anchor: str = "start"
    ) -> None:
        """Words at a place on the drawing."""
        if words:
            self.parts.append(
                f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
                f"{escape(words)}</text>"
            )

    def svg(self, css: str = "") -> Markup:
        """The whole drawing."""
        return Markup(
            f'<svg class="plot {css}" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{escape(self.title)}">{"".join(self.parts)}</svg>'
        )


WIDE, NARROW = 560, 340


def both(draw: Callable[[int], Plot]) -> Markup:
    """The same plot for a screen and for a phone; the style sheet shows one of them."""
    return draw(WIDE).svg("wide") + draw(NARROW).svg("narrow")


def factor(value: float) -> str:
    """``0.5x``: how a ratio reads on an axis."""
    return f"{value:.3g}x"


def percent(value: float) -> str:
    """``25 %``: how a share reads on an axis."""
    return f"{100 * value:.0f} %"


def precise(value: float) -> str:
    """``0.5 %``: how a small share reads on an axis."""
    return f"{100 * value:.3g} %"


def engineering(value: float) -> str:
    """``2.5 G``: a large number on an axis."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:.3g} {letter}"
    return f"{value:.3g}"
