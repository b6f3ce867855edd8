"""A reduction as loops: an accumulator that the loop over threads joins into."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import number
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.reduction.operators import Operator

if TYPE_CHECKING:
    from hpctc.transpile.fission import Fission

_ZERO = {"float": "0.0f", "double": "0.0"}
_ONE = {"float": "1.0f", "double": "1.0"}
_LEAST = {"int": "INT_MIN", "int64_t": "INT64_MIN", "unsigned": "0", "uint64_t": "0"}
_MOST = {"int": "INT_MAX", "int64_t": "INT64_MAX", "unsigned": "UINT_MAX", "uint64_t": "UINT64_MAX"}


def accumulated(
    fission: "Fission", node: Reduction, made: Sequence[Any], run: Sequence[Any]
) -> list[Any]:
    """What was made so far, and the reduction: in one loop with ``run``, what is yet to be run."""
    from hpctc.transpile.fission import Threads, assign
    from hpctc.transpile.warp import thread

    first = node.start or identity(node.op, node.type)
    if node.group.whole and fission.mask is None and node.target.name in fission.block:
        start = tree.Declaration((tree.Variable(node.target.name, node.type, value=first),))
        joined = assign(node.target, join(node.op, node.target, node.value))
        clause = (node.op.symbol, node.target.name)
        if not node.number:
            return [*made, start, *_with_nans(fission, node, [*run, joined], clause)]
        match made:
            case [*others, Threads(body, None, False, joins)] if joins and not run:
                both = Threads((*body, joined), joins=(*joins, clause))
                return [*others, start, both]
            case _:
                return [*made, start, Threads((*run, joined), joins=(clause,))]
    held = _held(fission, node)
    fission.held[node.target.name] = held
    column = node.group.stride > 1
    clear: Any = assign(held, first if node.number else tree.Name("NAN"))
    if column:
        # One thread of every column; all columns at once.
        line = tree.Binary("<", thread(fission), number(node.group.stride))
        clear = tree.If(line, tree.Block((clear,)))
    clear = Threads((clear,), ordered=not column)
    value = join(node.op, held, node.value)
    if not node.number:
        value = tree.Call(tree.Name(node.op.spelled), (held, node.value))
    joined = assign(held, value)
    return [*made, clear, Threads((*run, joined), fission.mask, ordered=not column)]


def _with_nans(
    fission: "Fission", node: Reduction, body: list[Any], clause: tuple[str, str]
) -> list[Any]:
    """The loop, and that the extreme of nothing but NaNs is a NaN."""
    from hpctc.transpile.fission import Threads, assign

    seen = tree.Name(fission.fresh("numbers"))
    first = tree.Declaration((tree.Variable(seen.name, types.INT, value=number(0)),))
    one = assign(seen, tree.Binary("|", seen, tree.Binary("==", node.value, node.value)))
    none = tree.If(tree.Unary("!", seen), tree.Block((assign(node.target, tree.Name("NAN")),)))
    return [first, Threads((*body, one), joins=(clause, ("|", seen.name))), none]


def _held(fission: "Fission", node: Reduction) -> tree.Expr:
    """Where a thread's group keeps its total."""
    from hpctc.transpile.warp import thread

    fold, me, group = fission.kernel.folder, thread(fission), node.group
    count = fission.geometry.threads // group.width
    name = fission.fresh(f"{node.target.name}s")
    fission.arrays[name] = tree.Array(node.type, number(count))
    place = fold.binary("/", me, number(group.width)) if group.stride == 1 else (
        fold.binary("%", me, number(group.stride))
    )  # fmt: skip
    return tree.Index(tree.Name(name), place)


def identity(op: Operator, kind: tree.Type) -> tree.Expr:
    """What joins without a trace."""
    name = types.name(kind)
    match op.symbol:
        case "+" | "|" | "^":
            return tree.Number(_ZERO.get(name, "0"))
        case "*":
            return tree.Number(_ONE.get(name, "1"))
        case "&":
            return tree.Unary("~", tree.Number("0"))
        case "max":
            return _named(_LEAST.get(name)) or tree.Unary("-", tree.Name("INFINITY"))
        case _:
            return _named(_MOST.get(name)) or tree.Name("INFINITY")


def _named(word: str | None) -> tree.Expr | None:
    if word is None:
        return None
    return tree.Number(word) if word == "0" else tree.Name(word)


def join(op: Operator, held: tree.Expr, value: tree.Expr) -> tree.Expr:
    """The accumulator with one more value joined in.

    It is a number from the start: of it and a NaN the number stays, as ``fmaxf`` wants.
    """
    if op.symbol in ("max", "min"):
        return tree.Select(
            tree.Binary(">" if op.symbol == "max" else "<", value, held), value, held
        )
    return tree.Binary(op.symbol, held, value)


__all__ = ["accumulated", "identity", "join"]
