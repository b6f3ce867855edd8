"""Changing a tree: every pass makes a new one, since nodes are frozen."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from hpctc.syntax import tree

N = TypeVar("N", bound=tree.Node)


def rebuild(node: N, change: Callable[[tree.Node], tree.Node]) -> N:
    """The node with each direct child changed; the same object where nothing changed."""
    changed: dict[str, Any] = {}
    for entry in fields(node):
        old = getattr(node, entry.name)
        if isinstance(old, tree.Node):
            new: Any = change(old)
        elif isinstance(old, tuple) and any(isinstance(part, tree.Node) for part in old):
            new = tuple(change(part) if isinstance(part, tree.Node) else part for part in old)
            new = old if all(a is b for a, b in zip(new, old, strict=True)) else new
        else:
            continue
        if new is not old:
            changed[entry.name] = new
    return replace(node, **changed) if changed else node


def transform(node: N, change: Callable[[tree.Node], tree.Node]) -> N:
    """Bottom up: ``change`` sees every node after its children were changed."""
    return cast(N, change(rebuild(node, lambda child: transform(child, change))))


def substitute(node: N, names: Mapping[str, tree.Expr]) -> N:
    """Names replaced by expressions; what is declared under such a name keeps it."""
    if not names:
        return node

    def change(part: tree.Node) -> tree.Node:
        return names.get(part.name, part) if isinstance(part, tree.Name) else part

    return transform(node, change)


def mentions(node: tree.Node) -> set[str]:
    """Every name that is read or written below a node; declarations alone do not count."""
    return {part.name for part in tree.walk(node) if isinstance(part, tree.Name)}
