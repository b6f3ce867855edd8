"""Pointers that keep their value, as constants.

``row += blockIdx.x * cols`` once, before anything is read, is the pointer's first value; and what
is stored behind a pointer does not change it. A constant pointer is the same for all threads where
what it is computed from is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.kernel import Translated
from hpctc.transpile.statements import reassigned


def steady(kernel: Translated) -> Translated:
    """The kernel with pointers that are moved once declared there, and known to be constants."""
    body = kernel.body
    for statement in kernel.body:
        match statement:
            case tree.Declaration((tree.Variable(name, kind, value=tree.Name()) as variable,)) if (
                isinstance(types.bare(kind), tree.Pointer)
            ):
                rest = tuple(s for s in body if s is not statement)
                moved = _declared(rest, variable, _count(rest)[name])
                body = body if moved is None else moved
            case _:
                pass
    fixed = _pointers(body) - {n for s in body for n in reassigned(s)}
    if fixed <= kernel.constants and body is kernel.body:
        return kernel
    return replace(kernel, body=body, constants=kernel.constants | fixed)


def unwritten(kernel: Translated, const: frozenset[str]) -> frozenset[str]:
    """``const``, the pointers behind which nothing is written, and constants that lead there."""
    found = set(const)
    for statement in kernel.body:
        for node in tree.walk(statement):
            match node:
                case tree.Variable(name, kind, value=value) if (
                    value is not None
                    and name in kernel.constants
                    and isinstance(types.bare(kind), tree.Pointer)
                    and _root(value) in found
                ):
                    found.add(name)
                case _:
                    pass
    return frozenset(found)


def _root(node: tree.Expr) -> str:
    """The array that a pointer's value lies in; empty where it is no array plus an index."""
    match node:
        case tree.Name(name):
            return name
        case tree.Binary("+", base, _):
            return _root(base)
        case _:
            return ""


def _declared(body: Sequence[Any], variable: tree.Variable, uses: int) -> tuple[Any, ...] | None:
    """The statements with the pointer declared where it is moved; None where it is not so."""
    mine = tree.Name(variable.name)
    for i, node in enumerate(body):
        match node:
            case tree.Evaluate(tree.Assign("+=", target, by)) if target == mine:
                if _count(body[i + 1 :])[variable.name] != uses - 1:
                    return None
                assert variable.value is not None
                value = tree.Binary("+", variable.value, by)
                first = tree.Declaration((replace(variable, value=value),))
                return (*body[:i], first, *body[i + 1 :])
            case tree.If(_, tree.Block(inner), None):
                moved = _declared(inner, variable, uses)
                if moved is not None:
                    return (*body[:i], replace(node, then=tree.Block(moved)), *body[i + 1 :])
            case _:
                pass
    return None


def _count(body: Sequence[Any]) -> Counter[str]:
    return Counter(n.name for s in body for n in tree.walk(s) if isinstance(n, tree.Name))


def _pointers(body: Sequence[Any]) -> set[str]:
    return {
        v.name
        for s in body
        for n in tree.walk(s)
        if isinstance(n, tree.Declaration)
        for v in n.variables
        if v.value is not None and isinstance(types.bare(v.type), tree.Pointer)
    }


__all__ = ["steady", "unwritten"]
