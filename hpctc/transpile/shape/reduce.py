"""Sums of one thread along memory: SIMD over the terms instead of over threads."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.kernel import Translated
from hpctc.transpile.shape.arithmetic import span_of
from hpctc.transpile.shape.guards import parts
from hpctc.transpile.shape.order import Access, accesses
from hpctc.transpile.shape.radix import Loop
from hpctc.transpile.simd import worth_simd
from hpctc.transpile.work import trips

SHORT = 8
"""Terms below which SIMD over them does not pay."""


def along(body: Sequence[Any], inner: Loop | None, kernel: Translated) -> tuple[Any, ...] | None:
    """The body with its reductions as SIMD loops; None where SIMD over threads reads better.

    ``inner`` is the innermost parallel loop, whose rounds would be the lanes otherwise.
    """
    found: list[bool] = []

    def change(node: Any) -> Any:
        if isinstance(node, tree.Block):
            return tree.Block(tuple(s for p in node.body for s in listed(p)))
        return edit.rebuild(node, change) if isinstance(node, tree.If | tree.For) else node

    def listed(node: Any) -> list[Any]:
        if isinstance(node, tree.For) and (made := _directive(node, inner, kernel)) is not None:
            found.append(True)
            return [made, node]
        return [change(node)]

    made = tuple(s for part in body for s in listed(part))
    return made if found else None


def _directive(node: tree.For, inner: Loop | None, kernel: Translated) -> tree.Directive | None:
    span = span_of(node)
    if span is None or trips(node) < SHORT:
        return None
    reduced = _reduced(parts(node.body), kernel)
    if not reduced or not _contiguous(node, span[0], inner, kernel):
        return None
    if not worth_simd(trips(node), parts(node.body)):
        # Written out, the choices of an extreme become branches.
        extreme = reduced.keys() & {"max", "min"}
        return tree.Directive(f"#pragma GCC unroll {1 if extreme else int(trips(node))}")
    words = " ".join(f"reduction({op}:{', '.join(names)})" for op, names in reduced.items())
    return tree.Directive(f"#pragma omp simd {words}")


def _contiguous(node: tree.For, name: str, inner: Loop | None, kernel: Translated) -> bool:
    """Whether the terms lie side by side, and those of neighbouring threads do not."""
    loads = [a for a in accesses(parts(node.body), kernel.locals) if not a.store]
    better = [a for a in loads if a.stride(name) == 1 and not _beside(a, inner)]
    return bool(better) and all(a.stride(name) in (0, 1) for a in loads)


def _beside(access: Access, inner: Loop | None) -> bool:
    return inner is not None and access.stride(inner.name) in (0, 1) and inner.points >= SHORT


def _reduced(body: Sequence[Any], kernel: Translated) -> dict[str, list[str]] | None:
    """Operator -> variables, if the statements do nothing but reduce into variables."""
    found: dict[str, list[str]] = {}
    terms: list[tree.Expr] = []
    for node in body:
        match node:
            case tree.Declaration((tree.Variable(value=value),)) if value is not None:
                terms.append(value)
            case tree.Evaluate(tree.Assign(op, tree.Name(name), value)):
                local = kernel.locals.get(name)
                step = _step(op, name, value)
                if step is None or local is None or types.name(local.type) not in types.RANK:
                    return None
                found.setdefault(step[0], []).append(name)
                terms.append(step[1])
            case _:
                return None
    sums = [name for names in found.values() for name in names]
    used = {n for term in terms for n in edit.mentions(term)}
    return found if len(set(sums)) == len(sums) and not used & set(sums) else None


def _step(op: str, name: str, value: tree.Expr) -> tuple[str, tree.Expr] | None:
    """Operator and term of ``name = name + term`` and its like."""
    me = tree.Name(name)
    match op, value:
        case (("+=" | "*="), _):
            return op[0], value
        case "-=", _:
            return "+", value
        case "=", tree.Binary("+" | "*" as operator, left, right) if me in (left, right):
            return operator, right if left == me else left
        case "=", tree.Binary("-", left, right) if left == me:
            return "+", right
        case "=", tree.Select(tree.Binary(">" | "<" as test, term, other), yes, no) if (
            other == no == me and term == yes
        ):
            return ("max" if test == ">" else "min"), term
        case _:
            return None
