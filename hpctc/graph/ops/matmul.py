"""Matrix products. Products of int8 are added up in int32."""

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, Array, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import broadcast, equal_dtypes, fits

F32, F16, I32, I8 = "float32", "float16", "int32", "int8"


def accumulator(dtype: str) -> str:
    """The element type in which products of ``dtype`` are added up and returned."""
    return I32 if dtype == I8 else dtype


def sum_of_products(a: Interval, b: Interval, n: int) -> Interval:
    """Where a sum of ``n`` products of elements of ``a`` and ``b`` lies."""
    return iv.widened(iv.scaled(iv.multiply(a, b), n))


def _matmul_type(types: Types, _attrs: object) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("matmul", types)
    a, b = types
    given = f"here a is {a} and b is {b}"
    fits(
        "matmul",
        a.rank >= 2 and b.rank >= 2,
        f"both operands need two axes or more; {given}",
        "use expand_dims to make a vector a matrix",
    )
    fits(
        "matmul",
        a.shape[-1] == b.shape[-2],
        f"the columns of a must be as many as the rows of b; {given}",
        f"{a.shape[-1]} is not {b.shape[-2]}: transpose one of them, or use dense for x @ w.T",
    )
    batch = broadcast("matmul", [a.shape[:-2], b.shape[:-2]])
    return (TensorType((*batch, a.shape[-2], b.shape[-1]), accumulator(dtype)),)


def _dense_type(types: Types, _attrs: object) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("dense", types)
    x, w = types
    given = f"here x is {x} and w is {w}"
    fits(
        "dense",
        x.rank >= 1 and w.rank == 2,
        f"x needs one axis or more and w two (out, in); {given}",
        "reshape one of them",
    )
    fits(
        "dense",
        x.shape[-1] == w.shape[1],
        f"the last axis of x must be as long as the last axis of w; {given}",
        f"{x.shape[-1]} is not {w.shape[1]}: transpose w, or use x @ w",
    )
    return (TensorType((*x.shape[:-1], w.shape[0]), accumulator(dtype)),)


declare(
    Op(
        name="matmul",
        category="compute intensive",
        doc="z[..., i, j] = the sum of a[..., i, k] * b[..., k, j] over k",
        arity=(2, 2),
        params=("a", "b"),
        infer=_matmul_type,
        meaning=lambda xs, attrs: (np.matmul(_wide(xs[0]), _wide(xs[1])),),
        image=lambda xs, types, attrs: sum_of_products(xs[0], xs[1], types[0].shape[-1]),
        flops=lambda types, results, attrs: 2 * results[0].size * types[0].shape[-1],
        dtypes=(*FLOATS, I32, I8),
        infix="@",
        rounding="summed",
        terms=lambda types, attrs: types[0].shape[-1],
        samples=(
            Sample((TensorType((16, 32), F32), TensorType((32, 24), F32))),
            Sample((TensorType((2, 1, 5, 7), F32), TensorType((3, 7, 9), F32))),
            Sample((TensorType((1, 33), F32), TensorType((33, 1), F32))),
            Sample((TensorType((5, 7), F16), TensorType((7, 3), F16))),
            Sample((TensorType((4, 9), I8), TensorType((9, 5), I8))),
        ),
    )
)

declare(
    Op(
        name="dense",
        category="compute intensive",
        doc="y[..., o] = the sum of x[..., k] * w[o, k] over k",
        arity=(2, 2),
        params=("x", "w"),
        infer=_dense_type,
        meaning=lambda xs, attrs: (np.matmul(_wide(xs[0]), _wide(xs[1]).T),),
        image=lambda xs, types, attrs: sum_of_products(xs[0], xs[1], types[1].shape[1]),
        flops=lambda types, results, attrs: 2 * results[0].size * types[1].shape[1],
        dtypes=(*FLOATS, I32, I8),
        rounding="summed",
        terms=lambda types, attrs: types[1].shape[1],
        samples=(
            Sample((TensorType((16, 32), F32), TensorType((24, 32), F32))),
            Sample((TensorType((2, 3, 7), F32), TensorType((5, 7), F32))),
            Sample((TensorType((5, 7), F16), TensorType((3, 7), F16))),
            Sample((TensorType((4, 9), I8), TensorType((5, 9), I8))),
        ),
    )
)


def _wide(x: Array) -> Array:
    return x.astype(np.int32) if x.dtype == np.int8 else x
