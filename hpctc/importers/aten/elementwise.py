"""Elementwise ATen: arithmetic, comparisons, activations, choices."""

import math

import numpy as np

from hpctc.graph.op import FLOATS
from hpctc.importers.aten.base import Emitter, Site, emits
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Value

Number = int | float
Operand = Value | int | float

UNARY = (
    "abs", "neg", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt",
    "reciprocal", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh",
    "acosh", "atanh", "erf", "sigmoid", "relu", "relu6", "silu", "mish", "square", "floor", "ceil",
    "trunc", "sign", "isnan", "isinf", "isfinite", "logical_not",
)  # fmt: skip
"""ATen's name and ours; a whole number is cast to the float that torch makes of it."""

COMPARISONS = {
    "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater",
    "ge": "greater_equal",
}  # fmt: skip


def _unary(name: str) -> Emitter:
    def emit(site: Site, x: Value) -> Value:
        keeps = name in ("isnan", "isinf", "isfinite")
        return site.scribe.op(name, x if keeps else site.scribe.cast(x, site.dtype))

    return emit


def _arithmetic(name: str) -> Emitter:
    def emit(site: Site, a: Operand, b: Operand, alpha: Number = 1) -> Value:
        right = site.cast(b)
        if alpha != 1:
            right = (
                right * alpha
                if isinstance(right, int | float)
                else site.scribe.op("mul", right, alpha)
            )
        return site.scribe.op(name, site.cast(a), right)

    return emit


def _comparison(name: str) -> Emitter:
    def emit(site: Site, a: Operand, b: Operand) -> Value:
        return site.scribe.op(name, *site.common(a, b))

    return emit


for _name in UNARY:
    emits(f"{_name}.default")(_unary(_name))
for _name in ("add", "sub"):
    emits(f"{_name}.Tensor", f"{_name}.Scalar")(_arithmetic(_name))
for _name in ("mul", "atan2", "maximum", "minimum"):
    emits(f"{_name}.Tensor", f"{_name}.Scalar", f"{_name}.default")(_arithmetic(_name))
for _theirs, _ours in COMPARISONS.items():
    emits(f"{_theirs}.Tensor", f"{_theirs}.Scalar")(_comparison(_ours))
for _name in ("and", "or", "xor"):
    emits(f"logical_{_name}.default")(_arithmetic(f"logical_{_name}"))


def _bitwise(name: str) -> Emitter:
    def emit(site: Site, a: Operand, b: Operand) -> Value:
        kind = "logical" if site.dtype == "bool" else "bitwise"
        return site.scribe.op(f"{kind}_{name}", site.cast(a), site.cast(b))

    return emit


for _name in ("and", "or", "xor"):
    emits(f"bitwise_{_name}.Tensor", f"bitwise_{_name}.Scalar")(_bitwise(_name))


@emits("bitwise_not.default")
def _not(site: Site, x: Value) -> Value:
    return site.scribe.op("logical_not" if site.dtype == "bool" else "bitwise_not", x)


@emits("bitwise_left_shift.Tensor_Scalar", "__lshift__.Scalar")
def _left_shift(site: Site, x: Value, bits: int) -> Value:
    return site.scribe.op("left_shift", x, bits=bits)


@emits("bitwise_right_shift.Tensor_Scalar", "__rshift__.Scalar")
def _right_shift(site: Site, x: Value, bits: int) -> Value:
    return site.scribe.op("right_shift", x, bits=bits)


@emits("rsub.Tensor", "rsub.Scalar")
def _rsub(site: Site, a: Operand, b: Operand, alpha: Number = 1) -> Value:
    left = a if alpha == 1 else site.scribe.op("mul", site.cast(a), alpha)
    return site.scribe.op("sub", site.cast(b), site.cast(left))


@emits("div.Tensor", "div.Scalar", "div.Tensor_mode", "div.Scalar_mode")
def _div(site: Site, a: Operand, b: Operand, rounding_mode: str | None = None) -> Value:
    pen = site.scribe
    left, right = site.cast(a), site.cast(b)
    if rounding_mode == "floor":
        return pen.op("floor_div", left, right)
    if site.dtype not in FLOATS:
        raise NoSaying("division of whole numbers that truncates has no operator here", "use //")
    quotient = pen.op("div", left, right)
    return pen.op("trunc", quotient) if rounding_mode == "trunc" else quotient


@emits("floor_divide.default", "floor_divide.Scalar")
def _floor_divide(site: Site, a: Operand, b: Operand) -> Value:
    return site.scribe.op("floor_div", site.cast(a), site.cast(b))


@emits("remainder.Tensor", "remainder.Scalar")
def _remainder(site: Site, a: Operand, b: Operand) -> Value:
    return site.scribe.op("mod", site.cast(a), site.cast(b))


@emits("pow.Tensor_Scalar")
def _power(site: Site, x: Value, exponent: Number) -> Value:
    pen, base = site.scribe, site.scribe.cast(x, site.dtype)
    if exponent == 2:
        return pen.op("square", base)
    if exponent == 0.5:
        return pen.op("sqrt", base)
    if exponent == -0.5:
        return pen.op("rsqrt", base)
    return pen.op("pow", base, exponent)


@emits("pow.Tensor_Tensor", "pow.Scalar")
def _power_of(site: Site, a: Operand, b: Operand) -> Value:
    return site.scribe.op("pow", site.cast(a), site.cast(b))


@emits("round.default")
def _round(site: Site, x: Value) -> Value:
    return site.scribe.op("round", x)


@emits("gelu.default")
def _gelu(site: Site, x: Value, approximate: str = "none") -> Value:
    return site.scribe.op("gelu_tanh" if approximate == "tanh" else "gelu", x)


@emits("hardswish.default")
def _hardswish(site: Site, x: Value) -> Value:
    return site.scribe.op("hard_swish", x)


@emits("hardsigmoid.default")
def _hardsigmoid(site: Site, x: Value) -> Value:
    return site.scribe.op("hard_sigmoid", x)


@emits("selu.default")
def _selu(site: Site, x: Value) -> Value:
    return site.scribe.op("selu", x)


@emits("elu.default")
def _elu(
    site: Site, x: Value, alpha: Number = 1, scale: Number = 1, input_scale: Number = 1
) -> Value:
    pen = site.scribe
    inner = x if input_scale == 1 else pen.op("mul", x, input_scale)
    y = pen.op("elu", inner, alpha=float(alpha))
    if input_scale != 1:
        raise NoSaying("elu with an input scale has no operator here", "use elu, selu or celu")
    return y if scale == 1 else pen.op("mul", y, scale)


@emits("leaky_relu.default")
def _leaky_relu(site: Site, x: Value, negative_slope: Number = 0.01) -> Value:
    return site.scribe.op("leaky_relu", x, alpha=float(negative_slope))


@emits("prelu.default", "_prelu_kernel.default")
def _prelu(site: Site, x: Value, weight: Value) -> Value:
    pen, rank = site.scribe, len(site.shape)
    count = math.prod(pen.shape(weight))
    slope = pen.reshape(weight, (count, *(1,) * (rank - 2)) if rank > 1 else (count,))
    below = pen.op("mul", slope, pen.op("minimum", x, 0.0))
    return pen.op("add", pen.op("relu", x), below)


@emits("softplus.default")
def _softplus(site: Site, x: Value, beta: Number = 1, threshold: Number = 20) -> Value:
    # Beyond the threshold torch returns x, which is what ln(1 + e^x) rounds to.
    pen = site.scribe
    if beta == 1:
        return pen.op("softplus", x)
    return pen.op("div", pen.op("softplus", pen.op("mul", x, beta)), beta)


@emits("clamp.default")
def _clamp(site: Site, x: Value, low: Number | None = None, high: Number | None = None) -> Value:
    pen = site.scribe
    x = pen.cast(x, site.dtype)
    if site.dtype == "float32" and low is not None and high is not None:
        return pen.op("clip", x, min=float(low), max=float(high))
    if low is not None:
        x = pen.op("maximum", x, low)
    return x if high is None else pen.op("minimum", x, high)


@emits("hardtanh.default")
def _hardtanh(site: Site, x: Value, low: Number = -1, high: Number = 1) -> Value:
    return _clamp(site, x, low, high)


emits("clamp_min.default")(lambda site, x, low: _clamp(site, x, low, None))
emits("clamp_max.default")(lambda site, x, high: _clamp(site, x, None, high))


@emits("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")
def _where(site: Site, condition: Value, yes: Operand, no: Operand) -> Value:
    pen = site.scribe
    a, b = (
        np.asarray(v, dtype=site.dtype) if isinstance(v, int | float) else pen.cast(v, site.dtype)
        for v in (yes, no)
    )
    return pen.choose(pen.cast(condition, "bool"), a, b)


@emits("masked_fill.Scalar", "masked_fill.Tensor")
def _masked_fill(site: Site, x: Value, mask: Value, value: Operand) -> Value:
    return _where(site, mask, value, x)
