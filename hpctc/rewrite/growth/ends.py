"""The end of growth: which values are returned, and how loose ends are tied together."""

import math

from hpctc.graph.op import FLOATS
from hpctc.rewrite.growth.moves import broadcasts
from hpctc.rewrite.growth.state import Growth

MOST_OUTPUTS = 2
"""Outputs of a grown graph; most have one."""

JOINS = ("add", "mul", "sub", "maximum", "minimum")


def outputs(growth: Growth) -> list[str]:
    """The last loose value, tied to the others where they fit; seldom a second one."""
    loose = [n for n in growth.loose() if _returnable(growth, n)]
    if not loose:
        return []
    main = loose.pop()
    others = []
    for name in reversed(loose):
        tied = _tied(growth, main, name)
        if tied is not None:
            main = tied
        else:
            others.append(name)
    if others and growth.rng.random() < 0.25:
        return [main, *others[: MOST_OUTPUTS - 1]]
    return [main]


def _returnable(growth: Growth, name: str) -> bool:
    """Whether a value may be an output: enough elements to compare, if there are truth values."""
    kind = growth.live[name].type
    return kind.dtype in FLOATS or math.prod(kind.shape) >= 4


def _tied(growth: Growth, main: str, other: str) -> str | None:
    """Both in one value: elementwise where they broadcast, else by one number of the other."""
    if growth.dtype(main) != growth.dtype(other):
        return None
    a, b = growth.shape(main), growth.shape(other)
    if growth.dtype(main) == "bool":
        return growth.op("logical_xor", main, other) if broadcasts(a, b) else None
    if broadcasts(a, b):
        for how in growth.rng.sample(JOINS, 2):
            if (tied := growth.op(how, main, other)) is not None:
                return tied
        return None
    if not b or growth.rng.random() < 0.5:
        return None
    rest = growth.op(growth.rng.choice(("max", "mean", "logsumexp")), other)
    return growth.op(growth.rng.choice(("add", "mul")), main, rest)
