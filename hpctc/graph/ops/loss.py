"""Losses: what a network's answer is worth, as one number or one a sample."""

from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, REALS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.gather import whole_index
from hpctc.graph.ops.shapes import equal_dtypes, fits

F32, F16, I32 = "float32", "float16", "int32"


def _nll_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    x, targets, weights = types
    whole_index("nll_loss", targets)
    equal_dtypes("nll_loss", (x, weights))
    fits(
        "nll_loss",
        x.rank == 2 and targets.shape == x.shape[:1] and weights.shape == x.shape[1:],
        f"x is {x}, targets is {targets} and weights is {weights}",
        "x must be [samples, classes], targets [samples] and weights [classes]",
    )
    return (TensorType(x.shape[:1] if attrs["reduction"] == "none" else (), x.dtype),)


def _nll(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    x, targets, weights = xs
    share = weights[targets]
    losses = -share * np.take_along_axis(x, targets[:, None], 1)[:, 0]
    if attrs["reduction"] == "none":
        return (losses,)
    total = losses.sum()
    return (np.asarray(total / share.sum() if attrs["reduction"] == "mean" else total),)


def _nll_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    if attrs["reduction"] == "mean":
        return iv.widened(iv.negative(xs[0]))
    terms = types[0].shape[0] if attrs["reduction"] == "sum" else 1
    return iv.widened(iv.scaled(iv.negative(iv.multiply(xs[0], xs[2])), terms))


def _domains(types: Types, attrs: Attrs) -> tuple[Interval, ...]:
    weight = iv.POSITIVE if attrs["reduction"] == "mean" else REALS
    return REALS, Interval(0.0, float(types[0].shape[1] - 1)), weight


declare(
    Op(
        name="nll_loss",
        category="reduction",
        doc="y = -the mean (sum; none: each) of weights[targets[n]] * x[n, targets[n]] over n; the "
        "mean is by the sum of the weights",
        arity=(3, 3),
        params=("x", "targets", "weights"),
        infer=_nll_type,
        meaning=_nll,
        image=_nll_image,
        flops=lambda types, results, attrs: 3 * types[0].shape[0],
        attrs=(
            AttrDef(
                "reduction", "str", "mean", "mean, sum or none",
                lambda r: r in ("mean", "sum", "none"),
            ),
        ),
        legal_for=_domains,
        dtypes=FLOATS,
        rounding="composite",
        terms=lambda types, attrs: types[0].shape[0],
        samples=(
            Sample((TensorType((9, 5), F32), TensorType((9,), I32), TensorType((5,), F32))),
            Sample(
                (TensorType((7, 4), F32), TensorType((7,), I32), TensorType((4,), F32)),
                {"reduction": "none"},
            ),
            Sample(
                (TensorType((5, 3), F16), TensorType((5,), I32), TensorType((3,), F16)),
                {"reduction": "sum"},
            ),
        ),
    )
)  # fmt: skip
