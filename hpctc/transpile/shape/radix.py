"""Which cuts an axis gets: its loops, so that digits are loop variables."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.fold import Linear, constant, number
from hpctc.transpile.shape.digits import Digit

LANES = 16
"""Floats of the widest vectors, and of a cache line."""
FEW, MANY = 8, 65
"""How many parts a long axis is cut into."""


@dataclass
class Axis:
    """A dimension of the parallel iteration space."""

    name: str
    extent: tree.Expr
    """Points; what a guard cut off is gone."""
    limit: tree.Expr | None = None
    """A bound from a guard, of which only the program knows the value."""
    cuts: tuple[int, ...] = ()
    """Where its mixed radix is cut, each a divisor of the next; 1 is not named."""


@dataclass(frozen=True)
class Loop:
    """One parallel loop: ``for (int name = 0; name < extent; ++name)``."""

    name: str
    extent: tree.Expr

    @property
    def points(self) -> float:
        """Its trips, infinite where they are not known."""
        trips = constant(self.extent)
        return float("inf") if trips is None else trips


def fresh(taken: Collection[str]) -> str:
    """A loop's variable: i, j, k, ... as far as they are free."""
    letters = "ijklmnopqrstuv"
    names = chain(letters, (f"i{n}" for n in count(1)))
    return next(n for n in names if n not in taken)


def digits_in(body: Iterable[Any], axis: str) -> Counter[Digit]:
    """How often each digit of an axis is asked for."""
    return Counter(
        node for part in body for node in tree.walk(part)
        if isinstance(node, Digit) and node.axis == axis
    )  # fmt: skip


def cuts(found: Counter[Digit], extent: int | None) -> tuple[int, ...]:
    """A chain of divisors that holds many of the asked cuts, the frequent ones first."""
    votes: Counter[int] = Counter()
    for digit, times in found.items():
        for cut in (digit.low, digit.high):
            if cut is not None and cut > 1 and (extent is None or cut < extent):
                votes[cut] += times
    kept: list[int] = []
    for cut, _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if all(cut % other == 0 or other % cut == 0 for other in kept):
            kept.append(cut)
    return tuple(sorted(kept))


def chunks(points: int) -> int | None:
    """The length of even parts of a long axis, for threads; None where it has no good divisor.

    With a length that the compiler knows, the inner loop is better SIMD than a share of threads.
    """
    for fit in (LANES, 1):
        for pieces in range(FEW, MANY):
            if points % (pieces * fit) == 0:
                return points // pieces
    return None


def split(axis: Axis, names: Sequence[str]) -> tuple[list[Loop], Linear]:
    """The loops of an axis, outermost first, and the axis as a sum of their variables."""
    lows = (1, *axis.cuts)
    loops: list[Loop] = []
    terms: dict[Any, int] = {}
    for place, name in zip(reversed(range(len(lows))), names, strict=True):
        extent = axis.extent
        if place + 1 < len(lows):
            extent = number(lows[place + 1] // lows[place])
        elif lows[place] > 1:
            extent = divided(axis.extent, lows[place])
        loops.append(Loop(name, extent))
        terms[tree.Name(name)] = lows[place]
    return loops, Linear(terms)


def divided(extent: tree.Expr, by: int) -> tree.Expr:
    """``extent / by``, rounded up."""
    points = constant(extent)
    if points is not None:
        return number(-(-points // by))
    match extent:
        case tree.Binary("*", blocks, factor) if constant(factor) == by:
            return blocks
        case _:
            return tree.Binary("/", tree.Binary("+", extent, number(by - 1)), number(by))
