"""The package's entry: from a translated kernel to one with reductions in it."""

from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.fold import NEGATED, constant
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.pointers import steady
from hpctc.transpile.reduction.search import Search
from hpctc.transpile.reduction.unread import without_unread
from hpctc.transpile.returns import has_return, tailed
from hpctc.transpile.scope import Barrier, Collective, Geometry, Warped


def reductions(kernel: Translated, geometry: Geometry, const: frozenset[str]) -> Translated:
    """The kernel with what its threads reduce together written as reductions."""
    kernel = steady(kernel)
    nodes = [n for s in kernel.body for n in tree.walk(s)]
    meets = any(isinstance(n, Collective | Barrier) for n in nodes)
    if not meets or any(isinstance(n, Warped) for n in nodes):
        return kernel
    through = kernel
    if any(isinstance(n, tree.Return) for n in nodes):
        through = replace(kernel, body=tuple(_upright(s) for s in tailed(kernel.body, drop=True)))
        if any(has_return(s) for s in through.body):
            return kernel
        through = steady(through)
    made = Search(through, geometry, const).run()
    return kernel if made is through else without_unread(made)


def _upright(node: Any) -> Any:
    """``if (c) {} else { b }`` as ``if (!c) { b }``."""
    node = edit.rebuild(node, _upright) if isinstance(node, tree.Block | tree.If) else node
    match node:
        case tree.If(condition, tree.Block(()), tree.Block() as rest):
            return tree.If(_inverse(condition), rest)
        case _:
            return node


def _inverse(node: tree.Expr) -> tree.Expr:
    # Not of floats: of a NaN both a comparison and its opposite are false.
    match node:
        case tree.Binary(op, left, right) if op in NEGATED and (
            op in ("==", "!=") or _integers(left, right)
        ):
            return tree.Binary(NEGATED[op], left, right)
        case _:
            return tree.Unary("!", node)


def _integers(*nodes: tree.Expr) -> bool:
    """Whether expressions are about blocks, threads and whole numbers only."""
    parts = [n for node in nodes for n in tree.walk(node)]
    places = {f"{kind}{axis}" for kind in "bt" for axis in "xyz"} | {"warp", "team"}
    return all(
        constant(n) is not None or isinstance(n, tree.Binary)
        or (isinstance(n, tree.Name) and n.name in places)
        for n in parts
    )  # fmt: skip


__all__ = ["reductions"]
