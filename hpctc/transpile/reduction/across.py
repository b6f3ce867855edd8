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
from hpctc.transpile.reduction.keep import kept
from hpctc.transpile.reduction.machine import NUMERIC
from hpctc.transpile.reduction.pointers import unwritten
from hpctc.transpile.reduction.rows import Row
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.digitwise import lowest
from hpctc.transpile.simd import FEW, SIMD

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
    body = _renamed(body, fission)
    blocks = constant(geometry.grid[0])
    serial = _walks(body)
    count = blocks if loop is None else loop[1]
    # So many lie side by side: where ``bx / 160`` and ``bx % 160`` begin anew there is a gap.
    beside = count and (lowest(lane, count, serial, fission.kernel) or count)
    if beside is not None and beside <= FEW:
        # No SIMD across so few, and their rows may have memory of their own.
        serial = _walks(kept(body, unwritten(fission.kernel, fission.const), fission.kernel))
    if loop is None and blocks and beside and _even(blocks, beside):
        grid = (number(blocks // LANES), *geometry.grid[1:])
        return _tiled(body, fission.fresh("lane")), replace(geometry, grid=grid, block=(1, 1, 1))
    if loop is not None:
        serial = [edit.substitute(s, {lane: tree.Name("tx")}) for s in serial]
    return [Threads(tuple(serial))], replace(geometry, block=(1 if loop is None else loop[1], 1, 1))


def _renamed(body: Sequence[Any], fission: Fission) -> list[Any]:
    """Rows over threads with a variable of their own: soon a thread is something else."""
    if not any(isinstance(s, Row) and s.name == "tx" for s in body):
        return list(body)
    name = fission.fresh("i")
    mine = {"tx": tree.Name(name)}
    return [
        replace(s, name=name, body=tuple(edit.substitute(p, mine) for p in s.body))
        if isinstance(s, Row) and s.name == "tx"
        else s
        for s in body
    ]


def _plain(node: Any) -> bool:
    if isinstance(node, tree.Declaration):
        return all(types.name(v.type) in NUMERIC for v in node.variables)
    return isinstance(node, Row | tree.Evaluate)


def _even(blocks: int, beside: int) -> bool:
    """Whether whole tiles of blocks lie side by side, more than one."""
    return blocks > LANES and blocks % LANES == 0 and beside % LANES == 0


def _walks(body: Sequence[Any]) -> list[Any]:
    """The statements with rows as plain loops."""
    return [counted(s.name, s.extent, s.body) if isinstance(s, Row) else s for s in body]


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
