"""What is done to every channel on its own, or among neighbouring channels."""

from collections.abc import Callable, Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import axis_of, equal_dtypes, fits, per_element, rank_is, same_type

F32, F16 = "float32", "float16"


def _scale_type(name: str, rank: int, layout: str) -> Callable[..., tuple[TensorType, ...]]:
    def infer(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
        equal_dtypes(name, types)
        x = types[0]
        rank_is(name, x, rank, layout)
        channels = (x.shape[1],) if rank == 4 else (x.shape[1], x.shape[4])
        for param, given in zip(("scale", "shift"), types[1:], strict=True):
            fits(
                name,
                given.shape == channels,
                f"{param} is {given}, but x is {x}",
                f"{param} must be {TensorType(channels, x.dtype)}",
            )
        return (x,)

    return infer


def _by_channel(parameter: Array, rank: int) -> Array:
    """A parameter a channel as what broadcasts with x."""
    if rank == 4:
        return parameter[:, None, None]
    return parameter[:, None, None, :]


def _declare_scale(name: str, rank: int, layout: str, doc: str, shapes: Sequence[int]) -> None:
    channels = (shapes[1],) if rank == 4 else (shapes[1], shapes[4])

    def sample(dtype: str) -> Sample:
        side = TensorType(channels, dtype)
        return Sample((TensorType(tuple(shapes), dtype), side, side))

    declare(
        Op(
            name=name,
            category="elementwise",
            doc=doc,
            arity=(3, 3),
            params=("x", "scale", "shift"),
            infer=_scale_type(name, rank, layout),
            meaning=lambda xs, attrs: (
                xs[0] * _by_channel(xs[1], rank) + _by_channel(xs[2], rank),
            ),
            image=lambda xs, types, attrs: iv.widened(iv.add(iv.multiply(xs[0], xs[1]), xs[2])),
            flops=per_element(2),
            rounding="composite",
            samples=(sample(F32), sample(F16)),
        )
    )


_declare_scale(
    "scale_shift_nchw", 4, "batch, channels, height, width",
    "y[n, c, h, w] = x[n, c, h, w] * scale[c] + shift[c]", (2, 3, 5, 4),
)  # fmt: skip
_declare_scale(
    "scale_shift_nchwc", 5, "batch, channel blocks, height, width, channels of a block",
    "y[n, C, h, w, c] = x[n, C, h, w, c] * scale[C, c] + shift[C, c]", (1, 2, 3, 4, 5),
)  # fmt: skip


def _prelu_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("prelu", types)
    x, alpha = types
    axis = axis_of("prelu", attrs["axis"], x.rank)
    fits(
        "prelu",
        alpha.shape == (x.shape[axis],),
        f"alpha is {alpha}, but x is {x}",
        f"alpha must be {TensorType((x.shape[axis],), x.dtype)}: one number along axis {axis}",
    )
    return (x,)


def _prelu(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    x, alpha = xs
    axis = attrs["axis"] % x.ndim
    along = alpha.reshape(-1, *(1,) * (x.ndim - 1 - axis))
    return (np.where(x > 0, x, x * along),)


def _prelu_image(xs: Sequence[Interval], _types: Types, _attrs: Attrs) -> Interval:
    above = Interval(max(xs[0].low, 0.0), max(xs[0].high, 0.0))
    below = Interval(min(xs[0].low, 0.0), min(xs[0].high, 0.0))
    return iv.widened(iv.hull([above, iv.multiply(below, xs[1])]))


declare(
    Op(
        name="prelu",
        category="elementwise",
        doc="y[i] = x[i] if x[i] > 0 else alpha[c] * x[i], c the position along axis",
        arity=(2, 2),
        params=("x", "alpha"),
        infer=_prelu_type,
        meaning=_prelu,
        image=_prelu_image,
        flops=per_element(2),
        attrs=(AttrDef("axis", "int", 1),),
        samples=(
            Sample((TensorType((2, 3, 5), F32), TensorType((3,), F32))),
            Sample((TensorType((2, 4, 3, 5), F32), TensorType((5,), F32)), {"axis": -1}),
            Sample((TensorType((4, 7), F16), TensorType((7,), F16))),
        ),
    )
)


def lrn(x: Array, attrs: Attrs) -> Array:
    """Local response normalisation across channels (Krizhevsky et al., 2012)."""
    size, kind = attrs["size"], x.dtype.type
    before, after = size // 2, (size - 1) // 2
    squares = np.pad(x * x, [(0, 0), (before, after), *[(0, 0)] * (x.ndim - 2)])
    total = sum(squares[:, k : k + x.shape[1]] for k in range(size))
    scale = kind(attrs["bias"]) + kind(attrs["alpha"] / size) * total
    return np.asarray(x / scale ** kind(attrs["beta"]))


def _lrn_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    fits("lrn", types[0].rank >= 2, f"x is {types[0]}", "x needs two axes or more: batch, channels")
    return same_type(types, attrs)


declare(
    Op(
        name="lrn",
        category="reduction",
        doc="y[n, c] = x[n, c] / (bias + alpha / size * the sum of x[n, d] ** 2) ** beta, "
        "d from c - floor(size / 2) on, size of them",
        arity=(1, 1),
        infer=_lrn_type,
        meaning=lambda xs, attrs: (lrn(xs[0], attrs),),
        image=lambda xs, types, attrs: iv.widened(
            iv.hull([iv.scaled(xs[0], attrs["bias"] ** -attrs["beta"]), Interval(0.0, 0.0)])
        ),
        flops=lambda types, results, attrs: types[0].size * (2 * attrs["size"] + 10),
        attrs=(
            AttrDef("size", "int", 5, ">= 1", lambda n: n >= 1),
            AttrDef("alpha", "float", 1e-4, ">= 0", lambda a: a >= 0),
            AttrDef("beta", "float", 0.75, ">= 0", lambda b: b >= 0),
            AttrDef("bias", "float", 1.0, "> 0", lambda b: b > 0),
        ),
        dtypes=FLOATS,
        rounding="composite",
        terms=lambda types, attrs: attrs["size"],
        samples=(
            Sample((TensorType((2, 7, 3, 4), F32),), {"alpha": 0.5}),
            Sample((TensorType((1, 6, 5), F32),), {"size": 4, "alpha": 1.0, "beta": 0.5}),
            Sample((TensorType((2, 4, 3), F16),), {"size": 3, "alpha": 0.5, "bias": 2.0}),
        ),
    )
)
