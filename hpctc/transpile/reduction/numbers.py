"""Whether what threads compare can be a NaN.

``max`` of a number and a NaN is the number, so that a running maximum that begins with a number
stays one. Of values that may be NaN the order of comparisons matters, or that all of them are.
"""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.reduction.bags import worth
from hpctc.transpile.reduction.straight import taken
from hpctc.transpile.statements import mutated


def is_number(value: tree.Expr, before: Sequence[Any]) -> bool:
    """Whether a variable began with a number and has only taken larger (or smaller) ones since."""
    if not isinstance(value, tree.Name):
        return False
    for statement in reversed(before):
        match statement:
            case tree.Declaration((tree.Variable(name, value=first),)) if name == value.name:
                return first is not None and worth(first) is not None
            case tree.Evaluate(tree.Assign("=", target, first)) if target == value:
                if worth(first) is not None:
                    return True
            case _:
                pass
        if value.name in mutated(statement) and not _runs(statement, value.name):
            return False
    return False


def _runs(statement: Any, name: str) -> bool:
    """Whether every assignment below joins one more value into an extreme."""
    fine: set[int] = set()
    for node in tree.walk(statement):
        if isinstance(node, tree.Evaluate | tree.If) and _taken(node, name):
            fine |= {id(n) for n in tree.walk(node) if isinstance(n, tree.Assign)}
        sets = isinstance(node, tree.Assign | tree.Postfix | tree.Unary) and name in mutated(node)
        if sets and id(node) not in fine:
            return False
    return True


def _taken(node: Any, name: str) -> bool:
    return any(taken(node, name, symbol) is not None for symbol in ("max", "min"))


__all__ = ["is_number"]
