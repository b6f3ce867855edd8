"""Graphs in eager PyTorch: what somebody gets who writes no kernel at all.

:data:`TABLE` holds the operators that torch has with our meaning; a graph with another one has no
such rung. :func:`serve` is the child that runs a graph when told to. It is code of ours and
torch's, so it runs outside the jail; arrays go through the same shared memory as everyone's.
"""

import json
import math
import mmap
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpctc.graph.ir import Graph
from hpctc.graph.text import parse

Attrs = Mapping[str, Any]
Run = Callable[[Any, Sequence[Any], Attrs], Any]
"""torch, operands, attributes -> a tensor, or several."""


def _same(name: str) -> Run:
    return lambda t, x, a: getattr(t, name)(*x)


def _functional(name: str, **renamed: str) -> Run:
    """``torch.nn.functional.name`` with some of our attributes under torch's names."""
    return lambda t, x, a: getattr(t.nn.functional, name)(
        *x, **{theirs: a[ours] for ours, theirs in renamed.items()}
    )


def _reduced(name: str) -> Run:
    def run(t: Any, x: Sequence[Any], a: Attrs) -> Any:
        axes = tuple(a["axes"]) or tuple(range(x[0].dim()))
        return getattr(t, name)(x[0], dim=axes, keepdim=a["keepdims"])

    return run


def _convolution(name: str) -> Run:
    def run(t: Any, x: Sequence[Any], a: Attrs) -> Any:
        steps = {k: tuple(a[k]) for k in ("stride", "padding", "dilation") if k in a}
        return getattr(t.nn.functional, name)(*x, **steps, groups=a["groups"])

    return run


def _max_pool(name: str) -> Run:
    return lambda t, x, a: getattr(t.nn.functional, name)(
        x[0], tuple(a["kernel"]), tuple(a["stride"]), tuple(a["padding"])
    )


def _layer_norm(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    return t.nn.functional.layer_norm(
        x[0], x[0].shape[-a["axes_count"] :], x[1], x[2], eps=a["eps"]
    )


def _padded(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    pairs = zip(reversed(a["before"]), reversed(a["after"]), strict=True)
    return t.nn.functional.pad(x[0], [n for pair in pairs for n in pair], value=a["value"])


def _sliced(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    steps = a["step"] or [1] * len(a["begin"])
    parts = (slice(b, e, s) for b, e, s in zip(a["begin"], a["end"], steps, strict=True))
    return x[0][tuple(parts)]


def _batch_norm(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    data, gamma, beta, mean, var = x
    return t.nn.functional.batch_norm(data, mean, var, gamma, beta, eps=a["eps"])


def _transposed_convolution(name: str) -> Run:
    def run(t: Any, x: Sequence[Any], a: Attrs) -> Any:
        steps = {k: tuple(a[k]) for k in ("stride", "padding", "output_padding")}
        return getattr(t.nn.functional, name)(*x, **steps, groups=a["groups"])

    return run


def _avg_pool(name: str) -> Run:
    return lambda t, x, a: getattr(t.nn.functional, name)(
        x[0], tuple(a["kernel"]), tuple(a["stride"]), tuple(a["padding"]),
        count_include_pad=a["count_include_pad"],
    )  # fmt: skip


def _take(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    data, at = x
    axis = a["axis"] % data.dim()
    found = t.index_select(data, axis, at.reshape(-1))
    return found.reshape(*data.shape[:axis], *at.shape, *data.shape[axis + 1 :])


def _expanded(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    rank = x[0].dim() + len(a["axes"])
    for axis in sorted(axis % rank for axis in a["axes"]):
        x = [x[0].unsqueeze(axis)]
    return x[0]


def _argument(name: str) -> Run:
    return lambda t, x, a: getattr(t, name)(x[0], dim=a["axis"], keepdim=a["keepdims"])


def _ordered(part: int) -> Run:
    """Values (0) or positions (1) of a stable sort."""
    return lambda t, x, a: t.sort(x[0], dim=a["axis"], descending=a["descending"], stable=True)[
        part
    ]


def _resized(linear: str) -> Run:
    return lambda t, x, a: t.nn.functional.interpolate(
        x[0], size=tuple(a["size"]), mode=linear if a["method"] == "linear" else "nearest-exact"
    )


def _batch_matmul(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    left, right = (y.int() if y.dtype == t.int8 else y for y in x)
    return t.bmm(left.mT if a["transpose_a"] else left, right.mT if a["transpose_b"] else right)


def _fourier(t: Any, x: Sequence[Any], a: Attrs) -> Any:
    found = (t.fft.ifft if a["inverse"] else t.fft.fft)(t.complex(*x))
    return found.real, found.imag


_PLAIN = (
    "add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "matmul", "where",
    "isnan", "isinf", "isfinite", "logical_and", "logical_or", "logical_xor", "logical_not",
    "floor", "ceil", "trunc", "round", "sign", "abs", "neg", "square", "exp", "exp2", "expm1",
    "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "sigmoid", "relu",
)  # fmt: skip

TABLE: dict[str, Run] = {
    **{name: _same(name) for name in _PLAIN},
    **{name: _functional(name) for name in ("relu6", "selu", "silu", "mish", "softplus", "gelu")},
    **{name: _functional(name) for name in ("softsign",)},
    **{name: _convolution(name) for name in ("conv1d", "conv2d", "conv3d")},
    **{name: _avg_pool(name) for name in ("avg_pool1d", "avg_pool2d")},
    **{
        f"conv{rank}d_transpose": _transposed_convolution(f"conv_transpose{rank}d")
        for rank in (1, 2)
    },
    **{name: _max_pool(name) for name in ("max_pool1d", "max_pool2d", "max_pool3d")},
    **{name: _reduced(name) for name in ("sum", "mean", "logsumexp")},
    **{name: _argument(name) for name in ("argmax", "argmin")},
    **{
        ours: _same(theirs)
        for ours, theirs in (
            *(("equal", "eq"), ("not_equal", "ne"), ("less", "lt"), ("less_equal", "le")),
            *(("greater", "gt"), ("greater_equal", "ge")),
        )
    },
    **{name: _same(name) for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not")},
    **{f"fast_{name}": _same(name) for name in ("exp", "tanh", "erf")},
    **{ours: _ordered(number) for number, ours in enumerate(("sort", "argsort"))},
    "fast_softmax": _functional("softmax", axis="dim"),
    "flatten": lambda t, x, a: x[0].reshape(math.prod(x[0].shape[: a["axis"]]), -1),
    "pack_nchwc": lambda t, x, a: x[0].unflatten(1, (-1, a["block"])).movedim(2, -1),
    "unpack_nchwc": lambda t, x, a: x[0].movedim(-1, 2).flatten(1, 2),
    "gather_nd": lambda t, x, a: x[0][tuple(x[1].long())],
    "resize3d": _resized("trilinear"),
    "grid_sample": lambda t, x, a: t.nn.functional.grid_sample(
        x[0], x[1].permute(0, 2, 3, 1), padding_mode=a["padding"], align_corners=a["align_corners"]
    ),
    "dft": _fourier,
    "lrn": lambda t, x, a: t.nn.functional.local_response_norm(
        x[0], a["size"], a["alpha"], a["beta"], a["bias"]
    ),
    "scale_shift_nchw": lambda t, x, a: x[0] * x[1][:, None, None] + x[2][:, None, None],
    "batch_matmul": _batch_matmul,
    "adaptive_max_pool2d": lambda t, x, a: t.nn.functional.adaptive_max_pool2d(x[0], a["size"]),
    "global_max_pool": lambda t, x, a: t.amax(x[0], tuple(range(2, x[0].dim())), True),
    "nll_loss": lambda t, x, a: t.nn.functional.nll_loss(
        x[0], x[1].long(), x[2], reduction=a["reduction"]
    ),
    "gelu_tanh": lambda t, x, a: t.nn.functional.gelu(x[0], approximate="tanh"),
    "leaky_relu": _functional("leaky_relu", alpha="negative_slope"),
    "elu": _functional("elu", alpha="alpha"),
    "dense": _functional("linear"),
    "layer_norm": _layer_norm,
    "softmax": _functional("softmax", axis="dim"),
    "log_softmax": _functional("log_softmax", axis="dim"),
    "max": lambda t, x, a: t.amax(x[0], tuple(a["axes"]), a["keepdims"]),
    "min": lambda t, x, a: t.amin(x[0], tuple(a["axes"]), a["keepdims"]),
    "variance": lambda t, x, a: t.var(
        x[0], tuple(a["axes"]) or None, correction=0, keepdim=a["keepdims"]
    ),
    "cumsum": lambda t, x, a: t.cumsum(x[0], a["axis"]),
    "cumprod": lambda t, x, a: t.cumprod(x[0], a["axis"]),
    "clip": lambda t, x, a: t.clamp(x[0], a["min"], a["max"]),
    "concat": lambda t, x, a: t.cat(tuple(x), a["axis"]),
    "stack": lambda t, x, a: t.stack(tuple(x), a["axis"]),
    "transpose": lambda t, x, a: x[0].permute(tuple(a["perm"])),
    "reshape": lambda t, x, a: x[0].reshape(tuple(a["shape"])),
    "broadcast_to": lambda t, x, a: x[0].expand(tuple(a["shape"])),
    "tile": lambda t, x, a: x[0].tile(tuple(a["reps"])),
    "roll": lambda t, x, a: t.roll(x[0], a["shift"], a["axis"]),
    "pad": _padded,
    "slice": _sliced,
    "batch_norm": _batch_norm,
    "group_norm": lambda t, x, a: t.nn.functional.group_norm(
        x[0], a["groups"], x[1], x[2], a["eps"]
    ),
    "instance_norm": lambda t, x, a: t.nn.functional.instance_norm(
        x[0], weight=x[1], bias=x[2], eps=a["eps"]
    ),
    "rms_norm": lambda t, x, a: t.nn.functional.rms_norm(x[0], x[1].shape, x[1], a["eps"]),
    "hard_swish": lambda t, x, a: t.nn.functional.hardswish(x[0]),
    "hard_sigmoid": lambda t, x, a: t.nn.functional.hardsigmoid(x[0]),
    "global_avg_pool": lambda t, x, a: x[0].mean(tuple(range(2, x[0].dim())), keepdim=True),
    "adaptive_avg_pool2d": lambda t, x, a: t.nn.functional.adaptive_avg_pool2d(
        x[0], tuple(a["size"])
    ),
    "upsample2d": lambda t, x, a: t.nn.functional.interpolate(
        x[0], scale_factor=tuple(map(float, a["scale"]))
    ),
    "split": lambda t, x, a: t.chunk(x[0], a["parts"], a["axis"]),
    "take": _take,
    "topk": lambda t, x, a: t.topk(x[0], a["k"], a["axis"], a["largest"]).values,
    "argtopk": lambda t, x, a: t.topk(x[0], a["k"], a["axis"], a["largest"]).indices.int(),
    "gather_elements": lambda t, x, a: t.gather(x[0], a["axis"], x[1].long()),
    "one_hot": lambda t, x, a: t.nn.functional.one_hot(x[0].long(), a["depth"]).float(),
    "tril": lambda t, x, a: t.tril(x[0], a["k"]),
    "triu": lambda t, x, a: t.triu(x[0], a["k"]),
    "flip": lambda t, x, a: t.flip(x[0], tuple(a["axes"]) or tuple(range(x[0].dim()))),
    "repeat": lambda t, x, a: t.repeat_interleave(x[0], a["repeats"], a["axis"]),
    "squeeze": lambda t, x, a: t.squeeze(x[0], tuple(a["axes"])),
    "expand_dims": _expanded,
    "cast": lambda t, x, a: x[0].to(getattr(t, a["dtype"])),
    "resize2d": lambda t, x, a: t.nn.functional.interpolate(
        x[0], tuple(a["size"]), mode="bilinear", antialias=False
    ),
    "depth_to_space": lambda t, x, a: _depth_to_space(x[0], a["block"]),
}


def _depth_to_space(x: Any, block: int) -> Any:
    """Our order of channels, ``[block, block, channels]``, which is not torch's pixel_shuffle."""
    n, c, h, w = x.shape
    parts = x.reshape(n, block, block, c // block**2, h, w)
    return parts.permute(0, 3, 4, 1, 5, 2).reshape(n, c // block**2, h * block, w * block)


CONTRACTIONS = frozenset({"matmul", "dense", "conv1d", "conv2d", "conv3d"})
"""Ours add int8 products up in int32; torch's do not."""


def lacks(graph: Graph) -> str:
    """The first operator of a graph that torch does not have as we mean it; empty: it has all."""
    types = graph.types()
    for node in graph.nodes:
        narrow = any(types[name].dtype == "int8" for name in node.operands)
        if node.op not in TABLE or dict(node.attrs).get("method") == "nearest":
            # Torch's nearest pixel is not the one under the centre.
            return node.op
        if narrow and node.op in CONTRACTIONS:
            return f"int8 {node.op}"
    return ""


def evaluate(torch: Any, graph: Graph, inputs: Mapping[str, Any]) -> list[Any]:
    """The outputs of a graph, in order, each contiguous."""
    values = dict(inputs)
    for node in graph.nodes:
        operands = [values[a] if isinstance(a, str) else a for a in node.args]
        tensors = [o if hasattr(o, "dtype") else torch.tensor(o) for o in operands]
        made = TABLE[node.op](torch, tensors, dict(node.attrs))
        results = made if isinstance(made, tuple | list) else (made,)
        values.update(zip((v.name for v in node.results), results, strict=True))
    return [values[name].contiguous() for name in graph.outputs]


def serve() -> None:
    """The child: a request in JSON, then a call a line; answers ``ready`` and nanoseconds."""
    import torch

    request = json.loads(sys.stdin.readline())
    os.sched_setaffinity(0, request["cores"])
    torch.set_num_threads(len(request["cores"]))
    warnings.simplefilter("ignore")  # that inputs cannot be written is intended
    graph = parse(request["graph"])
    inputs = dict(
        zip((i.name for i in graph.inputs), _arrays(request["inputs"], False), strict=True)
    )
    outputs = _arrays(request["outputs"], True)
    given = {name: torch.from_numpy(array) for name, array in inputs.items()}
    _say("ready")
    with torch.inference_mode():
        for _ in sys.stdin:
            began = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
            made = evaluate(torch, graph, given)
            taken = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW) - began
            for array, result in zip(outputs, made, strict=True):
                array[...] = result.numpy().astype(array.dtype, copy=False)
            _say(taken)


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def _arrays(request: Mapping[str, Any], writable: bool) -> list[Any]:
    """Views of shared memory: a descriptor, and places of arrays in it."""
    access = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
    pages = mmap.mmap(request["fd"], request["size"], mmap.MAP_SHARED, access)
    data = np.frombuffer(pages, dtype=np.uint8)
    return [
        data[at : at + nbytes].view(dtype).reshape(shape)
        for at, nbytes, dtype, shape in request["places"]
    ]
