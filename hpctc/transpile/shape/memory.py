"""Where statements touch an array, and what they declare."""

from collections.abc import Iterator, Sequence
from typing import Any

from hpctc.syntax import tree


def places(body: Sequence[Any], base: str) -> Iterator[tree.Expr | None]:
    """Every index of an array; None for a use that is no element."""
    for statement in body:
        stack: list[Any] = [statement]
        while stack:
            node = stack.pop()
            if isinstance(node, tree.Index) and node.base == tree.Name(base):
                yield node.index
                stack.append(node.index)
            elif node == tree.Name(base):
                yield None
            else:
                stack += tree.children(node)


def declared(node: tree.Node) -> set[str]:
    """Every variable declared below a node."""
    return {v.name for v in tree.walk(node) if isinstance(v, tree.Variable)}
