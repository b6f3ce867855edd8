"""Guards into loop bounds: ``if (i0 * 16 + i < 61)`` under a loop becomes where the loop ends."""

from typing import Any

from tvm import ir, sym, tirx

from hpctc.lower.c.tree import conjunction, conjuncts, find, loop_like, rebuild, uses


def tighten(stmt: Any) -> Any:
    """Move the guards that odd extents leave behind out of their loops, or into the bounds.

    A condition that does not depend on a loop is asked before it; ``i + base < n`` shortens the
    loop over ``i``. Conditions that load from memory stay where they are.
    """
    return _tighten(stmt, sym.Analyzer())


def _tighten(stmt: Any, analyzer: Any) -> Any:
    if not isinstance(stmt, tirx.For):
        return rebuild(stmt, lambda inner: _tighten(inner, analyzer))
    analyzer.bind(stmt.loop_var, ir.Range.from_min_extent(stmt.min, stmt.extent), True)
    body = _tighten(stmt.body, analyzer)
    if not isinstance(body, tirx.IfThenElse) or body.else_case is not None:
        return loop_like(stmt, body)
    outside, inside, last = [], [], stmt.min + stmt.extent
    for part in conjuncts(body.condition):
        end = None if find(part, ir.TensorLoad) else bound(part, stmt.loop_var, analyzer)
        if end is not None:
            last = tirx.Min(last, end)
        elif uses(part, stmt.loop_var) or find(part, ir.TensorLoad):
            inside.append(part)
        else:
            outside.append(part)
    inner = tirx.IfThenElse(conjunction(inside), body.then_case, None) if inside else body.then_case
    loop = loop_like(stmt, inner, extent=analyzer.simplify(last - stmt.min))
    return tirx.IfThenElse(conjunction(outside), loop, None) if outside else loop


def bound(condition: Any, var: Any, analyzer: Any) -> Any | None:
    """The end of ``var`` if ``condition`` says ``var < end``; None if it says something else."""
    if isinstance(condition, tirx.LT):
        left, right = condition.a, condition.b
    elif isinstance(condition, tirx.LE):
        left, right = condition.a, condition.b + 1
    elif isinstance(condition, tirx.GT):
        left, right = condition.b, condition.a
    else:
        return None
    if not uses(left, var):
        return None
    end = analyzer.simplify(right - (left - var))
    return None if uses(end, var) else end
