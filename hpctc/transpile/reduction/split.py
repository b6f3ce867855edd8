"""A branch that one thread or a few take, cut in two: its first steps may belong to an exchange.

``if (tid == 0) { total = ..; y[i] = total; }`` ends an exchange with a store to global memory. Cut
before that store, the first part is nothing but exchange.
"""

from dataclasses import dataclass, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.reduction.machine import NUMERIC, Machine, Stop
from hpctc.transpile.statements import mutated


@dataclass(frozen=True)
class Pieces:
    """The statements of a cut branch."""

    statements: tuple[Any, ...]
    declared: frozenset[str]
    """Variables that are now declared in one place and set in another."""


def split(node: tree.Node, machine: Machine) -> Pieces | None:
    """The branch as its first step and the rest; None where it cannot be cut."""
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


__all__ = ["Pieces", "split"]
