"""What every node is, and the way through a tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything in the tree."""

    at: Position | None = field(default=None, compare=False, repr=False)
    """Where it begins in the source; None for what was made, not read."""


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in source order."""
    for entry in fields(node):
        yield from _nodes(getattr(node, entry.name))


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in source order."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(list(children(top))))


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _nodes(entry)
