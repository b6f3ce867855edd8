"""Declarations of a thread's variables that nobody reads any more."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.kernel import Translated


def without_unread(kernel: Translated) -> Translated:
    """The kernel without them: what led to an exchange is often of no use without it."""
    body = kernel.body
    while True:
        made = _kept(body, {n for s in body for n in edit.mentions(s)}, kernel)
        if made == body:
            return replace(kernel, body=body)
        body = made


def _kept(body: Sequence[Any], read: set[str], kernel: Translated) -> tuple[Any, ...]:
    return tuple(_inside(s, read, kernel) for s in body if not _idle(s, read, kernel))


def _inside(node: Any, read: set[str], kernel: Translated) -> Any:
    if isinstance(node, tree.Block):
        return replace(node, body=_kept(node.body, read, kernel))
    if isinstance(node, tree.If | tree.For | tree.While | tree.Do):
        return edit.rebuild(node, lambda n: _inside(n, read, kernel))
    return node


def _idle(node: Any, read: set[str], kernel: Translated) -> bool:
    match node:
        case tree.Declaration((tree.Variable(name, value=value),)):
            local = kernel.locals.get(name)
            thread = local is not None and local.memory == "thread"
            return thread and name not in read and (value is None or _quiet(value))
        case _:
            return False


def _quiet(value: tree.Expr) -> bool:
    return not any(
        isinstance(n, tree.Assign | tree.Postfix | tree.Call)
        or (isinstance(n, tree.Unary) and n.op in ("++", "--"))
        for n in tree.walk(value)
    )


__all__ = ["without_unread"]
