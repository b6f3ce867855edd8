"""Further products: batches with a side transposed, sparse weights, single bits."""

from collections.abc import Sequence

import numpy as np

from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, REALS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.bits import popcount
from hpctc.graph.ops.gather import whole_index
from hpctc.graph.ops.matmul import accumulator, sum_of_products
from hpctc.graph.ops.shapes import equal_dtypes, fits, rank_is

F32, F16, I32, I8 = "float32", "float16", "int32", "int8"


def _sides(types: Types, attrs: Attrs) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns of both operands as they are multiplied."""
    a, b = (t.shape[1:] for t in types)
    return (
        (a[1], a[0]) if attrs["transpose_a"] else (a[0], a[1]),
        (b[1], b[0]) if attrs["transpose_b"] else (b[0], b[1]),
    )


def _batch_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("batch_matmul", types)
    for param, kind in zip("ab", types, strict=True):
        rank_is("batch_matmul", kind, 3, "batch, rows, columns", param)
    (rows, inner), (other, columns) = _sides(types, attrs)
    fits(
        "batch_matmul",
        types[0].shape[0] == types[1].shape[0] and inner == other,
        f"a is {types[0]}, b is {types[1]}, transpose_a is {str(attrs['transpose_a']).lower()} "
        f"and transpose_b is {str(attrs['transpose_b']).lower()}",
        "the batches must be equal, and the columns of a as many as the rows of b",
    )
    return (TensorType((types[0].shape[0], rows, columns), accumulator(dtype)),)


def _batch_matmul(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    a, b = (x.astype(np.int32) if x.dtype == np.int8 else x for x in xs)
    if attrs["transpose_a"]:
        a = a.transpose(0, 2, 1)
    if attrs["transpose_b"]:
        b = b.transpose(0, 2, 1)
    return (np.matmul(a, b),)


def _inner(types: Types, attrs: Attrs) -> int:
    return _sides(types, attrs)[0][1]


declare(
    Op(
        name="batch_matmul",
        category="compute intensive",
        doc="z[n, i, j] = the sum of a[n, i, k] * b[n, j, k] over k; transpose_a, transpose_b: "
        "k is the other axis of a (if true), of b (if false)",
        arity=(2, 2),
        params=("a", "b"),
        infer=_batch_type,
        meaning=_batch_matmul,
        image=lambda xs, types, attrs: sum_of_products(xs[0], xs[1], _inner(types, attrs)),
        flops=lambda types, results, attrs: 2 * results[0].size * _inner(types, attrs),
        attrs=(
            AttrDef("transpose_a", "bool", False),
            AttrDef("transpose_b", "bool", True),
        ),
        dtypes=(*FLOATS, I32, I8),
        rounding="summed",
        terms=_inner,
        samples=(
            Sample((TensorType((2, 9, 16), F32), TensorType((2, 12, 16), F32))),
            Sample(
                (TensorType((3, 8, 5), F32), TensorType((3, 8, 7), F32)),
                {"transpose_a": True, "transpose_b": False},
            ),
            Sample((TensorType((1, 4, 9), I8), TensorType((1, 5, 9), I8))),
        ),
    )
)


def _sparse_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    x, values, columns = types
    equal_dtypes("sparse_dense", (x, values))
    whole_index("sparse_dense", columns)
    fits(
        "sparse_dense",
        x.rank >= 1 and values.rank == 2 and values.shape == columns.shape,
        f"x is {x}, values is {values} and columns is {columns}",
        "x needs one axis or more; values and columns must be [out, nonzeros a row]",
    )
    return (TensorType((*x.shape[:-1], values.shape[0]), x.dtype),)


def _column_domain(types: Types, _attrs: Attrs) -> tuple[Interval, ...]:
    return REALS, REALS, Interval(0.0, float(types[0].shape[-1] - 1))


declare(
    Op(
        name="sparse_dense",
        category="compute intensive",
        doc="y[..., o] = the sum of x[..., columns[o, k]] * values[o, k] over k: a sparse matrix "
        "with as many nonzeros in every row (ELLPACK)",
        arity=(3, 3),
        params=("x", "values", "columns"),
        infer=_sparse_type,
        meaning=lambda xs, attrs: (np.sum(xs[0][..., xs[2]] * xs[1], axis=-1),),
        image=lambda xs, types, attrs: sum_of_products(xs[0], xs[1], types[1].shape[1]),
        flops=lambda types, results, attrs: 2 * results[0].size * types[1].shape[1],
        legal_for=_column_domain,
        rounding="composite",
        terms=lambda types, attrs: types[1].shape[1],
        samples=(
            Sample((TensorType((3, 12), F32), TensorType((7, 4), F32), TensorType((7, 4), I32))),
            Sample((TensorType((2, 9), F16), TensorType((5, 3), F16), TensorType((5, 3), I32))),
        ),
    )
)

BITS = 31
"""Bits of an i32 that hold no sign."""


def _binary_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("binary_dense", types)
    x, w = types
    fits(
        "binary_dense",
        x.rank >= 1 and w.rank == 2 and x.shape[-1] == w.shape[1],
        f"x is {x} and w is {w}",
        "x and w must hold as many words along their last axes, and w must be [out, words]",
    )
    return (TensorType((*x.shape[:-1], w.shape[0]), I32),)


def _binary(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    unlike = popcount(xs[0][..., None, :] ^ xs[1])
    return (np.asarray(np.sum(attrs["bits"] - 2 * unlike, axis=-1, dtype=np.int32)),)


def _word(types: Types, attrs: Attrs) -> tuple[Interval, ...]:
    return (Interval(0.0, float(2 ** attrs["bits"] - 1)),) * 2


declare(
    Op(
        name="binary_dense",
        category="compute intensive",
        doc="y[..., o] = the sum of bits - 2 * popcount(x[..., k] ^ w[o, k]) over k: a product of "
        "numbers that are -1 or 1, bits of them in each word",
        arity=(2, 2),
        params=("x", "w"),
        infer=_binary_type,
        meaning=_binary,
        image=lambda xs, types, attrs: Interval(
            -float(attrs["bits"] * types[1].shape[1]), float(attrs["bits"] * types[1].shape[1])
        ),
        flops=lambda types, results, attrs: 2 * attrs["bits"] * results[0].size * types[1].shape[1],
        attrs=(
            AttrDef("bits", "int", BITS, f"1 to {BITS}", lambda n: 1 <= n <= BITS),
        ),
        legal_for=_word,
        dtypes=(I32,),
        rounding="exact",
        terms=lambda types, attrs: types[1].shape[1],
        samples=(
            Sample(
                (TensorType((5, 4), I32), TensorType((7, 4), I32)),
                domains=(Interval(0.0, 2.0**31 - 1),) * 2,
            ),
            Sample(
                (TensorType((2, 3, 5), I32), TensorType((4, 5), I32)),
                {"bits": 8},
                (Interval(0.0, 255.0),) * 2,
            ),
        ),
    )
)  # fmt: skip
