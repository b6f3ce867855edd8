"""Elementwise ONNX, and its reductions."""

import functools
from typing import Any

import numpy as np

from hpctc.importers.errors import NoSaying
from hpctc.importers.onnx.base import Emitter, Site, emits
from hpctc.importers.scribe import Value

UNARY = {
    "Abs": "abs", "Neg": "neg", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Sin": "sin",
    "Reciprocal": "reciprocal", "Cos": "cos", "Tan": "tan", "Asin": "asin", "Acos": "acos",
    "Atan": "atan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "Asinh": "asinh",
    "Acosh": "acosh", "Atanh": "atanh", "Erf": "erf", "Sigmoid": "sigmoid", "Relu": "relu",
    "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sign": "sign", "Softplus": "softplus",
    "Softsign": "softsign", "Mish": "mish", "HardSwish": "hard_swish", "Not": "logical_not",
    "IsNaN": "isnan", "GlobalAveragePool": "global_avg_pool",
}  # fmt: skip

BINARY = {
    "Add": "add", "Sub": "sub", "Mul": "mul", "Pow": "pow", "Equal": "equal", "Less": "less",
    "LessOrEqual": "less_equal", "Greater": "greater", "GreaterOrEqual": "greater_equal",
    "And": "logical_and", "Or": "logical_or", "Xor": "logical_xor", "MatMul": "matmul",
}  # fmt: skip

REDUCED = {
    "ReduceSum": "sum", "ReduceMean": "mean", "ReduceMax": "max", "ReduceMin": "min",
    "ReduceProd": "prod", "ReduceLogSumExp": "logsumexp",
}  # fmt: skip


def _unary(name: str) -> Emitter:
    return lambda site: site.scribe.op(name, site.value(0))


def _binary(name: str) -> Emitter:
    return lambda site: site.scribe.op(name, site.value(0), site.value(1))


def _axes(site: Site) -> tuple[int, ...]:
    return tuple(site.ints(1, "axes") or ())


def _folded(site: Site, name: str, x: Value) -> Value:
    keep = bool(site.attrs.get("keepdims", 1))
    axes = _axes(site)
    if not axes and site.attrs.get("noop_with_empty_axes", 0):
        return x
    return site.scribe.op(name, x, axes=axes, keepdims=keep)


def _reduced(name: str) -> Emitter:
    return lambda site: _folded(site, name, site.value(0))


for _theirs, _ours in UNARY.items():
    emits(_theirs)(_unary(_ours))
for _theirs, _ours in BINARY.items():
    emits(_theirs)(_binary(_ours))
for _theirs, _ours in REDUCED.items():
    emits(_theirs)(_reduced(_ours))


@emits("ReduceL1")
def _l1(site: Site) -> Value:
    return _folded(site, "sum", site.scribe.op("abs", site.value(0)))


@emits("ReduceSumSquare")
def _sum_of_squares(site: Site) -> Value:
    return _folded(site, "sum", site.scribe.op("square", site.value(0)))


@emits("ReduceL2")
def _l2(site: Site) -> Value:
    return site.scribe.op("sqrt", _sum_of_squares(site))


def _several(name: str) -> Emitter:
    def emit(site: Site) -> Value:
        values = [site.value(i) for i in range(len(site.values))]
        return functools.reduce(lambda a, b: site.scribe.op(name, a, b), values)

    return emit


emits("Max")(_several("maximum"))
emits("Min")(_several("minimum"))
emits("Sum")(_several("add"))


@emits("Mean")
def _mean(site: Site) -> Value:
    return site.scribe.op("mul", _several("add")(site), 1 / len(site.values))  # type: ignore[arg-type]


@emits("Div")
def _div(site: Site) -> Value:
    a, b = site.value(0), site.value(1)
    if site.scribe.type(a).dtype.startswith("float"):
        return site.scribe.op("div", a, b)
    raise NoSaying("division of whole numbers truncates, which no operator here does", "cast first")


@emits("Mod")
def _mod(site: Site) -> Value:
    if site.attrs.get("fmod", 0):
        raise NoSaying("Mod with fmod=1 has no operator here", "use fmod=0")
    return site.scribe.op("mod", site.value(0), site.value(1))


@emits("Gelu")
def _gelu(site: Site) -> Value:
    tanh = site.attrs.get("approximate", b"none") == b"tanh"
    return site.scribe.op("gelu_tanh" if tanh else "gelu", site.value(0))


@emits("LeakyRelu")
def _leaky_relu(site: Site) -> Value:
    return site.scribe.op("leaky_relu", site.value(0), alpha=float(site.attrs.get("alpha", 0.01)))


@emits("Elu")
def _elu(site: Site) -> Value:
    return site.scribe.op("elu", site.value(0), alpha=float(site.attrs.get("alpha", 1.0)))


@emits("Selu")
def _selu(site: Site) -> Value:
    if {"alpha", "gamma"} & set(site.attrs):
        raise NoSaying("Selu with other constants has no operator here", "use Elu and Mul")
    return site.scribe.op("selu", site.value(0))


@emits("HardSigmoid")
def _hard_sigmoid(site: Site) -> Value:
    pen, alpha = site.scribe, float(site.attrs.get("alpha", 0.2))
    line = pen.op("add", pen.op("mul", site.value(0), alpha), float(site.attrs.get("beta", 0.5)))
    return pen.op("clip", line, min=0.0, max=1.0)


@emits("PRelu")
def _prelu(site: Site) -> Value:
    pen, x = site.scribe, site.value(0)
    below = pen.op("mul", pen.op("minimum", x, 0.0), site.value(1))
    return pen.op("add", pen.op("relu", x), below)


@emits("Clip")
def _clip(site: Site) -> Value:
    pen, x = site.scribe, site.value(0)
    low, high = site.number(1, "min", None), site.number(2, "max", None)
    if low is not None and high is not None and pen.type(x).dtype.startswith("float"):
        return pen.op("clip", x, min=low, max=high)
    if low is not None:
        x = pen.op("maximum", x, low)
    return x if high is None else pen.op("minimum", x, high)


@emits("Where")
def _where(site: Site) -> Value:
    return site.scribe.choose(site.value(0), site.value(1), site.value(2))


def _argument(name: str) -> Emitter:
    def emit(site: Site) -> Value:
        if site.attrs.get("select_last_index", 0):
            raise NoSaying("the last of equal elements has no operator here", "take the first")
        options: dict[str, Any] = {"keepdims": bool(site.attrs.get("keepdims", 1))}
        return site.scribe.op(name, site.value(0), axis=site.attrs.get("axis", 0), **options)

    return emit


emits("ArgMax")(_argument("argmax"))
emits("ArgMin")(_argument("argmin"))


@emits("Softmax")
def _softmax(site: Site) -> Value:
    return site.scribe.op("softmax", site.value(0), axis=site.attrs.get("axis", -1))


@emits("LogSoftmax")
def _log_softmax(site: Site) -> Value:
    return site.scribe.op("log_softmax", site.value(0), axis=site.attrs.get("axis", -1))


@emits("CumSum")
def _cumsum(site: Site) -> Value:
    if site.attrs.get("exclusive", 0) or site.attrs.get("reverse", 0):
        raise NoSaying("an exclusive or reversed CumSum has no operator here", "use flip and sub")
    axis = site.ints(1)
    return site.scribe.op("cumsum", site.value(0), axis=0 if axis is None else axis[0])


@emits("Cast")
def _cast(site: Site) -> Value:
    import onnx

    wanted = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(site.attrs["to"])).name
    ours = {"int64": "int32", "float64": "float32"}.get(wanted, wanted)
    return site.scribe.cast(site.value(0), ours)


@emits("TopK")
def _topk(site: Site) -> tuple[Value, ...]:
    k = site.ints(1, "k") or [1]
    how = {"k": k[0], "axis": site.attrs.get("axis", -1)}
    how["largest"] = bool(site.attrs.get("largest", 1))
    return site.scribe.op("topk", site.value(0), **how), site.scribe.op(
        "argtopk", site.value(0), **how
    )
