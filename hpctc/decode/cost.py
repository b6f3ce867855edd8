"""What a pass costs by the number of its tokens: whether a device has arithmetic to spare.

Reading the weights takes as long for one token as for a few. How many "a few" are differs by two
orders of magnitude between a laptop's CPU and a large GPU, so it is measured: every pass of a
target tells its :class:`Learned` cost how long it took, and drafts are as long as that allows
(:func:`hpctc.decode.trees.worth`). Only time depends on it, never what is said.
"""

from bisect import bisect_left
from collections import deque
from statistics import quantiles
from typing import Protocol

RECENT = 15
"""Passes of one size that are remembered."""


class Cost(Protocol):
    """Seconds of a pass."""

    def seconds(self, tokens: int) -> float:
        """For so many tokens over all rows, padding included; 0: not known yet."""
        ...


class Fixed:
    """``first`` for one token and ``more`` for each further one."""

    def __init__(self, more: float = 0.0, first: float = 1.0) -> None:
        self.more = more
        self.first = first

    def seconds(self, tokens: int) -> float:
        """See :class:`Cost`."""
        return self.first + self.more * (tokens - 1)


class Learned:
    """From the passes seen so far; between two known sizes on a straight line.

    What disturbs a pass makes it slower, never faster. So each size is known by the lower quartile
    of its last times, and none is slower than a larger one. Where only one size was seen, each
    further token is assumed to cost the share ``assumed`` of a pass of one; beyond the largest
    known size the last slope goes on.
    """

    def __init__(self, assumed: float) -> None:
        self.assumed = assumed
        self._times: dict[int, deque[float]] = {}
        self._points: list[tuple[int, float]] | None = None

    def saw(self, tokens: int, seconds: float) -> None:
        """A pass of so many tokens took so long."""
        size = _rounded(tokens)
        self._times.setdefault(size, deque(maxlen=RECENT)).append(seconds)
        self._points = None

    def seconds(self, tokens: int) -> float:
        """See :class:`Cost`."""
        if not self._times:
            return 0.0
        points = self._known()
        place = min(max(bisect_left(points, (tokens, 0.0)), 1), len(points) - 1)
        (few, less), (many, more) = points[place - 1], points[place]
        found = less + (more - less) * (tokens - few) / (many - few)
        return max(found, less / few) if tokens < few else found

    def _known(self) -> list[tuple[int, float]]:
        """``(size, seconds)``, at least two, growing in both."""
        if self._points is None:
            points: list[tuple[int, float]] = []
            for size in sorted(self._times, reverse=True):
                times = self._times[size]
                low = quantiles(times, n=4)[0] if len(times) > 3 else min(times)
                points.append((size, min(low, points[-1][1]) if points else low))
            if len(points) == 1:
                size, low = points[0]
                one = low / (1 + self.assumed * (size - 1))
                points.append((1, one) if size > 1 else (2, one * (1 + self.assumed)))
            self._points = sorted(points)
        return self._points


def _rounded(tokens: int) -> int:
    """Two significant bits: sizes that are hardly different are known together."""
    step = 1 << max(tokens.bit_length() - 2, 0)
    return tokens // step * step


__all__ = ["Cost", "Fixed", "Learned"]
