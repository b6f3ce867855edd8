"""Walking and rewriting TIR from Python: what the passes and the printer have in common."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tvm_ffi
from tvm import ir, tirx

SERIAL, PARALLEL, VECTORIZED, UNROLLED = (
    int(tirx.ForKind.SERIAL),
    int(tirx.ForKind.PARALLEL),
    int(tirx.ForKind.VECTORIZED),
    int(tirx.ForKind.UNROLLED),
)


def find(root: Any, kind: Any) -> list[Any]:
    """All nodes of a class (or of several) under ``root``, children first."""
    found: list[Any] = []
    tvm_ffi.structural_walk(root, (kind, lambda node: found.append(node)))
    return found


def uses(root: Any, var: Any) -> bool:
    """Whether a variable occurs under ``root``."""
    return any(v.same_as(var) for v in find(root, ir.Var))


def same(a: Any, b: Any) -> bool:
    """Whether two index lists are the same expressions."""
    return bool(tvm_ffi.structural_equal(list(a), list(b)))


def substitute(root: Any, values: Mapping[Any, Any]) -> Any:
    """``root`` with variables replaced; the variables must not be bound inside it."""
    if not values:
        return root
    return tvm_ffi.structural_map(root, (ir.Var, lambda var: values.get(var, var)))


def simplified(root: Any, analyzer: Any) -> Any:
    """``root`` with every index, bound and condition in its simplest form."""
    kinds = (tirx.FloorDiv, tirx.FloorMod, tirx.Add, tirx.Sub, tirx.Mul)

    def simplify(node: Any, mutator: Any) -> Any:
        index = str(node.ty.dtype) in INDEX_TYPES
        return analyzer.simplify(node) if index else mutator.default_mutate(node)

    return tvm_ffi.structural_mutate(root, (kinds, simplify))


INDEX_TYPES = frozenset({"int32", "int64"})


def statements(stmt: Any) -> list[Any]:
    """A statement as a flat list."""
    if not isinstance(stmt, tirx.SeqStmt):
        return [stmt]
    return [inner for part in stmt.seq for inner in statements(part)]


NOTHING = tirx.Evaluate(0)
"""The statement that does nothing."""


def is_nothing(stmt: Any) -> bool:
    """Whether a statement does nothing, also after its inner parts were taken away."""
    if isinstance(stmt, tirx.For):
        return is_nothing(stmt.body)
    return isinstance(stmt, tirx.Evaluate) and isinstance(stmt.value, tirx.IntImm)


def sequence(parts: list[Any]) -> Any:
    """A list of statements as one, without those that do nothing."""
    kept = [part for part in parts if not is_nothing(part)]
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else tirx.SeqStmt(kept)


def loop_like(loop: Any, body: Any, **changes: Any) -> Any:
    """``loop`` with another body (and min, extent, kind, annotations, if given)."""
    fields = {
        "min": loop.min,
        "extent": loop.extent,
        "kind": loop.kind,
        "annotations": loop.annotations,
    } | changes
    return tirx.For(
        changes.get("loop_var", loop.loop_var),
        fields["min"],
        fields["extent"],
        fields["kind"],
        body,
        loop.thread_binding,
        fields["annotations"],
        loop.step,
    )


def rebuild(stmt: Any, change: Callable[[Any], Any]) -> Any:
    """``stmt`` with ``change`` applied to the statements directly inside it."""
    if isinstance(stmt, tirx.SeqStmt):
        return sequence([part for s in stmt.seq for part in statements(change(s))])
    if isinstance(stmt, tirx.For):
        return loop_like(stmt, change(stmt.body))
    if isinstance(stmt, tirx.IfThenElse):
        other = None if stmt.else_case is None else change(stmt.else_case)
        return tirx.IfThenElse(stmt.condition, change(stmt.then_case), other)
    if isinstance(stmt, tirx.While):
        return tirx.While(stmt.condition, change(stmt.body))
    if isinstance(stmt, tirx.AttrStmt):
        return change(stmt.body)
    return stmt


def conjuncts(condition: Any) -> Iterator[Any]:
    """The parts of ``a and b and ...``, ``likely`` taken off."""
    if isinstance(condition, ir.Call) and condition.op.name.endswith("likely"):
        yield from conjuncts(condition.args[0])
    elif isinstance(condition, tirx.And):
        yield from conjuncts(condition.a)
        yield from conjuncts(condition.b)
    else:
        yield condition


def conjunction(parts: list[Any]) -> Any:
    """``a and b and ...`` of at least one part."""
    whole = parts[0]
    for part in parts[1:]:
        whole = tirx.And(whole, part)
    return whole


def constant(expr: Any) -> int | None:
    """The value of an integer literal."""
    return int(expr.value) if isinstance(expr, tirx.IntImm) else None
