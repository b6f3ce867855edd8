"""Normalisations of neural networks, at inference."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import REALS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import equal_dtypes, fits

F32, F16 = "float32", "float16"
Shape = tuple[int, ...]
Count = Callable[[Shape, Attrs], int]

EPS = AttrDef("eps", "float", 1e-5, "> 0", lambda e: e > 0)
AFFINE = ("x", "gamma", "beta")


def _norm(name: str, meaning: Any, doc: str, count: Count, parameters: Any, **rest: Any) -> None:
    """Declare a normalisation.

    ``count`` says how many elements share a mean, ``parameters(shape, attrs)`` which shape all
    operands but the first have.
    """
    params: tuple[str, ...] = rest.setdefault("params", AFFINE)
    image: Any = rest.pop("image", _affine_image)

    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        equal_dtypes(name, types)
        wanted = TensorType(parameters(types[0].shape, attrs), types[0].dtype)
        for param, other in zip(params[1:], types[1:], strict=True):
            fits(
                name,
                other == wanted,
                f"{param} is {other}, but x is {types[0]}",
                f"{param} must be {wanted}",
            )
        return (types[0],)

    declare(
        Op(
            name=name,
            category="reduction",
            doc=doc,
            arity=(len(params), len(params)),
            infer=infer,
            meaning=lambda xs, attrs: (meaning(*xs, attrs),),
            image=lambda xs, types, attrs: image(xs, count(types[0].shape, attrs), attrs),
            flops=lambda types, results, attrs: 9 * types[0].size,
            rounding="composite",
            terms=lambda types, attrs: count(types[0].shape, attrs),
            **rest,
        )
    )


def _affine_image(xs: Sequence[Interval], n: int, attrs: Attrs) -> Interval:
    # No element of n is further from their mean than sqrt(n - 1) standard deviations.
    width = (xs[0].high - xs[0].low) / math.sqrt(attrs["eps"])
    far = min(math.sqrt(n - 1), width)
    return iv.widened(iv.add(iv.multiply(Interval(-far, far), xs[1]), xs[2]))


def _rms_image(xs: Sequence[Interval], n: int, attrs: Attrs) -> Interval:
    # No element of n is larger than sqrt(n) times their root mean square.
    far = min(math.sqrt(n), iv.magnitude(xs[0]) / math.sqrt(attrs["eps"]))
    unit = Interval(0.0 if xs[0].low >= 0 else -far, 0.0 if xs[0].high <= 0 else far)
    return iv.widened(iv.multiply(unit, xs[1]))


def _batch_image(xs: Sequence[Interval], _n: int, attrs: Attrs) -> Interval:
    x, gamma, beta, mean, var = xs
    spread = Interval(1 / math.sqrt(var.high + attrs["eps"]), 1 / math.sqrt(var.low + attrs["eps"]))
    unit = iv.multiply(iv.add(x, iv.negative(mean)), spread)
    return iv.widened(iv.add(iv.multiply(unit, gamma), beta))


def normalised(x: Array, axes: tuple[int, ...], eps: float) -> Array:
    """``(x - mean) / sqrt(variance + eps)`` over ``axes``."""
    centred = x - np.mean(x, axis=axes, keepdims=True)
    variance = np.mean(centred * centred, axis=axes, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + x.dtype.type(eps)))


def _by_channel(parameter: Array, rank: int) -> Array:
    return parameter.reshape(-1, *(1,) * (rank - 2))


def _layer(x: Array, gamma: Array, beta: Array, attrs: Attrs) -> Array:
    axes = tuple(range(x.ndim - attrs["axes_count"], x.ndim))
    return np.asarray(normalised(x, axes, attrs["eps"]) * gamma + beta)


def _rms(x: Array, weight: Array, attrs: Attrs) -> Array:
    mean = np.mean(x * x, axis=-1, keepdims=True)
    return np.asarray(x / np.sqrt(mean + x.dtype.type(attrs["eps"])) * weight)


def _group(x: Array, gamma: Array, beta: Array, attrs: Attrs) -> Array:
    grouped = x.reshape(x.shape[0], attrs["groups"], -1)
    unit = normalised(grouped, (2,), attrs["eps"]).reshape(x.shape)
    return np.asarray(unit * _by_channel(gamma, x.ndim) + _by_channel(beta, x.ndim))


def _instance(x: Array, gamma: Array, beta: Array, attrs: Attrs) -> Array:
    unit = normalised(x, tuple(range(2, x.ndim)), attrs["eps"])
    return np.asarray(unit * _by_channel(gamma, x.ndim) + _by_channel(beta, x.ndim))


def _batch(*given: Any) -> Array:
    *arrays, attrs = given
    x = arrays[0]
    gamma, beta, mean, var = (_by_channel(p, x.ndim) for p in arrays[1:])
    return np.asarray((x - mean) / np.sqrt(var + x.dtype.type(attrs["eps"])) * gamma + beta)


def _last_axes(shape: Shape, attrs: Attrs) -> Shape:
    count = attrs["axes_count"]
    fits(
        "layer_norm",
        count <= len(shape),
        f"axes_count is {count}, but x has {len(shape)} axes",
        f"axes_count may be 1 to {len(shape)}",
    )
    return shape[len(shape) - count :]


def _last_axis(shape: Shape, _attrs: Attrs) -> Shape:
    fits("rms_norm", bool(shape), "x is a scalar", "x needs at least one axis")
    return shape[-1:]


def _channels(name: str, least: int) -> Callable[[Shape, Attrs], Shape]:
    def shape_of(shape: Shape, attrs: Attrs) -> Shape:
        fits(
            name,
            len(shape) >= least,
            f"x has shape {list(shape)}",
            f"x needs {least} axes or more: batch, channels, ...",
        )
        groups = attrs.get("groups", 1)
        fits(
            name,
            shape[1] % groups == 0,
            f"groups is {groups}, but x has {shape[1]} channels",
            f"choose a divisor of {shape[1]}",
        )
        return shape[1:2]

    return shape_of


def _per_channel(*x: int) -> tuple[TensorType, ...]:
    return (TensorType(x, F32), TensorType(x[1:2], F32), TensorType(x[1:2], F32))


_norm(
    "layer_norm", _layer,
    "y = (x - mean) / sqrt(variance + eps) * gamma + beta over the last axes_count axes",
    lambda shape, attrs: math.prod(shape[-attrs["axes_count"] :]), _last_axes,
    attrs=(AttrDef("axes_count", "int", 1, ">= 1", lambda n: n >= 1), EPS),
    samples=(
        Sample((TensorType((5, 17), F32), TensorType((17,), F32), TensorType((17,), F32))),
        Sample(
            (TensorType((2, 3, 5), F32), TensorType((3, 5), F32), TensorType((3, 5), F32)),
            {"axes_count": 2, "eps": 1e-3},
        ),
        Sample((TensorType((4, 9), F16), TensorType((9,), F16), TensorType((9,), F16))),
    ),
)  # fmt: skip
_norm(
    "rms_norm", _rms, "y = x / sqrt(mean of x ** 2 + eps) * weight over the last axis",
    lambda shape, attrs: shape[-1], _last_axis,
    params=("x", "weight"), image=_rms_image, attrs=(EPS,),
    samples=(
        Sample((TensorType((5, 17), F32), TensorType((17,), F32))),
        Sample((TensorType((2, 3, 7), F32), TensorType((7,), F32)), {"eps": 1e-6}),
        Sample((TensorType((4, 9), F16), TensorType((9,), F16))),
    ),
)  # fmt: skip
_norm(
    "group_norm", _group,
    "y = (x - mean) / sqrt(variance + eps) * gamma[c] + beta[c] over each group of channels",
    lambda shape, attrs: math.prod(shape[1:]) // attrs["groups"], _channels("group_norm", 3),
    attrs=(AttrDef("groups", "int", legal=">= 1", check=lambda g: g >= 1), EPS),
    samples=(
        Sample(_per_channel(2, 6, 5, 5), {"groups": 3}),
        Sample(_per_channel(1, 4, 7), {"groups": 1}),
    ),
)  # fmt: skip
_norm(
    "instance_norm", _instance,
    "y = (x - mean) / sqrt(variance + eps) * gamma[c] + beta[c] over the space of each channel",
    lambda shape, attrs: math.prod(shape[2:]), _channels("instance_norm", 3), attrs=(EPS,),
    samples=(Sample(_per_channel(2, 3, 5, 7)), Sample(_per_channel(1, 4, 9))),
)  # fmt: skip
_norm(
    "batch_norm", _batch,
    "y = (x - mean[c]) / sqrt(var[c] + eps) * gamma[c] + beta[c]",
    lambda shape, attrs: 1, _channels("batch_norm", 2),
    params=("x", "gamma", "beta", "mean", "var"), image=_batch_image, attrs=(EPS,),
    legal=(REALS, REALS, REALS, REALS, iv.NOT_NEGATIVE),
    samples=(
        Sample((*_per_channel(2, 3, 5, 7), TensorType((3,), F32), TensorType((3,), F32))),
        Sample((*_per_channel(5, 4), TensorType((4,), F32), TensorType((4,), F32))),
    ),
)  # fmt: skip
