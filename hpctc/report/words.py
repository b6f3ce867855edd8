"""Figures as a reader wants them: short, with their intervals."""

from collections.abc import Callable

import numpy as np

from hpctc.core.records import Timing
from hpctc.core.words import count as count  # the templates have these words at hand
from hpctc.score import Estimate, Trail
from hpctc.score.cost import Price
from hpctc.score.pace import TARGET


def times(estimate: Estimate | None) -> str:
    """``2.31x``, or a dash where nothing was timed."""
    return "-" if estimate is None else f"{estimate.value:.2f}x"


def between(estimate: Estimate | None) -> str:
    """``2.10 - 2.52``: the interval of a ratio."""
    return "" if estimate is None else f"{estimate.low:.2f} \u2013 {estimate.high:.2f}"


def share(estimate: Estimate | None) -> str:
    """``57 %``."""
    return "-" if estimate is None else f"{100 * estimate.value:.0f}\u00a0%"


def shares(estimate: Estimate | None) -> str:
    """``45 - 68 %``: the interval of a share."""
    if estimate is None:
        return ""
    return f"{100 * estimate.low:.0f} \u2013 {100 * estimate.high:.0f}\u00a0%"


def number(estimate: Estimate | None) -> str:
    """``3.1``: three digits that say something, or a dash."""
    return "-" if estimate is None else f"{estimate.value:.3g}"


def numbers(estimate: Estimate | None) -> str:
    """``2.8 - 3.4``: the interval of a number."""
    return "" if estimate is None else f"{estimate.low:.3g} \u2013 {estimate.high:.3g}"


def milliseconds(ns: float) -> str:
    """``1.25 ms``."""
    return f"{ns / 1e6:.3g} ms"


def middle_ns(trail: Trail) -> float | None:
    """The median time of a call on the most threads; None where it was not timed."""
    widest = _widest(trail)
    return None if widest is None else float(np.median(widest.candidate_ns))


def roof_share(trail: Trail) -> float | None:
    """What share of the roof it reaches on the most threads, where that was recorded."""
    widest = _widest(trail)
    return None if widest is None else widest.roof_share


def _widest(trail: Trail) -> Timing | None:
    usable = [t for t in trail.timings if t.candidate_ns and not t.problem]
    return max(usable, key=lambda t: t.threads, default=None)


def seconds(value: float) -> str:
    """``0.12 s``, ``3.4 min``, ``2.1 h``."""
    for unit, length in (("h", 3600.0), ("min", 60.0)):
        if value >= 2 * length:
            return f"{value / length:.1f} {unit}"
    return f"{value:.3g} s" if value < 100 else f"{value:.0f} s"


def dollars(value: float) -> str:
    """``$0.0012``: small sums keep two digits that say something."""
    return f"${value:,.2f}" if value >= 0.1 else f"${value:.2g}"


def price(found: Price | None, unit: Callable[[float], str]) -> str:
    """What a solved kernel costs; a dash where none is solved, or nobody counted."""
    return "-" if found is None else unit(found.value)


def price_range(found: Price | None, unit: Callable[[float], str]) -> str:
    """``12 s - 31 s``, or ``from 12 s`` where there is no upper end."""
    if found is None:
        return ""
    if found.high is None:
        return f"from {unit(found.low)}"
    return f"{unit(found.low)} \u2013 {unit(found.high)}"


def proposer(source: str) -> str:
    """Who proposed a token, in words."""
    return "the model itself" if source == TARGET else source
