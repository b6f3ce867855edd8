"""How each operator is applied to a value that is there: other operands and attributes drawn.

A move returns the new value, or None where it does not fit; growth then tries another. Operators
without a move of their own are applied by their signature, so that a new elementwise operator is
grown from the day it is declared.
"""

import math
import random
from collections.abc import Callable

from hpctc.graph import ops
from hpctc.graph.ir import Arg, Interval
from hpctc.graph.op import FLOATS, REALS, Op
from hpctc.rewrite.growth.state import Growth, Live

Move = Callable[[Growth, str], str | None]

LITERALS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, -0.5, -1.0, -2.0)
INTEGERS = (1, 2, 3, 4, 5, 7, -1, -3)

PARAMETERS = {"gamma": Interval(0.5, 1.5), "weight": Interval(0.5, 1.5), "var": Interval(0.5, 1.5)}
"""Parameters of norms whose domain is not the usual one."""


def move(name: str) -> Move:
    """The way in which an operator is grown."""
    if name in MOVES:
        return MOVES[name]
    op = ops.get(name)
    if op.arity == (2, 2):
        return lambda growth, x: binary(growth, op, x)
    return lambda growth, x: unary(growth, op, x)


def unary(growth: Growth, op: Op, x: str) -> str | None:
    """Apply a function of one operand; bring the operand into its domain first."""
    return growth.op(op.name, fitted(growth, x, op.domain_of(0)))


def binary(growth: Growth, op: Op, x: str) -> str | None:
    """Apply a function of two operands, ``x`` first or second."""
    other = partner(growth, op, x)
    if other is None:
        return None
    args: list[Arg] = [x, other]
    if growth.rng.random() < 0.3:
        args.reverse()
    for i, arg in enumerate(args):
        domain = op.domain_of(i)
        if domain == REALS:
            continue
        fit = (
            fitted(growth, arg, domain)
            if isinstance(arg, str)
            else abs(arg) or growth.rng.choice((1.5, 2.0, 3.0))
        )
        if fit is None:
            return None
        args[i] = fit
    return growth.op(op.name, *args)


def partner(growth: Growth, op: Op, x: str) -> Arg | None:
    """A second operand: a value that is there and broadcasts, a literal, or a new input."""
    rng, kind = growth.rng, growth.live[x].type
    chance = rng.random()
    if op.literals and kind.dtype != "bool" and chance < 0.2:
        return rng.choice(LITERALS if kind.dtype in FLOATS else INTEGERS)
    if chance < 0.75:

        def fits(live: Live) -> bool:
            same = live.type.dtype == kind.dtype
            return same and live is not growth.live[x] and broadcasts(live.type.shape, kind.shape)

        if (found := growth.some(fits)) is not None:
            return found
    return growth.input("b", smaller(rng, kind.shape), kind.dtype)


def broadcasts(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast to the larger of them."""
    short, long = sorted((a, b), key=len)
    tail = long[len(long) - len(short) :]
    return all(m in (1, n) for m, n in zip(short, tail, strict=True)) or all(
        n in (1, m) and len(a) == len(b) for m, n in zip(short, tail, strict=True)
    )


def smaller(rng: random.Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape that broadcasts to ``shape``: the same, a row, a column, or one per channel."""
    if not shape or rng.random() < 0.5:
        return shape
    if rng.random() < 0.5:
        return shape[rng.randrange(len(shape)) :]
    kept = rng.randrange(len(shape))
    return tuple(n if i == kept else 1 for i, n in enumerate(shape))


def fitted(growth: Growth, x: str | None, domain: Interval) -> str | None:
    """``x`` if it lies in the domain, else a tame function of it that does."""
    if x is None or growth.live[x].interval.within(domain):
        return x
    for wrap in growth.rng.sample(WRAPS, len(WRAPS)):
        y = wrap(growth, x, domain)
        if y is not None and growth.live[y].interval.within(domain):
            return y
    return None


def _shifted(growth: Growth, y: str | None, domain: Interval) -> str | None:
    if y is None or not math.isfinite(domain.low):
        return None
    low = growth.rng.choice((0.25, 0.5, 1.0)) + max(domain.low, 0.0)
    return growth.op("add", y, low)


def _squared(growth: Growth, x: str, domain: Interval) -> str | None:
    return _shifted(growth, growth.op("square", x), domain)


def _magnitude(growth: Growth, x: str, domain: Interval) -> str | None:
    return _shifted(growth, growth.op("abs", x), domain)


def _softened(growth: Growth, x: str, domain: Interval) -> str | None:
    return _shifted(growth, growth.op("softplus", x), domain)


def _squashed(growth: Growth, x: str, domain: Interval) -> str | None:
    y = growth.op(growth.rng.choice(("tanh", "sigmoid", "sin")), x)
    return None if y is None else growth.op("mul", y, growth.rng.choice((0.5, 0.75)))


def _clipped(growth: Growth, x: str, domain: Interval) -> str | None:
    low = max(domain.low, -0.75) if domain.low <= 0 else domain.low + 0.25
    return growth.op("clip", x, min=low, max=min(domain.high, low + 1.5))


WRAPS = (_squared, _magnitude, _softened, _squashed, _clipped)


def _attribute_clip(growth: Growth, x: str) -> str | None:
    interval = growth.live[x].interval
    low = max(interval.low, -4.0)
    width = min(interval.high, 4.0) - low
    share = growth.rng.choice((0.125, 0.25))
    return growth.op("clip", x, min=low + share * width, max=low + (1 - share) * width)


CASTS = {
    "float32": ("int32", "float16"),
    "float16": ("float32",),
    "int32": ("float32", "int8"),
    "int8": ("int32", "float32"),
    "bool": ("float32", "int32"),
}
"""Element type -> those to which growth casts."""


def _cast(growth: Growth, x: str) -> str | None:
    dtype = growth.rng.choice(CASTS[growth.dtype(x)])
    spread = growth.op("mul", x, 8.0) if dtype == "int32" and growth.dtype(x) in FLOATS else x
    return growth.op("cast", spread, dtype=dtype)


def whole(growth: Growth, x: str) -> str | None:
    """Whole numbers that repeat, made of ``x``, so that some are equal."""
    if growth.dtype(x) not in FLOATS:
        return x
    how = growth.rng.choice(("round", "floor", "ceil", "trunc"))
    return growth.op(how, growth.op("mul", x, 2.0))


def _equality(name: str) -> Move:
    def equal(growth: Growth, x: str) -> str | None:
        if growth.dtype(x) == "bool":
            return _connective(name)(growth, x)
        a = whole(growth, x)
        kind = growth.live[x].type
        other = growth.some(
            lambda v: v.exact and v.type == kind and v is not growth.live[x], fresh=False
        )
        if other is None or growth.rng.random() < 0.5:
            return growth.op(name, a, growth.rng.choice((0, 1, -1)))
        return growth.op(name, a, whole(growth, other))

    return equal


def _connective(name: str) -> Move:
    def connect(growth: Growth, x: str) -> str | None:
        return growth.op(name, x, compared(growth, growth.shape(x)))

    return connect


def _step(name: str) -> Move:
    """A step function: of a value spread over several steps."""

    def step(growth: Growth, x: str) -> str | None:
        scale = growth.rng.choice((2.0, 4.0, 8.0))
        wide = growth.live[x].interval.high - growth.live[x].interval.low > 4
        return growth.op(name, x if wide or name == "sign" else growth.op("mul", x, scale))

    return step


def _where(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    condition = growth.some(
        lambda v: v.type.dtype == "bool" and broadcasts(v.type.shape, shape), fresh=True
    )
    if condition is None or growth.rng.random() < 0.3:
        condition = compared(growth, shape)
    if condition is None:
        return None
    other = partner(growth, ops.get("add"), x)
    if other is None:
        return None
    args = [x, other] if growth.rng.random() < 0.5 else [other, x]
    return growth.op("where", condition, *args)


def compared(growth: Growth, shape: tuple[int, ...]) -> str | None:
    """A condition that broadcasts with ``shape``: a comparison of exact values, or a mask input."""
    x = growth.some(
        lambda v: v.exact and v.type.dtype != "bool" and broadcasts(v.type.shape, shape),
        fresh=False,
    )
    if x is None or growth.rng.random() < 0.2:
        return growth.input("mask", smaller(growth.rng, shape), "bool")
    how = growth.rng.choice(("less", "greater", "less_equal", "greater_equal"))
    return _compare(how)(growth, x)


def _compare(name: str) -> Move:
    def compare(growth: Growth, x: str) -> str | None:
        live = growth.live[x]
        other = growth.some(
            lambda v: (
                v.exact
                and v.type.dtype == live.type.dtype
                and v is not live
                and broadcasts(v.type.shape, live.type.shape)
            )
        )
        if other is not None and growth.rng.random() < 0.5:
            return growth.op(name, x, other)
        if live.type.dtype in FLOATS:
            return growth.op(name, x, growth.rng.choice((0.0, 0.125, 0.25, -0.25, 0.5)))
        return growth.op(name, x, growth.rng.choice((-1, 0, 1, 2)))

    return compare


def _guarded(name: str) -> Move:
    """A predicate that is settled for all legal inputs, where it is used: as a guard."""

    def guard(growth: Growth, x: str) -> str | None:
        if growth.dtype(x) not in FLOATS:
            return None
        guarded = growth.settled(name, x)
        return growth.settled("where", guarded, *((x, 0.0) if name == "isfinite" else (0.0, x)))

    return guard


MOVES: dict[str, Move] = {}
"""Operator -> its move; the files of this package fill it."""

MOVES.update(
    {
        "clip": _attribute_clip,
        "cast": _cast,
        "where": _where,
        **{n: _step(n) for n in ("floor", "ceil", "round", "trunc", "sign")},
        **{n: _compare(n) for n in ("less", "less_equal", "greater", "greater_equal")},
        **{n: _equality(n) for n in ("equal", "not_equal")},
        **{n: _connective(n) for n in ("logical_and", "logical_or", "logical_xor")},
        **{n: _guarded(n) for n in ("isnan", "isinf", "isfinite")},
    }
)
