"""Early returns as branches: ``if (c) return; rest`` becomes ``if (c) {} else { rest }``."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree


def has_return(node: tree.Node) -> bool:
    """Whether a return stands anywhere below."""
    return any(isinstance(n, tree.Return) for n in tree.walk(node))


def always_returns(statements: Sequence[tree.Node]) -> bool:
    """Whether every way through ends in a return."""
    if not statements:
        return False
    match statements[-1]:
        case tree.Return():
            return True
        case tree.Block(body):
            return always_returns(body)
        case tree.If(_, then, otherwise) if otherwise is not None:
            return always_returns((then,)) and always_returns((otherwise,))
        case _:
            return False


def tailed(statements: Sequence[Any], drop: bool) -> tuple[Any, ...]:
    """The same statements with returns at their ends only; ``drop`` removes those that say nothing.

    A return inside a loop stays where it is.
    """
    made: list[Any] = []
    for i, statement in enumerate(statements):
        if isinstance(statement, tree.Return):
            return (*made, *(() if drop else (statement,)))
        if isinstance(statement, tree.Block) and has_return(statement):
            return (*made, *tailed((*statement.body, *statements[i + 1 :]), drop))
        if isinstance(statement, tree.If) and has_return(statement):
            rest = tuple(statements[i + 1 :])
            branch = _branch(statement, rest, drop)
            if branch is not None:
                return (*made, branch)
        made.append(statement)
    return tuple(made)


def _branch(node: tree.If, rest: tuple[Any, ...], drop: bool) -> tree.If | None:
    then = _parts(node.then)
    other = _parts(node.otherwise) if node.otherwise is not None else ()
    if always_returns(then):
        other = (*other, *rest)
    elif always_returns(other):
        then = (*then, *rest)
    elif rest:
        return None
    first, second = tailed(then, drop), tailed(other, drop)
    return tree.If(
        node.condition, tree.Block(first), tree.Block(second) if second else None,
        node.constexpr, at=node.at,
    )  # fmt: skip


def _parts(node: tree.Node) -> tuple[Any, ...]:
    return node.body if isinstance(node, tree.Block) else (node,)
