"""Columns that walk down an array together, with a place each for what they keep meanwhile.

``for (k < 109) { acc = 0; for (i < 264) acc += x[i * 109 + k]; y[k] = acc; }`` as SIMD over ``k``
reads one vector of each row before the next one gets its turn, and what is left over after the
last whole vector goes alone. With ``acc`` an array, the rows are the outer loop, each read at once.

The rounds of a SIMD loop may run in step, however wide a step is; here it is all of them. So no
more is asked of the loop than the directive claims anyway.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.reduction.combine import spread
from hpctc.transpile.shape.arithmetic import rounds, span_of
from hpctc.transpile.shape.emit import ENOUGH, loop
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.order import Access
from hpctc.transpile.shape.radix import LANES, Loop, fresh
from hpctc.transpile.simd import SIMD
from hpctc.transpile.statements import mutated
from hpctc.transpile.work import cost, worth_threads

WIDEST = 256
"""Columns of a tile: a handful of arrays of that length lie in the first cache."""
LONG = 32
"""Rounds from which on a loop is a walk; shorter ones vanish within SIMD."""

_SCALARS = frozenset({"float", "double", "int", "unsigned", "int64_t", "uint64_t", "bool"})


@dataclass(frozen=True)
class _Step:
    """Statements that every column runs before the next step: a walk's rounds, or once."""

    body: tuple[Any, ...]
    walk: tree.For | None = None


def together(
    loops: Sequence[Loop], body: Sequence[Any], touched: Sequence[Access], used: set[str]
) -> tuple[list[Loop], tuple[Any, ...]] | None:
    """Outer loops and the body of a tile of columns; None where the innermost loop has none."""
    if not loops:
        return None
    *outer, inner = loops
    steps = _steps(body)
    walks = {span[0] for s in steps if s.walk is not None and (span := span_of(s.walk))}
    if not _across(touched, inner.name, walks):
        return None
    kept = _kept(steps)
    if kept is None or not all(_alike(s, kept) for s in steps):
        return None
    lanes = _lanes(outer, inner, body)
    if lanes is None:
        return None
    if lanes < inner.points:
        tile = fresh({*used, *(x.name for x in loops)})
        outer.append(Loop(tile, number(int(inner.points) // lanes)))
        steps = [_Step(tuple(spread(p, inner.name, tile, lanes) for p in s.body), s.walk)
                 for s in steps]  # fmt: skip
    return outer, tuple(_written(steps, kept, inner.name, lanes))


# --- whether ---


def _steps(body: Sequence[Any]) -> list[_Step]:
    made: list[_Step] = []
    for node in body:
        if isinstance(node, tree.For) and rounds(node) >= LONG:
            made.append(_Step(tuple(parts(node.body)), node))
        elif made and made[-1].walk is None:
            made[-1] = _Step((*made[-1].body, node))
        else:
            made.append(_Step((node,)))
    return made


def _across(touched: Sequence[Access], inner: str, walks: set[str]) -> bool:
    """Whether a walk's next round is elsewhere, and the next column beside."""
    beside = [a for a in touched if a.within and a.within[0] in walks]
    along = [a for a in beside if a.stride(inner) not in (0, 1)]
    rows = [a for a in beside if a.stride(inner) == 1 and _elsewhere(a, a.within[0])]
    return bool(rows) and not along


def _elsewhere(access: Access, walk: str) -> bool:
    stride = access.stride(walk)
    return stride is None or abs(stride) > LANES


def _kept(steps: Sequence[_Step]) -> dict[str, tree.Type] | None:
    """The variables that outlive the step of their declaration; None where one is no number."""
    kept: dict[str, tree.Type] = {}
    for place, step in enumerate(steps):
        if step.walk is not None:
            continue
        later = {n for s in steps[place + 1 :] for p in s.body for n in edit.mentions(p)}
        for node in step.body:
            if not isinstance(node, tree.Declaration):
                continue
            for variable in node.variables:
                if variable.name in later:
                    kept[variable.name] = types.bare(variable.type)
    nodes = [n for s in steps for p in s.body for n in tree.walk(p)]
    names = Counter(n.name for n in nodes if isinstance(n, tree.Variable))
    once = all(names[n] == 1 for n in kept)
    plain = all(isinstance(k, tree.Named) and types.name(k) in _SCALARS for k in kept.values())
    return kept if once and plain else None


def _alike(step: _Step, kept: Collection[str]) -> bool:
    """Whether all columns go round together, and no index depends on what one of them keeps."""
    if step.walk is not None:
        span = span_of(step.walk)
        if span is None or any(span[0] in mutated(s) for s in step.body):
            return False
    nodes = [n for s in step.body for n in tree.walk(s)]
    indices = [n.index for n in nodes if isinstance(n, tree.Index)]
    return not any(edit.mentions(i) & set(kept) for i in indices)


def _lanes(outer: Sequence[Loop], inner: Loop, body: Sequence[Any]) -> int | None:
    """The columns of a tile: many, but of tiles there are enough for the threads."""
    points = constant(inner.extent)
    if points is None:
        return None
    around = prod(x.points for x in outer)
    enough = ENOUGH if worth_threads(around * points * cost(body)) else 1
    fits = [
        n for n in range(LANES, min(points, WIDEST) + 1)
        if points % n == 0 and (n == points or n % (LANES // 2) == 0)
        and around * (points // n) >= enough
    ]  # fmt: skip
    return max(fits, default=None)


# --- the text ---


def _written(
    steps: Sequence[_Step], kept: dict[str, tree.Type], lane: str, lanes: int
) -> Iterator[Any]:
    """The arrays, then every step as a SIMD loop, a walk around it or not."""
    places: dict[str, tree.Expr] = {n: tree.Index(tree.Name(n), tree.Name(lane)) for n in kept}
    for name, kind in kept.items():
        array = tree.Array(kind, number(lanes))
        yield tree.Declaration((tree.Variable(name, array, storage=("_Alignas(64)",)),))
    for step in steps:
        body = [s for node in step.body for s in _placed(node, places)]
        if not body:
            continue
        line = (SIMD, loop(lane, number(lanes), body))
        if step.walk is None:
            yield from line
        else:
            yield replace(step.walk, body=tree.Block(line))


def _placed(node: Any, places: dict[str, tree.Expr]) -> Iterator[Any]:
    """A statement with what is kept in its place; a declaration only sets it."""
    if not isinstance(node, tree.Declaration):
        yield edit.substitute(node, places)
        return
    for variable in node.variables:
        if variable.name not in places:
            yield edit.substitute(tree.Declaration((variable,)), places)
        elif variable.value is not None:
            value = edit.substitute(variable.value, places)
            yield tree.Evaluate(tree.Assign("=", places[variable.name], value))


__all__ = ["together"]
