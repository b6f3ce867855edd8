"""Statements that are an exchange in part, cut in two.

``if (tid == 0) { total = ..; y[i] = total; }`` ends an exchange with a store to global memory. Cut
before that store, the first part is nothing but exchange. So is the sum in ``mean = (sh[0] + sh[1])
/ n``, with a variable for it.
"""

from dataclasses import dataclass, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.reduction.bags import Bag
from hpctc.transpile.reduction.machine import NUMERIC, Machine, Mask, Stop
from hpctc.transpile.scope import Local
from hpctc.transpile.statements import mutated


@dataclass(frozen=True)
class Pieces:
    """The statements of a cut branch."""

    statements: tuple[Any, ...]
    declared: frozenset[str]
    """Variables that are now declared in one place and set in another."""


def split(node: tree.Node, machine: Machine) -> Pieces | None:
    """The statement as a first step and the rest; None where it cannot be cut."""
    return _branch(node, machine) or _sum(node, machine)


def _branch(node: tree.Node, machine: Machine) -> Pieces | None:
    """A branch as its first step and the rest."""
    match node:
        case tree.If(condition, tree.Block((first, *rest) as body), None) if rest:
            pass
        case _:
            return None
    try:
        machine.choice(condition, machine.everybody)
    except Stop:
        return None
    if edit.mentions(condition) & {n for s in body for n in mutated(s)}:
        return None
    tail = replace(node, then=tree.Block(tuple(rest)))
    if not isinstance(first, tree.Declaration):
        return Pieces((replace(node, then=tree.Block((first,))), tail), frozenset())
    variable = first.variables[0]
    if types.name(variable.type) not in NUMERIC:
        return None
    bare = tree.Declaration((replace(variable, value=None),))
    if variable.value is None:
        return Pieces((bare, tail), frozenset())
    given = tree.Evaluate(tree.Assign("=", tree.Name(variable.name), variable.value))
    begun = replace(node, then=tree.Block((given,)))
    return Pieces((bare, begun, tail), frozenset({variable.name}))


def _sum(node: tree.Node, machine: Machine) -> Pieces | None:
    """What a statement takes from other threads in a variable, and the statement with it."""
    mask, inner = machine.everybody, node
    match node:
        case tree.If(condition, tree.Block((only,)), None):
            try:
                mask, inner = machine.choice(condition, mask), only
            except Stop:
                return None
        case _:
            pass
    match inner:
        case tree.Evaluate(tree.Assign(_, _, value)):
            found = _joined(value, machine, mask)
        case tree.Declaration((tree.Variable(value=value),)) if value is not None:
            found = _joined(value, machine, mask)
        case _:
            return None
    if found is None or found[0] == value:
        return None
    part, kind = found
    kernel = machine.kernel
    name = next(n for n in ("taken", *(f"taken_{i}" for i in range(1, 1000)))
                if n not in kernel.used)  # fmt: skip
    kernel.used.add(name)
    kernel.locals[name] = Local(tree.Named(kind))
    bare = tree.Declaration((tree.Variable(name, tree.Named(kind)),))
    given: Any = tree.Evaluate(tree.Assign("=", tree.Name(name), part))
    if isinstance(node, tree.If):
        given = replace(node, then=tree.Block((given,)))

    def change(at: tree.Node) -> tree.Node:
        return tree.Name(name) if at == part else at

    return Pieces((bare, given, edit.transform(node, change)), frozenset())


def _joined(node: tree.Node, machine: Machine, mask: Mask) -> tuple[tree.Expr, str] | None:
    """The largest part of an expression that joins values of several threads, and its type."""
    if isinstance(node, tree.Binary | tree.Call | tree.Select):
        try:
            values = machine.value(node, mask)
        except Stop:
            values = []
        bags = [v for v in values if isinstance(v, Bag) and v.op is not None and v.kind]
        if bags:
            return node, bags[0].kind
    parts = (_joined(c, machine, mask) for c in tree.children(node) if isinstance(c, tree.Expr))
    return next((p for p in parts if p is not None), None)


__all__ = ["Pieces", "split"]
