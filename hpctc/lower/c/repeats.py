"""Expressions that a statement would spell out twice: what gets a name of its own."""

from collections.abc import Iterator
from typing import Any

import tvm_ffi
from tvm import ir, tirx

from hpctc.lower.c.tree import find
from hpctc.lower.c.types import dtype_of, is_float

ARITHMETIC = (tirx.Add, tirx.Sub, tirx.Mul, tirx.Div, tirx.Min, tirx.Max, ir.Call)
"""What is worth a name."""

OPAQUE = (tirx.Min, tirx.Max, ir.Call)
"""What of it is worth a name in indices: the rest changes when indices are simplified."""

RISKY = (ir.TensorLoad, ir.Call, tirx.Div, tirx.Mod, tirx.FloorDiv, tirx.FloorMod)
"""What must not move out of the arm of a condition that guards it."""


def repeated(value: Any) -> list[Any]:
    """Loads and arithmetic that occur more than once, inner ones first.

    What occurs only inside something larger that is repeated as often is left to that.
    """
    counts: list[list[Any]] = []
    for node in candidates(value, guarded=False):
        known = next((c for c in counts if tvm_ffi.structural_equal(c[0], node)), None)
        if known is None:
            counts.append([node, 1])
        else:
            known[1] += 1
    twice = [(node, count) for node, count in counts if count > 1]
    return [
        node
        for node, count in reversed(twice)
        if not any(
            other is not node and count <= times and among(node, find(other, type(node)))
            for other, times in twice
        )
    ]


def candidates(expr: Any, guarded: bool) -> Iterator[Any]:
    """The parts of an expression that may be computed beforehand, larger ones first."""
    movable = not (guarded and find(expr, RISKY))
    if isinstance(expr, ir.TensorLoad):
        if movable:
            yield expr
        for index in expr.indices:
            yield from candidates(index, guarded)
        return
    kinds = ARITHMETIC if is_float(dtype_of(expr)) else OPAQUE
    conditional = isinstance(expr, ir.Call) and expr.op.name.endswith("if_then_else")
    if isinstance(expr, kinds) and movable and not conditional:
        yield expr
    for place, part in enumerate(children(expr)):
        yield from candidates(part, guarded or (conditional and place > 0))


def children(expr: Any) -> list[Any]:
    """The operands of an expression."""
    if isinstance(expr, ir.Call):
        return [a for a in expr.args if isinstance(a, ir.Expr)]
    if isinstance(expr, tirx.Select):
        return [expr.condition, expr.true_value, expr.false_value]
    if isinstance(expr, tirx.Cast):
        return [expr.value]
    return [getattr(expr, side) for side in ("a", "b") if hasattr(expr, side)]


def among(node: Any, nodes: list[Any]) -> bool:
    """Whether an equal expression is in a list."""
    return any(tvm_ffi.structural_equal(node, other) for other in nodes)
