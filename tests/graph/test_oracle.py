"""Where PyTorch has the same function, it says the same in float64; its float32 is a kernel."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812  its usual name

from hpctc.graph import ops
from hpctc.graph.compare import disagreement
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import attributes, draw, evaluate
from hpctc.graph.op import FLOATS
from hpctc.graph.reference import reference
from hpctc.graph.samples import all_samples
from tests.graph.oracles import MORE

Oracle = Callable[..., Any]


def axes(a: dict[str, Any], x: torch.Tensor) -> list[int]:
    return list(a["axes"]) or list(range(x.ndim))


def one_by_one(reduce: Oracle) -> Oracle:
    """torch.prod, any and all take one axis at a time."""

    def oracle(x: torch.Tensor, **a: Any) -> torch.Tensor:
        for axis in sorted((k % x.ndim for k in axes(a, x)), reverse=True):
            x = reduce(x, dim=axis, keepdim=a["keepdims"])
        return x

    return oracle


def reduction(reduce: Oracle) -> Oracle:
    return lambda x, **a: reduce(x, dim=axes(a, x), keepdim=a["keepdims"])


def pool(f: Oracle) -> Oracle:
    return lambda x, kernel, **a: f(x, kernel, **a)


def torch_pad(x: torch.Tensor, before: Any, after: Any, value: float) -> torch.Tensor:
    pairs = [n for pair in zip(reversed(before), reversed(after), strict=True) for n in pair]
    return F.pad(x, pairs, value=value)


def torch_split(x: torch.Tensor, parts: int, axis: int) -> Any:
    return torch.split(x, x.shape[axis] // parts, axis)


def torch_slice(x: torch.Tensor, begin: Any, end: Any, step: Any) -> torch.Tensor:
    for axis, (b, e) in enumerate(zip(begin, end, strict=True)):
        x = x.index_select(axis, torch.arange(b, e, step[axis] if step else 1))
    return x


def torch_expand(x: torch.Tensor, axes: Any) -> torch.Tensor:
    rank = x.ndim + len(axes)
    for axis in sorted(a % rank for a in axes):
        x = x.unsqueeze(axis)
    return x


def torch_shuffle(x: torch.Tensor, block: int) -> torch.Tensor:
    # torch keeps a block's elements together in the channels; we keep the channels together.
    n, c, h, w = x.shape
    own = x.reshape(n, block * block, c // block**2, h, w).transpose(1, 2).reshape(n, c, h, w)
    return F.pixel_shuffle(own, block)


def torch_unshuffle(x: torch.Tensor, block: int) -> torch.Tensor:
    y = F.pixel_unshuffle(x, block)
    n, c, h, w = y.shape
    return y.reshape(n, c // block**2, block * block, h, w).transpose(1, 2).reshape(n, c, h, w)


def torch_resize(x: torch.Tensor, size: Any, method: str) -> torch.Tensor:
    mode = {"nearest": "nearest-exact", "linear": "bilinear"}[method]
    return F.interpolate(x, size=size, mode=mode)


def torch_batch_norm(x: Any, gamma: Any, beta: Any, mean: Any, var: Any, eps: float) -> Any:
    return F.batch_norm(x, mean, var, gamma, beta, eps=eps)


SAME = """
    abs neg square exp exp2 expm1 log log2 log10 log1p sqrt rsqrt reciprocal sin cos tan asin acos
    atan sinh cosh tanh asinh acosh atanh erf relu sigmoid floor ceil round trunc sign isnan isinf
    isfinite logical_not add sub mul div pow maximum minimum atan2 logical_and logical_or
    logical_xor where matmul
    """
FUNCTIONAL = "relu6 selu gelu silu softplus mish softsign"

ORACLES: dict[str, Oracle] = {
    **{name: getattr(torch, name) for name in SAME.split()},
    **{name: getattr(F, name) for name in FUNCTIONAL.split()},
    "elu": lambda x, alpha: F.elu(x, alpha),
    "leaky_relu": lambda x, alpha: F.leaky_relu(x, alpha),
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "mod": torch.remainder,
    "floor_div": lambda a, b: torch.div(a, b, rounding_mode="floor"),
    "equal": torch.eq, "not_equal": torch.ne, "less": torch.lt, "less_equal": torch.le,
    "greater": torch.gt, "greater_equal": torch.ge,
    "clip": lambda x, min, max: torch.clamp(x, min, max),
    "sum": reduction(torch.sum), "mean": reduction(torch.mean),
    "max": reduction(torch.amax), "min": reduction(torch.amin),
    "prod": one_by_one(torch.prod), "any": one_by_one(torch.any), "all": one_by_one(torch.all),
    "variance": lambda x, **a: torch.var(
        x, dim=axes(a, x), keepdim=a["keepdims"], correction=0
    ),
    "logsumexp": reduction(torch.logsumexp),
    "argmax": lambda x, axis, keepdims: torch.argmax(x, dim=axis, keepdim=keepdims),
    "argmin": lambda x, axis, keepdims: torch.argmin(x, dim=axis, keepdim=keepdims),
    "cumsum": lambda x, axis: torch.cumsum(x, axis),
    "cumprod": lambda x, axis: torch.cumprod(x, axis),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
    "dense": lambda x, w: F.linear(x, w),
    "conv1d": F.conv1d, "conv2d": F.conv2d, "conv3d": F.conv3d,
    "conv1d_transpose": F.conv_transpose1d, "conv2d_transpose": F.conv_transpose2d,
    "max_pool1d": pool(F.max_pool1d), "max_pool2d": pool(F.max_pool2d),
    "max_pool3d": pool(F.max_pool3d),
    "avg_pool1d": pool(F.avg_pool1d), "avg_pool2d": pool(F.avg_pool2d),
    "avg_pool3d": pool(F.avg_pool3d),
    "global_avg_pool": lambda x: x.mean(dim=list(range(2, x.ndim)), keepdim=True),
    "adaptive_avg_pool2d": lambda x, size: F.adaptive_avg_pool2d(x, size),
    "layer_norm": lambda x, g, b, axes_count, eps: F.layer_norm(
        x, x.shape[x.ndim - axes_count :], g, b, eps
    ),
    "rms_norm": lambda x, w, eps: F.rms_norm(x, x.shape[-1:], w, eps),
    "group_norm": lambda x, g, b, groups, eps: F.group_norm(x, groups, g, b, eps),
    "instance_norm": lambda x, g, b, eps: F.instance_norm(x, weight=g, bias=b, eps=eps),
    "batch_norm": torch_batch_norm,
    "transpose": lambda x, perm: x.permute(perm),
    "reshape": lambda x, shape: x.reshape(shape),
    "broadcast_to": lambda x, shape: x.broadcast_to(shape),
    "squeeze": lambda x, axes: x.squeeze(axes),
    "expand_dims": torch_expand,
    "flip": lambda x, axes: x.flip(axes or list(range(x.ndim))),
    "tile": lambda x, reps: x.tile(reps),
    "repeat": lambda x, repeats, axis: x.repeat_interleave(repeats, axis),
    "roll": lambda x, shift, axis: x.roll(shift, axis),
    "slice": torch_slice, "pad": torch_pad, "split": torch_split,
    "concat": lambda *xs, axis: torch.cat(xs, axis),
    "stack": lambda *xs, axis: torch.stack(xs, axis),
    "depth_to_space": torch_shuffle, "space_to_depth": torch_unshuffle,
    "take": lambda x, i, axis: x.index_select(axis % x.ndim, i.reshape(-1)).reshape(
        *x.shape[: axis % x.ndim], *i.shape, *x.shape[axis % x.ndim + 1 :]
    ),
    "gather_elements": lambda x, i, axis: torch.gather(x, axis, i),
    "one_hot": lambda i, depth: F.one_hot(i, depth),
    "tril": lambda x, k: torch.tril(x, k), "triu": lambda x, k: torch.triu(x, k),
    "upsample2d": lambda x, scale: x.repeat_interleave(scale[0], 2).repeat_interleave(scale[1], 3),
    "resize2d": torch_resize,
    **MORE,
}  # fmt: skip

CASES = [(i, g) for i, g in all_samples() if g.nodes[0].op in ORACLES]


def ask(graph: Graph, inputs: dict[str, np.ndarray], floats: torch.dtype) -> list[np.ndarray]:
    """PyTorch's results; integers as int64, because it multiplies no smaller ones."""
    node = graph.nodes[0]
    given = []
    for arg in node.args:
        if not isinstance(arg, str):
            given.append(torch.tensor(arg))
            continue
        tensor = torch.from_numpy(inputs[arg])
        if tensor.is_floating_point():
            tensor = tensor.to(floats)
        elif tensor.dtype != torch.bool:
            tensor = tensor.to(torch.int64)
        given.append(tensor)
    found = ORACLES[node.op](*given, **attributes(node))
    return [t.numpy() for t in (found if isinstance(found, tuple) else (found,))]


def test_most_operators_have_an_oracle() -> None:
    without = set(ops.OPS) - set(ORACLES)
    assert without == {"cast"}


@pytest.mark.parametrize(("name", "graph"), CASES, ids=[i for i, _ in CASES])
def test_the_meaning_is_pytorchs(name: str, graph: Graph) -> None:
    inputs = draw(graph, 3)
    right = evaluate(graph, inputs)
    found = ask(graph, inputs, torch.float64)
    for output, array in zip(graph.outputs, found, strict=True):
        assert array.shape == right[output].shape
        assert disagreement(right[output], array.astype(right[output].dtype)) < 1e-7


SINGLE = [(i, g) for i, g in CASES if all(p.type.dtype == "float32" for p in g.inputs)]


@pytest.mark.parametrize(("name", "graph"), SINGLE, ids=[i for i, _ in SINGLE])
def test_pytorchs_float32_is_within_the_tolerance(name: str, graph: Graph) -> None:
    for seed in range(3):
        inputs = draw(graph, seed)
        right = reference(graph, inputs)
        found = ask(graph, inputs, torch.float32)
        for output, array in zip(graph.outputs, found, strict=True):
            exact = right.outputs[output]
            given = array.astype(array.dtype if exact.dtype in FLOATS else exact.dtype)
            error = disagreement(exact, given, right.undecided[output])
            assert error <= right.tolerance
            assert right.tolerance < 1e-4
