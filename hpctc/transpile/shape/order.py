"""Which parallel loop lies inside, which are tiled: by the strides of what a body touches."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Linear, linear
from hpctc.transpile.shape.arithmetic import span_of
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.radix import LANES, Loop
from hpctc.transpile.work import trips

TILE = 16

_FAR = 12.0
"""A place in a cache line of its own, in places side by side."""


@dataclass(frozen=True)
class Access:
    """A place of memory that a body touches."""

    base: str
    form: Linear
    store: bool
    times: float
    """How often one run of the body touches it."""
    within: tuple[str, ...] = ()
    """Variables of the body's loops around it."""

    def stride(self, name: str) -> int | None:
        """Elements from one value of a variable to the next; None where that varies."""
        if any(name in edit.mentions(t) for t in self.form.terms if t != tree.Name(name)):
            return None
        return self.form.of(name)


def accesses(body: Sequence[Any], local: Collection[str]) -> Iterator[Access]:
    """Every ``base[index]`` of memory that threads share."""
    return _below(body, local, 1.0, ())


def _below(
    body: Sequence[Any], local: Collection[str], times: float, within: tuple[str, ...]
) -> Iterator[Access]:
    for node in body:
        match node:
            case tree.For():
                span = span_of(node)
                inside = (*within, span[0]) if span else within
                yield from _below(parts(node.body), local, times * trips(node), inside)
            case tree.Evaluate(tree.Assign(_, target, value)):
                yield from _touched(target, local, times, within, store=True)
                yield from _touched(value, local, times, within)
            case tree.Block() | tree.If() | tree.While() | tree.Do() | tree.Switch():
                yield from _below(list(tree.children(node)), local, times, within)
            case _:
                yield from _touched(node, local, times, within)


def _touched(
    node: tree.Node,
    local: Collection[str],
    times: float,
    within: tuple[str, ...],
    store: bool = False,
) -> Iterator[Access]:
    match node:
        case tree.Index(tree.Name(base), index) if base not in local:
            yield Access(base, linear(index), store, times, within)
            yield from _touched(index, local, times, within)
        case _:
            for child in tree.children(node):
                yield from _touched(child, local, times, within)


def gathers(inner: Loop, touched: Sequence[Access]) -> bool:
    """Whether SIMD over a loop would mostly gather what each of its rounds reads in a row."""
    rows = sum(
        a.times
        for a in touched
        if _far(a, inner.name) and any(a.stride(name) == 1 for name in a.within)
    )
    return rows > sum(a.times for a in touched) / 2


def scatters(inner: Loop, touched: Sequence[Access]) -> bool:
    """Whether the stores of a short loop lie so far apart that each is one of its own."""
    return inner.points < 2 * LANES and any(
        a.store and a.stride(inner.name) not in (0, 1, 2) for a in touched
    )


def inner_price(loop: Loop, touched: Sequence[Access]) -> float:
    """What the body's memory costs if this loop is the innermost."""
    points = loop.points
    used = min(1.0, (points / LANES) / -(-points // LANES)) if points < 64 else 1.0
    used *= min(1.0, points / LANES)
    return sum(_price(a, loop.name) for a in touched) / max(used, 0.05)


def _price(access: Access, name: str) -> float:
    stride = access.stride(name)
    match stride:
        case 0:
            price = 0.25
        case 1:
            price = 1.0
        case _ if stride is not None and abs(stride) <= 4:
            price = 1.5 * abs(stride)
        case _:
            price = _FAR
    return price * access.times * (2.0 if access.store else 1.0)


def ordered(loops: Sequence[Loop], touched: Sequence[Access]) -> list[Loop]:
    """The loops with the cheapest of them innermost, the others as they were."""
    if len(loops) < 2 or not touched:
        return list(loops)
    best = min(reversed(loops), key=lambda loop: inner_price(loop, touched))
    return [*(x for x in loops if x is not best), best]


def tiled(loops: Sequence[Loop], touched: Sequence[Access]) -> Loop | None:
    """The loop that wants to be innermost for other places than the one that is.

    A transpose writes along one and reads along the other: both are tiled, so that a tile's lines
    stay in the first cache.
    """
    if len(loops) < 2:
        return None
    inner = loops[-1]
    for other in reversed(loops[:-1]):
        along = [a for a in touched if a.stride(other.name) == 1 and _far(a, inner.name)]
        against = [a for a in touched if a.stride(inner.name) == 1 and _far(a, other.name)]
        if along and against and min(other.points, inner.points) >= TILE // 2:
            return other
    return None


def _far(access: Access, name: str) -> bool:
    stride = access.stride(name)
    return stride is None or abs(stride) > LANES
