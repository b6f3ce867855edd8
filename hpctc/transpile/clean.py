"""Dead temporaries: what nobody reads is not computed, what is only handed on is not kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile.scope import Collective


def clean(body: Sequence[Any]) -> tuple[Any, ...]:
    """The same statements without dead temporaries."""
    body = tuple(body)
    while True:
        reads = _reads(body)
        made = tuple(_list(body, reads))
        if made == body:
            return body
        body = made


def _reads(body: Sequence[Any]) -> Counter[str]:
    """How often each name is read; being the whole target of ``=`` is no read."""
    found: Counter[str] = Counter()
    for statement in body:
        for node in tree.walk(statement):
            if isinstance(node, tree.Name):
                found[node.name] += 1
            elif isinstance(node, tree.Evaluate) and (name := _target(node)) is not None:
                found[name] -= 1
            elif isinstance(node, Collective):
                found[node.target.name] -= 1
    return found


def _target(node: Any) -> str | None:
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name(name), _)):
            return name
        case _:
            return None


def _list(body: Sequence[Any], reads: Counter[str]) -> list[Any]:
    made: list[Any] = []
    for statement in body:
        if _dead(statement, reads):
            continue
        if made and (joined := _joined(made[-1], statement, reads)) is not None:
            made[-1:] = joined
            continue
        made.append(_inside(statement, reads))
    return made


def _inside(node: Any, reads: Counter[str]) -> Any:
    if isinstance(node, tree.Block):
        body = tuple(_list(node.body, reads))
        return node if body == node.body else replace(node, body=body)
    if isinstance(node, tree.If | tree.For | tree.While | tree.Do | tree.Switch):
        return edit.rebuild(node, lambda n: _inside(n, reads))
    return node


def _dead(node: Any, reads: Counter[str]) -> bool:
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name(name), value)):
            return not reads[name] and _idle(value)
        case Collective(kind, target, args, _):
            exchanged = not kind.startswith("block_")
            return exchanged and not reads[target.name] and all(_idle(a) for a in args)
        case _:
            return False


def _idle(node: tree.Expr) -> bool:
    """Whether an expression does nothing but give a value."""
    return not any(
        isinstance(n, tree.Assign | tree.Postfix | tree.Call)
        or (isinstance(n, tree.Unary) and n.op in ("++", "--"))
        for n in tree.walk(node)
    )


def _joined(before: Any, node: Any, reads: Counter[str]) -> list[Any] | None:
    """A collective whose value is only handed on gives it there at once."""
    if not isinstance(before, Collective) or reads[before.target.name] != 1:
        return None
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name() as name, value)) if value == before.target:
            return [replace(before, target=name)]
        case tree.Declaration((variable,)) if variable.value == before.target:
            bare = tree.Declaration((replace(variable, value=None),))
            return [bare, replace(before, target=tree.Name(variable.name))]
        case _:
            return None
