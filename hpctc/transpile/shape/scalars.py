"""Variables of a thread as a person would declare them: with their value, and only where needed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.kernel import Translated
from hpctc.transpile.statements import mutated

_QUIET = tree.Name | tree.Number | tree.Binary | tree.Select | tree.Index | tree.Cast | tree.Member


def declared_late(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """Declarations joined with first values, choices as expressions, what is handed on left out."""
    body = tuple(_below(s, kernel) for s in body)
    while True:
        made = _handed_on(_joined(body), kernel)
        if made == body:
            return body
        body = made


def _below(node: Any, kernel: Translated) -> Any:
    match node:
        case tree.Block(body):
            return tree.Block(declared_late(body, kernel))
        case tree.If() | tree.For() | tree.While() | tree.Do() | tree.Switch():
            return edit.rebuild(node, lambda n: _below(n, kernel))
        case _:
            return node


def _joined(body: Sequence[Any]) -> tuple[Any, ...]:
    """``float v; v = a;`` as ``float v = a;``."""
    made = list(body)
    for place, node in enumerate(made):
        match node:
            case tree.Declaration((tree.Variable(name, value=None) as variable,)):
                following = next(
                    (i for i in range(place + 1, len(made)) if name in _names(made[i])), None
                )
                value = None if following is None else _value(made[following], name)
                if following is not None and value is not None:
                    made[following] = tree.Declaration((replace(variable, value=value),))
                    del made[place]
                    return _joined(made)
    return tuple(made)


def _names(node: tree.Node) -> set[str]:
    return edit.mentions(node) | {n.name for n in tree.walk(node) if isinstance(n, tree.Variable)}


def _value(node: Any, name: str) -> tree.Expr | None:
    """What a statement sets a variable to, where it does nothing else."""
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name(target), value)) if target == name:
            return None if name in edit.mentions(value) else value
        case tree.If(condition, then, otherwise) if otherwise is not None:
            yes, no = _single(then, name), _single(otherwise, name)
            if yes is None or no is None or name in edit.mentions(condition):
                return None
            return tree.Select(condition, yes, no)
        case _:
            return None


def _single(node: Any, name: str) -> tree.Expr | None:
    body = node.body if isinstance(node, tree.Block) else (node,)
    return _value(body[0], name) if len(body) == 1 else None


def _handed_on(body: Sequence[Any], kernel: Translated) -> tuple[Any, ...]:
    """What is only read once, by the next statement, stands there; copies are not kept."""
    changed = {n for s in body for n in mutated(s)}
    reads = Counter(n.name for s in body for n in tree.walk(s) if isinstance(n, tree.Name))
    for place, node in enumerate(body):
        match node:
            case tree.Declaration((tree.Variable(name, kind, value=value),)) if (
                value is not None and name not in changed and not isinstance(kind, tree.Array)
            ):
                rest = body[place + 1 :]
                again = isinstance(value, tree.Name) and value.name not in changed
                copy = again and _exact(kind, value, kernel)
                once = reads[name] == 1 and bool(rest) and _takes(rest[0], name)
                if copy or (once and _quiet(value) and _exact(kind, value, kernel)):
                    return (*body[:place], *_put(rest, name, value))
            case _:
                pass
    return tuple(body)


def _put(rest: Sequence[Any], name: str, value: tree.Expr) -> tuple[Any, ...]:
    return tuple(edit.substitute(s, {name: value}) for s in rest)


def _takes(node: Any, name: str) -> bool:
    """Whether a plain statement reads a variable."""
    return isinstance(node, tree.Evaluate | tree.Declaration) and name in edit.mentions(node)


def _quiet(value: tree.Expr) -> bool:
    return all(isinstance(n, _QUIET | tree.Type) or _sign(n) for n in tree.walk(value))


def _sign(node: tree.Node) -> bool:
    return isinstance(node, tree.Unary) and node.op in ("-", "!", "~")


def _same(kind: tree.Type, name: str, kernel: Translated) -> bool:
    local = kernel.locals.get(name)
    return local is not None and types.name(local.type) == types.name(kind) != ""


def _exact(kind: tree.Type, value: tree.Expr, kernel: Translated) -> bool:
    """Whether a value has the variable's type, so that nothing is lost without the variable."""
    match value:
        case tree.Select(_, yes, no):
            return _exact(kind, yes, kernel) and _exact(kind, no, kernel)
        case tree.Name(name):
            return _same(kind, name, kernel)
        case tree.Cast(to, _):
            return types.name(to) == types.name(kind)
        case tree.Number(text):
            floating = text.endswith(("f", "F")) and not text.startswith("0x")
            return types.name(kind) == ("float" if floating else "int")
        case tree.Index(tree.Name(base), _):
            held = kernel.pointers.get(base)
            return held is not None and types.name(held) == types.name(kind)
        case _:
            return False
