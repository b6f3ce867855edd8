"""Blocks whose warps have nothing to do with one another, as blocks of one warp.

A kernel that gives every warp (or every row or column of threads) a row of its own reduces within
the warp and nowhere else. With the warps as an outer loop a warp's total is a plain variable.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import Folder, constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.reduction.combine import Apart, combined
from hpctc.transpile.reduction.nodes import Group, Reduction
from hpctc.transpile.scope import Barrier, Collective, Geometry, Warped

_INTEGER = frozenset({"+", "-", "*", "/", "%", "&", ">>", "<<", "<", "<=", ">", ">=", "==", "!="})
_WARP = 32


@dataclass(frozen=True)
class Narrowed:
    """A kernel for one warp (or row) at a time, and the loop over them where one is needed."""

    kernel: Translated
    geometry: Geometry
    loop: tuple[str, int] | None = None
    """The loop's variable and its rounds."""


def narrowed(kernel: Translated, geometry: Geometry) -> Narrowed:
    """The kernel for one group of threads, or as it was."""
    group = _group(kernel, geometry)
    if group is None:
        return Narrowed(kernel, geometry)
    count = geometry.threads // group.width
    name = claimed("warp" if group == Group(_WARP) else "team", kernel.used)
    kernel.folder.ranges |= {"tx": (0, group.width - 1), name: (0, count - 1)}
    place = _place(group, geometry, tree.Name(name))
    body = tuple(_alone(s, group.width) for s in kernel.body if not isinstance(s, Barrier))
    body = tuple(_folded(edit.substitute(s, place), name, kernel.folder) for s in body)
    body = _renamed(body, kernel)
    geometry = replace(geometry, block=(group.width, 1, 1))
    try:
        return _flat(replace(kernel, body=body), geometry, name, count)
    except Apart:
        return Narrowed(replace(kernel, body=body), geometry, (name, count))


def _place(group: Group, geometry: Geometry, mine: tree.Name) -> dict[str, tree.Expr]:
    """The old thread numbers, by the group's number and the thread's number in it."""
    thread = tree.Name("tx")
    if geometry.block[1] > 1:
        return {"ty": mine} if group.stride == 1 else {"tx": mine, "ty": thread}
    outer, inner = (mine, thread) if group.stride == 1 else (thread, mine)
    step = group.width if group.stride == 1 else group.stride
    return {"tx": tree.Binary("+", tree.Binary("*", outer, number(step)), inner)}


def _group(kernel: Translated, geometry: Geometry) -> Group | None:
    """The groups of threads that have nothing to do with one another."""
    nodes = [n for s in kernel.body for n in tree.walk(s)]
    found = [n.group for n in nodes if isinstance(n, Reduction)]
    shuffled = any(isinstance(n, Collective) for n in nodes)
    if not (found or shuffled) or any(g.whole for g in found) or geometry.block[2] > 1:
        return None
    widest = max(found, key=lambda g: g.width, default=Group(_WARP))
    if shuffled and widest.stride == 1 and widest.width < _WARP:
        widest = Group(_WARP)
    x, y, _ = geometry.block
    if widest.stride > 1:
        fits = not shuffled and all(g == widest for g in found)
        fits = fits and (y == 1 or widest == Group(y, x))
    else:
        fits = all(g.stride == 1 and widest.width % g.width == 0 for g in found)
        fits = fits and (widest.width == x if y > 1 else x % widest.width == 0 < x - widest.width)
    return widest if fits and _independent(kernel, nodes) else None


def _independent(kernel: Translated, nodes: Sequence[tree.Node]) -> bool:
    """Whether threads of different groups never exchange anything."""
    for node in nodes:
        match node:
            case Warped():
                return False
            case Collective(kind, _, _, _) if kind.startswith("block_"):
                return False
            case tree.Name(name) if (
                name in kernel.locals and kernel.locals[name].memory != "thread"
            ):
                return False
            case _:
                pass
    if not any(isinstance(n, Barrier) for n in nodes):
        return True
    return not kernel.written & _loaded(nodes)


def _loaded(nodes: Sequence[tree.Node]) -> set[str]:
    """Names that are read, being more than the array of a store."""
    read: set[str] = set()
    stores = [n for n in nodes if isinstance(n, tree.Assign) and n.op == "="]
    only = {id(n.target.base) for n in stores if isinstance(n.target, tree.Index)}
    for node in nodes:
        if isinstance(node, tree.Name) and id(node) not in only:
            read.add(node.name)
    return read


def _alone(node: Any, width: int) -> Any:
    """A statement without barriers, its reductions over the whole of the new block."""

    def change(part: tree.Node) -> tree.Node:
        if isinstance(part, tree.Block):
            kept = tuple(s for s in part.body if not isinstance(s, Barrier))
            return part if len(kept) == len(part.body) else replace(part, body=kept)
        if isinstance(part, Reduction):
            return replace(part, group=replace(part.group, whole=part.group.width == width))
        return part

    return edit.transform(node, change)


def _folded(node: Any, name: str, fold: Folder) -> Any:
    """Integer arithmetic on the group's number, done."""

    def change(part: tree.Node) -> tree.Node:
        if not isinstance(part, tree.Binary) or part.op not in _INTEGER:
            return part
        plain = all(isinstance(n, tree.Name | tree.Number | tree.Binary) for n in tree.walk(part))
        if not plain or name not in edit.mentions(part):
            return part
        return fold.binary(part.op, part.left, part.right)

    return edit.transform(node, change)


def _flat(kernel: Translated, geometry: Geometry, name: str, count: int) -> Narrowed:
    """Blocks and their groups as one loop, where the kernel asks for them only together."""
    joint = tree.Name("@")
    together = [combined(s, "bx", name, count, joint) for s in kernel.body]
    body = _renamed([edit.substitute(s, {"@": tree.Name("bx")}) for s in together], kernel)
    blocks = constant(geometry.grid[0])
    extent = tree.Binary("*", geometry.grid[0], number(count))
    many = extent if blocks is None else number(blocks * count)
    limit = float("inf") if blocks is None else blocks * count - 1
    kernel.folder.ranges["bx"] = (0, limit)
    geometry = replace(geometry, grid=(many, *geometry.grid[1:]))
    return Narrowed(replace(kernel, body=body), geometry)


def _renamed(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """The body without constants that are just another name of a block or thread."""
    for i, statement in enumerate(body):
        match statement:
            case tree.Declaration(
                (tree.Variable(name, value=tree.Name("bx" | "tx") as value),)
            ) if name in kernel.constants:
                rest = (edit.substitute(s, {name: value}) for s in body[i + 1 :])
                return _renamed((*body[:i], *rest), kernel)
            case _:
                pass
    return tuple(body)


__all__ = ["Narrowed", "narrowed"]
