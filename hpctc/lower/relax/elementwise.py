"""Scalar operators: one expression each, applied at every element with numpy's broadcasting.

Transcendental functions of float16 are computed in float32 and rounded once, as the library
functions of a GPU and a CPU do it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tvm import tirx

from hpctc.lower.relax.site import EMITTERS, Expr, Site, Tensor, at, dtype_of, like

Attrs = Mapping[str, Any]

LARGEST_PRODUCT = 4
"""The largest whole exponent that is written as multiplications."""


def _sigmoid(x: Expr) -> Expr:
    return like(x, 1) / (like(x, 1) + tirx.exp(-x))


def _softplus(x: Expr) -> Expr:
    # log(1 + e^x) without overflow for large x
    return tirx.max(x, like(x, 0)) + tirx.log1p(tirx.exp(-tirx.abs(x)))


def _gelu(x: Expr) -> Expr:
    return x * like(x, 0.5) * (like(x, 1) + tirx.erf(x * like(x, 0.5**0.5)))


def _gelu_tanh(x: Expr) -> Expr:
    inner = like(x, (2 / 3.141592653589793) ** 0.5) * (x + like(x, 0.044715) * x * x * x)
    return like(x, 0.5) * x * (like(x, 1) + tirx.tanh(inner))


def _hard_sigmoid(x: Expr) -> Expr:
    return tirx.min(tirx.max(x + like(x, 3), like(x, 0)), like(x, 6)) / like(x, 6)


def _sign(x: Expr) -> Expr:
    negative = tirx.Select(x < like(x, 0), like(x, -1), like(x, 0))
    return tirx.Select(x > like(x, 0), like(x, 1), negative)


def _leaky_relu(x: Expr, attrs: Attrs) -> Expr:
    return tirx.Select(x > like(x, 0), x, x * like(x, attrs["alpha"]))


def _expm1(x: Expr) -> Expr:
    # e^x - 1 without cancellation next to 0
    return tirx.tanh(x * like(x, 0.5)) * (tirx.exp(x) + like(x, 1))


def _elu(x: Expr, attrs: Attrs) -> Expr:
    below = like(x, attrs["alpha"]) * _expm1(tirx.min(x, like(x, 0)))
    return tirx.Select(x > like(x, 0), x, below)


def _selu(x: Expr) -> Expr:
    # Klambauer et al., 2017
    below = like(x, 1.6732632423543772) * _expm1(tirx.min(x, like(x, 0)))
    return like(x, 1.0507009873554805) * tirx.Select(x > like(x, 0), x, below)


def _power(x: Expr, y: Expr) -> Expr:
    """Whole literal exponents are products: exact for negative bases, and fast."""
    whole = int(y.value) if isinstance(y, tirx.FloatImm) and float(y.value).is_integer() else None
    if whole is None or not 1 <= abs(whole) <= LARGEST_PRODUCT:
        return tirx.power(x, y)
    product = x
    for _ in range(abs(whole) - 1):
        product = product * x
    return product if whole > 0 else like(x, 1) / product


def _clip(x: Expr, attrs: Attrs) -> Expr:
    return tirx.min(tirx.max(x, like(x, attrs["min"])), like(x, attrs["max"]))


def _cast(x: Expr, attrs: Attrs) -> Expr:
    if attrs["dtype"] == "bool":
        return tirx.NE(x, like(x, 0)) if dtype_of(x) != "bool" else x
    return x.astype(attrs["dtype"])


def _mod(x: Expr, y: Expr) -> Expr:
    """Floor mod: the result has the sign of ``y``."""
    if not dtype_of(x).startswith("float"):
        return tirx.floormod(x, y)
    rest = tirx.fmod(x, y)
    zero = like(x, 0)
    wrong = tirx.Or(tirx.And(rest < zero, y > zero), tirx.And(rest > zero, y < zero))
    return tirx.Select(wrong, rest + y, rest)


def _floor_div(x: Expr, y: Expr) -> Expr:
    return tirx.floor(x / y) if dtype_of(x).startswith("float") else tirx.floordiv(x, y)


def _truth(x: Expr) -> Expr:
    return x if dtype_of(x) == "bool" else tirx.NE(x, like(x, 0))


def _bits(x: Expr) -> Expr:
    # TVM's LLVM backend cannot compare truth values
    return x.astype("int8") if dtype_of(x) == "bool" else x


EXACT: dict[str, Callable[..., Expr]] = {
    "abs": tirx.abs,
    "neg": lambda x: -x,
    "relu6": lambda x: tirx.min(tirx.max(x, like(x, 0)), like(x, 6)),
    "relu": lambda x: tirx.max(x, like(x, 0)),
    "square": lambda x: x * x,
    "floor": tirx.floor,
    "ceil": tirx.ceil,
    "trunc": tirx.trunc,
    "sign": _sign,
    "isnan": tirx.isnan,
    "isinf": lambda x: tirx.abs(x) > tirx.max_value(dtype_of(x)),
    "isfinite": lambda x: tirx.abs(x) <= tirx.max_value(dtype_of(x)),
    "logical_not": lambda x: tirx.Not(_truth(x)),
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "maximum": tirx.max,
    "minimum": tirx.min,
    "equal": lambda x, y: tirx.EQ(_bits(x), _bits(y)),
    "not_equal": lambda x, y: tirx.NE(_bits(x), _bits(y)),
    "less": lambda x, y: tirx.LT(x, y),
    "less_equal": lambda x, y: tirx.LE(x, y),
    "greater": lambda x, y: tirx.GT(x, y),
    "greater_equal": lambda x, y: tirx.GE(x, y),
    "logical_and": lambda x, y: tirx.And(_truth(x), _truth(y)),
    "logical_or": lambda x, y: tirx.Or(_truth(x), _truth(y)),
    "logical_xor": lambda x, y: tirx.NE(_bits(x), _bits(y)),
    "where": lambda c, x, y: tirx.Select(_truth(c), x, y),
}
"""Operators whose float16 result needs no wider arithmetic."""

WIDE: dict[str, Callable[..., Expr]] = {
    "round": tirx.nearbyint,  # half to even, as numpy; CUDA has none for half
    "exp": tirx.exp,
    "exp2": tirx.exp2,
    "expm1": _expm1,
    "log": tirx.log,
    "log10": tirx.log10,
    "log1p": tirx.log1p,
    "log2": tirx.log2,
    "sqrt": tirx.sqrt,
    "rsqrt": tirx.rsqrt,
    "reciprocal": lambda x: like(x, 1) / x,
    "sin": tirx.sin,
    "cos": tirx.cos,
    "tan": tirx.tan,
    "asin": tirx.asin,
    "acos": tirx.acos,
    "atan": tirx.atan,
    "sinh": tirx.sinh,
    "cosh": tirx.cosh,
    "tanh": tirx.tanh,
    "asinh": tirx.asinh,
    "acosh": tirx.acosh,
    "atanh": tirx.atanh,
    "sigmoid": _sigmoid,
    "erf": tirx.erf,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "selu": _selu,
    "softsign": lambda x: x / (like(x, 1) + tirx.abs(x)),
    "silu": lambda x: x * _sigmoid(x),
    "softplus": _softplus,
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": lambda x: x * _hard_sigmoid(x),
    "mish": lambda x: x * tirx.tanh(_softplus(x)),
    "div": lambda x, y: x / y,
    "pow": _power,
    "mod": _mod,
    "floor_div": _floor_div,
    "atan2": tirx.atan2,
}
"""Operators that are computed in float32 where the element type is float16."""

WITH_ATTRS: dict[str, Callable[[Expr, Attrs], Expr]] = {
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "clip": _clip,
    "cast": _cast,
}
"""Unary operators with attributes."""

ROUNDED = frozenset({"leaky_relu", "elu"})
"""Those of them that are computed in float32 where the element type is float16."""


def widened(function: Callable[..., Expr]) -> Callable[..., Expr]:
    """``function`` computed in float32 where the element type is float16."""

    def computed(*values: Expr) -> Expr:
        if dtype_of(values[0]) != "float16":
            return function(*values)
        return function(*(v.astype("float32") for v in values)).astype("float16")

    return computed


def elementwise(function: Callable[..., Expr]) -> Callable[[Site], Tensor]:
    """The emitter of ``function`` at every element, with numpy's broadcasting."""

    def emit(site: Site) -> Tensor:
        shapes = [t.shape for t in site.operands]

        def element(*index: Expr) -> Expr:
            return function(
                *(at(a, s, index, site.shape) for a, s in zip(site.args, shapes, strict=True))
            )

        return site.compute(element)

    return emit


def _attributed(function: Callable[[Expr, Attrs], Expr]) -> Callable[[Site], Tensor]:
    def emit(site: Site) -> Tensor:
        return site.compute(
            lambda *i: (
                widened(lambda x: function(x, site.attrs))(site.x(*i))
                if site.op in ROUNDED
                else function(site.x(*i), site.attrs)
            )
        )

    return emit


EMITTERS.update({name: elementwise(f) for name, f in EXACT.items()})
EMITTERS.update({name: elementwise(widened(f)) for name, f in WIDE.items()})
EMITTERS.update({name: _attributed(f) for name, f in WITH_ATTRS.items()})
