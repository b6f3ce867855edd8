"""A cut kernel as C: loops over blocks, in them loops over threads."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.contract import contraction
from hpctc.transpile.expand import Expansion
from hpctc.transpile.fission import Fission, Threads, Warps
from hpctc.transpile.fold import constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.records import spelled
from hpctc.transpile.reduction.narrow import narrowed
from hpctc.transpile.reduction.passes import reductions
from hpctc.transpile.reduction.walk import walked
from hpctc.transpile.scope import Geometry
from hpctc.transpile.shape.staged import unstaged
from hpctc.transpile.statements import mutated
from hpctc.transpile.tidy import tidy


def loops(kernel: Translated, geometry: Geometry, const: frozenset[str]) -> tuple[Any, ...]:
    """The statements of a kernel's C function."""
    kernel = reductions(kernel, geometry, const)
    if (made := contraction(kernel, geometry)) is not None:
        return made
    if (made := unstaged(kernel, geometry)) is not None:
        return made
    alone = narrowed(kernel, geometry)
    if alone.kernel is not kernel:
        # What differs between warps does not differ in one: more is the same for all threads.
        kernel, geometry = reductions(alone.kernel, alone.geometry, const), alone.geometry
    fission = Fission(kernel, geometry, const)
    cut = fission.run()
    expansion = Expansion(fission, cut)
    body = tuple(_statement(s, fission, expansion) for s in expansion.body)
    arrays = [_array(v) for v in _arrays(fission, expansion)]
    rows, geometry = walked((*arrays, *body), fission, alone.loop)
    # A reduction gave its total one value; as loops they assign it in every round.
    fixed = kernel.constants - {name for row in rows for name in mutated(row)}
    return tidy(rows, geometry, replace(kernel, constants=fixed))


def _arrays(fission: Fission, expansion: Expansion) -> list[tree.Variable]:
    found = []
    used = {n for s in expansion.body for n in edit.mentions(s)}
    used |= {n.mask.name for s in expansion.body for n in tree.walk(s)
             if isinstance(n, Threads | Warps) and n.mask is not None}  # fmt: skip
    for name, local in fission.locals.items():
        if local.memory == "shared" and name in used:
            found.append(tree.Variable(name, local.type))
    found += [v for v in expansion.arrays() if v.name in used]
    found += [tree.Variable(n, k) for n, k in fission.arrays.items()]
    return found


def _array(variable: tree.Variable) -> tree.Declaration:
    storage = ("_Alignas(64)",) if isinstance(variable.type, tree.Array) else ()
    return tree.Declaration(
        (tree.Variable(variable.name, spelled(variable.type), storage=storage),)
    )


def _statement(node: Any, fission: Fission, expansion: Expansion) -> Any:
    if isinstance(node, Threads):
        return _threads(node, fission, expansion)
    if isinstance(node, Warps):
        return _warps(node, fission, expansion)
    if isinstance(node, tree.Block):
        return tree.Block(tuple(_statement(s, fission, expansion) for s in node.body))
    if isinstance(node, tree.For | tree.While | tree.Do | tree.If):
        return edit.rebuild(node, lambda n: _statement(n, fission, expansion))
    return node


def _threads(node: Threads, fission: Fission, expansion: Expansion) -> Threads:
    body = node.body
    if node.mask is not None:
        place = tree.Index(node.mask, expansion.me)
        body = (tree.If(place, tree.Block(body)),)
    return replace(node, body=body, mask=None)


def _warps(node: Warps, fission: Fission, expansion: Expansion) -> Any:
    """``for (int w = 0; ...)``: the warp's first thread stands for it."""
    x, y, _ = fission.geometry.block
    warps = -(-fission.geometry.threads // 32)
    warp = tree.Name(fission.fresh("w"))
    fold = fission.kernel.folder
    fold.ranges[warp.name] = (0, warps - 1)
    first = fold.binary("*", warp, number(32)) if warps > 1 else number(0)
    plane = fold.binary("/", first, number(x))
    names = {
        "tx": fold.binary("%", first, number(x)),
        "ty": fold.binary("%", plane, number(y)),
        "tz": fold.binary("/", plane, number(y)),
    }
    body: Any = edit.substitute(node.body, names)
    if node.mask is not None:
        body = tree.If(tree.Index(node.mask, first), tree.Block((body,)))
    if warps == 1:
        return body
    return counted(warp.name, number(warps), (body,))


def counted(name: str, extent: tree.Expr, body: Sequence[Any]) -> tree.For:
    """``for (int name = 0; name < extent; ++name)``."""
    return tree.For(
        tree.Declaration((tree.Variable(name, types.INT, value=number(0)),)),
        tree.Binary("<", tree.Name(name), extent),
        tree.Unary("++", tree.Name(name)),
        tree.Block(tuple(body)),
    )


def shapes(node: Any) -> Any:
    """Declarations with C's spelling of their types, casts likewise."""

    def change(part: tree.Node) -> tree.Node:
        match part:
            case tree.Variable():
                return replace(part, type=spelled(part.type))
            case tree.Cast() | tree.Compound():
                return replace(part, type=spelled(part.type))
            case tree.SizeOf(operand) if isinstance(operand, tree.Type):
                return tree.SizeOf(spelled(operand))
            case _:
                return part

    return edit.transform(node, change)


def is_one(node: tree.Expr) -> bool:
    """Whether an extent is the constant 1."""
    return constant(node) == 1
