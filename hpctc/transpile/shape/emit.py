"""Parallel loops as C: threads outside, SIMD inside, tiles between."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.shape.arithmetic import rounds
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.order import TILE
from hpctc.transpile.shape.radix import LANES, Loop
from hpctc.transpile.shape.segments import Segment
from hpctc.transpile.simd import SIMD, worth_simd
from hpctc.transpile.work import cost, parallel, worth_threads

ENOUGH = 16
"""Rounds of a parallel loop that keep the threads of a small machine evenly busy."""
UNROLLED = 32
"""Rounds, over a nest, up to which inner loops are written out by the compiler."""


def loop(
    name: str, extent: tree.Expr, body: Sequence[Any], start: tree.Expr | None = None
) -> tree.For:
    """``for (int name = start; name < extent; ++name)``."""
    first = number(0) if start is None else start
    return tree.For(
        tree.Declaration((tree.Variable(name, types.INT, value=first),)),
        tree.Binary("<", tree.Name(name), extent),
        tree.Unary("++", tree.Name(name)),
        tree.Block(tuple(body)),
    )  # fmt: skip


def emitted(
    loops: Sequence[Loop],
    body: Sequence[Any],
    vector: bool,
    tile: Loop | None = None,
    split: Sequence[Segment] = (),
    before: Sequence[Any] = (),
) -> tuple[Any, ...]:
    """The nest; ``vector``: the innermost loop's rounds do the same and may run in step.

    ``split`` is the innermost loop in parts that say the same as the body; ``before`` goes ahead
    of it.
    """
    body = _list(body, 1)
    if not loops:
        return body
    work = cost(body)
    for each in loops:
        work *= min(each.points, 1e9)
    threads = worth_threads(work)
    if tile is not None:
        return _tiled(loops, tile, body, threads)
    depth = _depth(loops) if threads else 0
    *outer, inner = loops
    simd = " simd" if vector and worth_simd(inner.points, body) else ""
    if outer:
        words = simd
    else:
        words, depth = (" parallel for" if threads else "") + simd, 0
    made = (*before, *_innermost(inner, body, split, words))
    for each in reversed(outer):
        made = (loop(each.name, each.extent, made),)
    if depth:
        made = (parallel(depth), *made)
    return made


def _innermost(
    inner: Loop, body: tuple[Any, ...], split: Sequence[Segment], words: str
) -> tuple[Any, ...]:
    directive = (tree.Directive(f"#pragma omp{words}"),) if words else ()
    if len(split) < 2:
        return (*directive, loop(inner.name, inner.extent, body))
    made: list[Any] = []
    for part in split:
        inside = _list(part.body, 1)
        if part.end - part.first > 1:
            made += [*directive] if part.end - part.first >= LANES else []
            made.append(loop(inner.name, number(part.end), inside, number(part.first)))
        elif any(isinstance(s, tree.Declaration) for s in inside):
            made.append(tree.Block(inside))
        else:
            made += inside
    return tuple(made)


def _depth(loops: Sequence[Loop]) -> int:
    """How many loops share the threads: as few as give every thread something."""
    shared = 1.0
    for depth, each in enumerate(loops[: max(1, len(loops) - 1)], 1):
        shared *= each.points
        if shared >= ENOUGH:
            return depth
    return max(1, len(loops) - 1)


def _tiled(
    loops: Sequence[Loop], other: Loop, body: tuple[Any, ...], threads: bool
) -> tuple[Any, ...]:
    inner = loops[-1]
    outer = [x for x in loops if x is not other and x is not inner]
    made: tuple[Any, ...] = body
    for place, each in enumerate((inner, other)):
        start = tree.Name(f"{each.name}0")
        made = (loop(each.name, _tile_end(each), made, start),)
        if place == 0:
            made = (SIMD, *made)
    for each in (inner, other):
        made = (_stepped(each, made),)
    for each in reversed(outer):
        made = (loop(each.name, each.extent, made),)
    if threads:
        tiles = Loop("", number(-(-(constant(other.extent) or 1) // TILE)))
        depth = _depth([*outer, tiles, inner])
        made = (parallel(depth), *made)
    return made


def _tile_end(each: Loop) -> tree.Expr:
    end: tree.Expr = tree.Binary("+", tree.Name(f"{each.name}0"), number(TILE))
    if (constant(each.extent) or 1) % TILE:
        end = tree.Call(tree.Name("min_int"), (end, each.extent))
    return end


def _stepped(each: Loop, body: tuple[Any, ...]) -> tree.For:
    name = f"{each.name}0"
    return tree.For(
        tree.Declaration((tree.Variable(name, types.INT, value=number(0)),)),
        tree.Binary("<", tree.Name(name), each.extent),
        tree.Assign("+=", tree.Name(name), number(TILE)),
        tree.Block(body),
    )


def _unrolled(node: Any, around: int) -> Any:
    if isinstance(node, tree.Block):
        return tree.Block(_list(node.body, around))
    if isinstance(node, tree.If):
        other = None if node.otherwise is None else _unrolled(node.otherwise, around)
        return tree.If(node.condition, tree.Block(_list(parts(node.then), around)), other)
    return node


def _list(body: Sequence[Any], around: int) -> tuple[Any, ...]:
    """Short loops of fixed length get a word to the compiler: in SIMD they have to vanish."""
    made: list[Any] = []
    for node in body:
        if not isinstance(node, tree.For):
            made.append(_unrolled(node, around))
            continue
        times = rounds(node) or UNROLLED + 1
        short = around * times * _rounds_below(node) <= UNROLLED
        if short and not (made and isinstance(made[-1], tree.Directive)):
            made.append(tree.Directive(f"#pragma GCC unroll {times}"))
        made.append(replace(node, body=tree.Block(_list(parts(node.body), around * times))))
    return tuple(made)


def _rounds_below(node: tree.For) -> int:
    below = [p for p in parts(node.body) if isinstance(p, tree.For)]
    return max([(rounds(p) or UNROLLED + 1) * _rounds_below(p) for p in below] or [1])
