"""Two shape inferences, written apart: the registry's own and relax's must agree."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tvm import relax
from tvm.relax import op as R  # noqa: N812
from tvm.relax.op import nn

from hpctc.graph import samples
from hpctc.graph.ir import Graph, TensorType

Build = Callable[[list[Any], Mapping[str, Any]], Any]


def _same(function: Callable[..., Any]) -> Build:
    return lambda xs, attrs: function(*xs)


def _reduce(function: Callable[..., Any]) -> Build:
    return lambda xs, a: function(xs[0], list(a["axes"]) or None, keepdims=a["keepdims"])


def _conv(function: Callable[..., Any]) -> Build:
    return lambda xs, a: function(
        *xs, strides=a["stride"], padding=a["padding"], dilation=a["dilation"], groups=a["groups"]
    )


def _transposed(function: Callable[..., Any]) -> Build:
    return lambda xs, a: function(
        *xs,
        strides=a["stride"],
        padding=a["padding"],
        output_padding=a["output_padding"],
        groups=a["groups"],
    )


def _pool(function: Callable[..., Any]) -> Build:
    return lambda xs, a: function(
        xs[0], pool_size=a["kernel"], strides=a["stride"], padding=a["padding"]
    )


def _pads(a: Mapping[str, Any]) -> list[int]:
    return [n for pair in zip(a["before"], a["after"], strict=True) for n in pair]


SAME = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "atan2", "ceil", "cos", "cosh",
    "erf", "exp", "floor", "isfinite", "isinf", "isnan", "log", "logical_not", "round", "rsqrt",
    "sigmoid", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "add",
    "maximum", "minimum", "equal", "not_equal", "less", "less_equal", "greater",
    "greater_equal", "logical_and", "logical_or", "logical_xor", "where",
]  # fmt: skip
"""Those that relax calls by the same name."""

RELAX: dict[str, Build] = {
    **{name: _same(getattr(R, name)) for name in SAME},
    "neg": _same(R.negative),
    "sub": _same(R.subtract),
    "mul": _same(R.multiply),
    "div": _same(R.divide),
    "pow": _same(R.power),
    "mod": _same(R.floor_mod),
    "floor_div": _same(R.floor_divide),
    "relu": _same(nn.relu),
    "relu6": _same(nn.relu6),
    "gelu": _same(nn.gelu),
    "gelu_tanh": _same(nn.gelu_tanh),
    "silu": _same(nn.silu),
    "softplus": _same(nn.softplus),
    "leaky_relu": lambda xs, a: nn.leakyrelu(xs[0], a["alpha"]),
    "clip": lambda xs, a: R.clip(xs[0], a["min"], a["max"]),
    "cast": lambda xs, a: R.astype(xs[0], a["dtype"]),
    **{name: _reduce(getattr(R, name)) for name in ("sum", "mean", "prod", "max", "min")},
    "variance": _reduce(R.variance),
    "argmax": lambda xs, a: R.argmax(xs[0], a["axis"], a["keepdims"]),
    "argmin": lambda xs, a: R.argmin(xs[0], a["axis"], a["keepdims"]),
    "softmax": lambda xs, a: nn.softmax(xs[0], a["axis"]),
    "log_softmax": lambda xs, a: nn.log_softmax(xs[0], a["axis"]),
    "cumsum": lambda xs, a: R.cumsum(xs[0], a["axis"]),
    "cumprod": lambda xs, a: R.cumprod(xs[0], a["axis"]),
    "layer_norm": lambda xs, a: nn.layer_norm(
        *xs, axes=list(range(-a["axes_count"], 0)), epsilon=a["eps"]
    ),
    "rms_norm": lambda xs, a: nn.rms_norm(*xs, axes=[-1], epsilon=a["eps"]),
    "group_norm": lambda xs, a: nn.group_norm(
        *xs,
        num_groups=a["groups"],
        channel_axis=1,
        axes=list(range(2, len(xs[0].ty.shape.values))),
        epsilon=a["eps"],
    ),
    "matmul": lambda xs, a: R.matmul(*xs, out_dtype=_wide(xs[0])),
    "dense": lambda xs, a: R.matmul(xs[0], R.permute_dims(xs[1]), out_dtype=_wide(xs[0])),
    "conv1d": _conv(nn.conv1d),
    "conv2d": _conv(nn.conv2d),
    "conv3d": _conv(nn.conv3d),
    "conv1d_transpose": _transposed(nn.conv1d_transpose),
    "conv2d_transpose": _transposed(nn.conv2d_transpose),
    **{f"max_pool{n}d": _pool(getattr(nn, f"max_pool{n}d")) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _pool(getattr(nn, f"avg_pool{n}d")) for n in (1, 2, 3)},
    "adaptive_avg_pool2d": lambda xs, a: nn.adaptive_avg_pool2d(xs[0], a["size"]),
    "transpose": lambda xs, a: R.permute_dims(xs[0], list(a["perm"])),
    "reshape": lambda xs, a: R.reshape(xs[0], a["shape"]),
    "broadcast_to": lambda xs, a: R.broadcast_to(xs[0], a["shape"]),
    "concat": lambda xs, a: R.concat(xs, a["axis"]),
    "stack": lambda xs, a: R.stack(xs, a["axis"]),
    "split": lambda xs, a: R.split(xs[0], a["parts"], a["axis"]),
    "pad": lambda xs, a: nn.pad(xs[0], _pads(a), "constant", a["value"]),
    "slice": lambda xs, a: R.strided_slice(
        xs[0],
        list(range(len(a["begin"]))),
        list(a["begin"]),
        list(a["end"]),
        list(a["step"]) or [1] * len(a["begin"]),
    ),
    "squeeze": lambda xs, a: R.squeeze(xs[0], list(a["axes"])),
    "expand_dims": lambda xs, a: R.expand_dims(xs[0], list(a["axes"])),
    "tile": lambda xs, a: R.tile(xs[0], a["reps"]),
    "repeat": lambda xs, a: R.repeat(xs[0], a["repeats"], a["axis"]),
    "tril": lambda xs, a: R.tril(xs[0], a["k"]),
    "triu": lambda xs, a: R.triu(xs[0], a["k"]),
    "take": lambda xs, a: R.take(*xs, a["axis"]),
    "gather_elements": lambda xs, a: R.gather_elements(*xs, a["axis"]),
    "resize2d": lambda xs, a: R.image.resize2d(
        xs[0], relax.ShapeExpr(list(a["size"])), layout="NCHW"
    ),
}  # fmt: skip
"""Operator -> the relax operator that should infer the same type."""


def _wide(x: Any) -> str | None:
    return "int32" if str(x.ty.dtype) == "int8" else None


def _other_dtype(graph: Graph) -> bool:
    """relax counts positions in int64, and leaves int8 convolutions in int8."""
    op = graph.nodes[0].op
    return op in ("argmax", "argmin") or (
        op.startswith("conv") and graph.inputs[0].type.dtype == "int8"
    )


CASES = [(i, g) for i, g in samples.all_samples() if g.nodes[0].op in RELAX]


def test_most_operators_have_a_counterpart() -> None:
    all_ops = {g.nodes[0].op for _, g in samples.all_samples()}
    assert len(all_ops & set(RELAX)) >= 80


@pytest.mark.parametrize("graph", [g for _, g in CASES], ids=[i for i, _ in CASES])
def test_the_registry_infers_what_relax_infers(graph: Graph) -> None:
    (node,) = graph.nodes
    types = graph.types()
    fellow = next(types[a].dtype for a in reversed(node.args) if isinstance(a, str))
    operands = [
        relax.Var(a, relax.TensorType(types[a].shape, types[a].dtype))
        if isinstance(a, str)
        else relax.const(a, fellow)
        for a in node.args
    ]
    call = RELAX[node.op](operands, dict(node.attrs))
    builder = relax.BlockBuilder()
    with builder.function("main", [v for v in operands if isinstance(v, relax.Var)]):
        with builder.dataflow():
            result = builder.emit_output(call)
        builder.emit_func_output(result)
    inferred = result.ty
    kinds = list(inferred.fields) if isinstance(inferred, relax.TupleType) else [inferred]
    got = [TensorType(tuple(int(n) for n in k.shape.values), str(k.dtype)) for k in kinds]
    want = [r.type for r in node.results]
    if _other_dtype(graph):
        assert [g.shape for g in got] == [w.shape for w in want]
    else:
        assert got == want
