"""Running maxima and minima that are never NaN, as plain comparisons.

CUDA's ``max`` of a number and a NaN is the number. A variable that starts as a number and is only
ever set to its maximum with something therefore stays one, and ``v > most ? v : most`` says the
same as ``max_float(most, v)``: one comparison that becomes one SIMD instruction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.scope import Local

_CALLS = {f"{which}_{kind}": op for kind in ("float", "double")
          for which, op in (("max", ">"), ("min", "<"))}  # fmt: skip


def compared(body: Sequence[Any], locals_: Mapping[str, Local], used: set[str]) -> tuple[Any, ...]:
    """The statements with running extremes written as comparisons."""
    running = _running(body, locals_)
    return (
        tuple(s for part in body for s in _statement(part, running, used))
        if running
        else tuple(body)
    )


def _running(body: Sequence[Any], locals_: Mapping[str, Local]) -> dict[str, tree.Type]:
    """Variables that are numbers at every point: by what is ever put into them."""
    values: dict[str, list[tree.Expr | None]] = {}
    for part in body:
        for node in tree.walk(part):
            match node:
                case tree.Variable(name, value=value):
                    values.setdefault(name, []).append(value)
                case tree.Assign("=", tree.Name(name), value):
                    values.setdefault(name, []).append(value)
                case tree.Assign(_, tree.Name(name), _) | tree.Postfix(_, tree.Name(name)):
                    values.setdefault(name, []).append(None)
                case tree.Unary("&" | "++" | "--", tree.Name(name)):
                    values.setdefault(name, []).append(None)
                case _:
                    pass
    return {
        name: locals_[name].type for name, given in values.items()
        if name in locals_ and types.name(locals_[name].type) in ("float", "double")
        and any(_extreme(v, name) for v in given)
        and all(_number(v) or _extreme(v, name) for v in given)
    }  # fmt: skip


def _number(value: tree.Expr | None) -> bool:
    if isinstance(value, tree.Unary) and value.op == "-":
        return _number(value.operand)
    return isinstance(value, tree.Number) or value == tree.Name("INFINITY")


def _extreme(value: tree.Expr | None, name: str) -> tuple[str, tree.Expr] | None:
    """The comparison and the other operand of ``max_float(name, other)``."""
    match value:
        case tree.Call(tree.Name(function), (left, right)) if function in _CALLS:
            for mine, other in ((left, right), (right, left)):
                if mine == tree.Name(name) and name not in edit.mentions(other):
                    return _CALLS[function], other
    return None


def _statement(node: Any, running: Mapping[str, tree.Type], used: set[str]) -> list[Any]:
    match node:
        case tree.Evaluate(tree.Assign("=", tree.Name(name) as target, value)) if (
            name in running and (found := _extreme(value, name)) is not None
        ):
            op, other = found
            made: list[Any] = []
            if not isinstance(other, tree.Name | tree.Number):
                unique = next(n for n in _candidates(name) if n not in used)
                used.add(unique)
                kind = tree.Qualified(("const",), running[name])
                made.append(tree.Declaration((tree.Variable(unique, kind, value=other),)))
                other = tree.Name(unique)
            choice = tree.Select(tree.Binary(op, other, target), other, target)
            return [*made, tree.Evaluate(tree.Assign("=", target, choice))]
        case tree.Block(body):
            return [tree.Block(tuple(s for p in body for s in _statement(p, running, used)))]
        case tree.If() | tree.For() | tree.While() | tree.Do():
            return [edit.rebuild(node, lambda n: _one(n, running, used))]
        case _:
            return [node]


def _one(node: Any, running: Mapping[str, tree.Type], used: set[str]) -> Any:
    if isinstance(node, tree.Expr):
        return node
    made = _statement(node, running, used)
    return made[0] if len(made) == 1 else tree.Block(tuple(made))


def _candidates(name: str) -> Any:
    yield from ("value", "v", f"{name}_value")
    yield from (f"value_{i}" for i in range(1, 10_000))
