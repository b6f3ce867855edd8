"""Blocks whose rows lie across memory: neighbouring blocks touch neighbouring places.

A reduction over an outer axis gives every block a column. One block after the other would use one
element of each cache line that it loads; here they go side by side. Where their number is a plain
loop of tiles, a tile of them walks down together; otherwise they become the threads of a kernel
whose threads never meet, which :mod:`~hpctc.transpile.shape` shapes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fission import Fission, Threads
from hpctc.transpile.fold import Folder, constant, number
from hpctc.transpile.reduction.combine import spread
from hpctc.transpile.reduction.machine import NUMERIC
from hpctc.transpile.reduction.rows import Row
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.digitwise import lowest
from hpctc.transpile.tidy import SIMD

LANES = 64
"""Blocks of a tile: four vectors of 16 floats, the accumulators of which stay in registers."""

Loop = tuple[str, int]


def side_by_side(
    body: Sequence[Any], fission: Fission, loop: Loop | None
) -> tuple[list[Any], Geometry] | None:
    """The kernel with neighbouring blocks at once; None where that is not its way.

    ``loop`` is a loop over groups of threads inside of the block, if there is one.
    """
    geometry = fission.geometry
    lane = "bx" if loop is None else loop[0]
    if not all(_plain(s) for s in body) or not _lies_across(body, lane):
        return None
    blocks = constant(geometry.grid[0])
    serial = [counted(s.name, s.extent, s.body) if isinstance(s, Row) else s for s in body]
    if loop is None and blocks is not None and _even(blocks, serial, fission):
        grid = (number(blocks // LANES), *geometry.grid[1:])
        return _tiled(body, fission.fresh("lane")), replace(geometry, grid=grid, block=(1, 1, 1))
    if loop is not None:
        serial = [edit.substitute(s, {lane: tree.Name("tx")}) for s in serial]
    return [Threads(tuple(serial))], replace(geometry, block=(1 if loop is None else loop[1], 1, 1))


def _plain(node: Any) -> bool:
    if isinstance(node, tree.Declaration):
        return all(types.name(v.type) in NUMERIC for v in node.variables)
    return isinstance(node, Row | tree.Evaluate)


def _even(blocks: int, body: Sequence[Any], fission: Fission) -> bool:
    """Whether tiles of blocks end where ``bx / 160`` and ``bx % 160`` begin anew."""
    if blocks % LANES or blocks == LANES:
        return False
    cut = lowest("bx", blocks, body, fission.kernel)
    return cut is None or cut % LANES == 0


def counted(name: str, extent: tree.Expr, body: Sequence[Any]) -> tree.For:
    """``for (int name = 0; name < extent; ++name)``."""
    from hpctc.transpile import blocks

    return blocks.counted(name, extent, body)


# --- tiles ---


def _tiled(body: Sequence[Any], lane: str) -> list[Any]:
    """Every variable of a block as an array with a place for each block of the tile."""
    body = [spread(edit.substitute(s, {"bx": tree.Name(lane)}), lane, "bx", LANES) for s in body]
    kinds = {v.name: v.type for s in body if isinstance(s, tree.Declaration) for v in s.variables}
    places: dict[str, tree.Expr] = {n: tree.Index(tree.Name(n), tree.Name(lane)) for n in kinds}
    made: list[Any] = [
        tree.Declaration(
            (tree.Variable(n, tree.Array(types.bare(k), number(LANES)), storage=("_Alignas(64)",)),)
        )
        for n, k in kinds.items()
    ]
    together: list[Any] = []
    for node in body:
        if isinstance(node, Row):
            made += [*_lanes(together, lane), _walk(node, places, lane)]
            together = []
        elif isinstance(node, tree.Declaration):
            together += [_set(v, places) for v in node.variables if v.value is not None]
        else:
            together.append(edit.substitute(node, places))
    return [*made, *_lanes(together, lane)]


def _set(variable: tree.Variable, places: dict[str, tree.Expr]) -> tree.Evaluate:
    assert variable.value is not None
    value = edit.substitute(variable.value, places)
    return tree.Evaluate(tree.Assign("=", places[variable.name], value))


def _walk(node: Row, places: dict[str, tree.Expr], lane: str) -> tree.For:
    inner = _lanes([edit.substitute(s, places) for s in node.body], lane)
    return counted(node.name, node.extent, inner)


def _lanes(body: Sequence[Any], lane: str) -> list[Any]:
    return [SIMD, counted(lane, number(LANES), body)] if body else []


# --- which way the rows lie ---


def _lies_across(body: Sequence[Any], lane: str) -> bool:
    """Whether more loads of the rows follow the block's number than the row."""
    steps = [s for node in body if isinstance(node, Row) for s in _steps(node, lane)]
    along = sum(row == 1 for _, row in steps)
    across = sum(block == 1 and row != 1 for block, row in steps)
    return across > along


def _steps(row: Row, lane: str) -> Iterator[tuple[int | None, int | None]]:
    """How far apart neighbouring blocks and neighbouring rounds load."""
    for statement in row.body:
        for node in tree.walk(statement):
            if isinstance(node, tree.Index):
                first = _at(node.index, {})
                block, round_ = _at(node.index, {lane: 1}), _at(node.index, {row.name: 1})
                if first is not None and block is not None and round_ is not None:
                    yield block - first, round_ - first


def _at(node: tree.Expr, given: dict[str, int]) -> int | None:
    """An index where these names have these numbers and all others are 0."""
    values = {n: number(given.get(n, 0)) for n in edit.mentions(node)}
    fold = Folder()

    def change(part: tree.Node) -> tree.Node:
        if not isinstance(part, tree.Binary):
            return part
        return fold.binary(part.op, part.left, part.right)

    return constant(edit.transform(edit.substitute(node, values), change))


__all__ = ["counted", "side_by_side"]
