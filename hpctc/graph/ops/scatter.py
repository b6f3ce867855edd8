"""Operators that address whole indices: gather and scatter of points, masks, queues, shapes.

Indices of points come first: ``indices[m, ...]`` is where point ``...`` lies on axis ``m``, as in
MXNet and TVM.
"""

from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import ANY, NUMBERS, REALS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.gather import whole_index
from hpctc.graph.ops.shapes import axis_of, equal_dtypes, fits, nothing, per_element

F32, F16, I32 = "float32", "float16", "int32"


def _points(name: str, x: TensorType, indices: TensorType) -> int:
    """How many axes of ``x`` the indices address."""
    whole_index(name, indices)
    fits(
        name,
        indices.rank >= 1 and indices.shape[0] <= x.rank,
        f"indices is {indices} and x is {x}",
        f"the first axis of indices counts the axes it addresses: 1 to {x.rank}",
    )
    return indices.shape[0]


def _inside(position: int) -> object:
    """The domains of an operator whose operand ``position`` are indices into its first."""

    def legal(types: Types, _attrs: Attrs) -> tuple[Interval, ...]:
        axes = types[0].shape[: types[position].shape[0]]
        bound = Interval(0.0, float(min(axes) - 1))
        return tuple(bound if i == position else REALS for i in range(len(types)))

    return legal


def _gather_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    x, indices = types
    count = _points("gather_nd", x, indices)
    return (TensorType((*indices.shape[1:], *x.shape[count:]), x.dtype),)


def _scatter_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    x, indices, updates = types
    count = _points("scatter_nd", x, indices)
    equal_dtypes("scatter_nd", (x, updates))
    wanted = (*indices.shape[1:], *x.shape[count:])
    fits(
        "scatter_nd",
        updates.shape == wanted,
        f"x is {x} and indices is {indices}, but updates is {updates}",
        f"updates must be {TensorType(wanted, x.dtype)}",
    )
    return (x,)


def _scatter(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    x, indices, updates = xs
    count = indices.shape[0]
    rows = tuple(indices.reshape(count, -1))
    values = updates.reshape(-1, *x.shape[count:])
    out = x.copy()
    if attrs["mode"] == "add":
        np.add.at(out, rows, values)
    else:
        for point in range(values.shape[0]):  # in order: the last one stays
            out[tuple(axis[point] for axis in rows)] = values[point]
    return (out,)


def _scatter_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    if attrs["mode"] == "update":
        return iv.hull([xs[0], xs[2]])
    # All points may lie in one place.
    added = iv.hull([iv.scaled(xs[2], _count(types, attrs)), Interval(0.0, 0.0)])
    return iv.widened(iv.add(xs[0], added))


def _count(types: Types, _attrs: Attrs) -> int:
    return TensorType(types[1].shape[1:], I32).size


def _asked(types: Types, results: Types, attrs: Attrs) -> int:
    """Every element of the result asks every update whether it is meant: so both sides do it."""
    return results[0].size * _count(types, attrs)


declare(
    Op(
        name="gather_nd",
        category="logic intensive",
        doc="y[i, ...] = x[indices[0, i], ..., indices[M - 1, i], ...]",
        arity=(2, 2),
        params=("x", "indices"),
        infer=_gather_type,
        meaning=lambda xs, attrs: (np.ascontiguousarray(xs[0][tuple(xs[1])]),),
        image=iv.same,
        flops=nothing,
        legal_for=_inside(1),  # type: ignore[arg-type]
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((5, 6, 3), F32), TensorType((2, 4), I32))),
            Sample((TensorType((4, 7), F32), TensorType((1, 3, 2), I32))),
            Sample((TensorType((5, 4), I32), TensorType((2, 3), I32))),
        ),
    )
)

declare(
    Op(
        name="scatter_nd",
        category="logic intensive",
        doc="y = x, then y[indices[0, i], ..., indices[M - 1, i], ...] = (or +=) updates[i, ...], "
        "one i after the other",
        arity=(3, 3),
        params=("x", "indices", "updates"),
        infer=_scatter_type,
        meaning=_scatter,
        image=_scatter_image,
        flops=_asked,
        attrs=(
            AttrDef("mode", "str", "update", "update or add", lambda m: m in ("update", "add")),
        ),
        legal_for=_inside(1),  # type: ignore[arg-type]
        dtypes=NUMBERS[:3],
        rounding="composite",
        terms=_count,
        samples=(
            Sample(
                (TensorType((6, 5), F32), TensorType((1, 4), I32), TensorType((4, 5), F32)),
                {"mode": "add"},
            ),
            Sample(
                (TensorType((5, 6, 3), F32), TensorType((2, 7), I32), TensorType((7, 3), F32)),
            ),
            Sample((TensorType((9,), I32), TensorType((1, 5), I32), TensorType((5,), I32))),
        ),
    )
)


def _unravel_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    whole_index("unravel_index", types[0])
    return (TensorType((len(attrs["shape"]), *types[0].shape), I32),)


declare(
    Op(
        name="unravel_index",
        category="logic intensive",
        doc="y[m, ...] = where element number indices[...] of an array of that shape lies on axis "
        "m, in row-major order",
        arity=(1, 1),
        params=("indices",),
        infer=_unravel_type,
        meaning=lambda xs, attrs: (
            np.stack(np.unravel_index(xs[0], attrs["shape"])).astype(np.int32),
        ),
        image=lambda xs, types, attrs: Interval(0.0, float(max(attrs["shape"]) - 1)),
        flops=per_element(2),
        attrs=(
            AttrDef(
                "shape", "ints", legal="a list of extents >= 1",
                check=lambda v: bool(v) and all(n >= 1 for n in v),
            ),
        ),
        legal_for=lambda types, attrs: (
            Interval(0.0, float(TensorType(attrs["shape"], I32).size - 1)),
        ),
        dtypes=(I32,),
        rounding="exact",
        samples=(
            Sample((TensorType((9,), I32),), {"shape": (3, 5)}),
            Sample((TensorType((2, 4), I32),), {"shape": (2, 3, 4)}),
        ),
    )
)  # fmt: skip


def _mask_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    x, lengths = types
    whole_index("sequence_mask", lengths)
    axis = axis_of("sequence_mask", attrs["axis"], x.rank)
    fits(
        "sequence_mask",
        axis >= 1 and lengths.shape == x.shape[:1],
        f"x is {x}, lengths is {lengths} and axis is {axis}",
        "axis 0 is the batch, lengths holds one number for each of it, and axis is another one",
    )
    return (x,)


def _sequence_mask(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    x, lengths = xs
    axis = attrs["axis"] % x.ndim
    step = np.arange(x.shape[axis]).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    inside = step < lengths.reshape(-1, *(1,) * (x.ndim - 1))
    return (np.where(inside, x, x.dtype.type(attrs["value"])),)


declare(
    Op(
        name="sequence_mask",
        category="logic intensive",
        doc="y[n, ..., t, ...] = x[n, ..., t, ...] if t < lengths[n] else value, t along axis",
        arity=(2, 2),
        params=("x", "lengths"),
        infer=_mask_type,
        meaning=_sequence_mask,
        image=lambda xs, types, attrs: iv.hull([xs[0], Interval(attrs["value"], attrs["value"])]),
        flops=per_element(1),
        attrs=(AttrDef("axis", "int", 1), AttrDef("value", "float", 0.0)),
        legal_for=lambda types, attrs: (
            REALS, Interval(0.0, float(types[0].shape[attrs["axis"] % types[0].rank])),
        ),
        dtypes=(F32, F16),
        rounding="exact",
        samples=(
            Sample((TensorType((4, 7), F32), TensorType((4,), I32))),
            Sample((TensorType((3, 2, 6), F32), TensorType((3,), I32)), {"axis": -1}),
        ),
    )
)  # fmt: skip


def _diagonal_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("matrix_set_diag", types)
    x, diagonal = types
    rows, columns = (x.shape[-2:]) if x.rank >= 2 else (0, 0)
    k = attrs["k"]
    length = min(rows + min(k, 0), columns - max(k, 0))
    fits(
        "matrix_set_diag",
        length >= 1 and diagonal.shape == (*x.shape[:-2], length),
        f"x is {x}, diagonal is {diagonal} and k is {k}",
        f"diagonal must be {TensorType((*x.shape[:-2], length), x.dtype)}"
        if length >= 1
        else "x needs two axes or more, and a diagonal k",
    )
    return (x,)


def _set_diagonal(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    x, diagonal = xs
    out, k = x.copy(), attrs["k"]
    along = np.arange(diagonal.shape[-1])
    out[..., along + max(-k, 0), along + max(k, 0)] = diagonal
    return (out,)


declare(
    Op(
        name="matrix_set_diag",
        category="logic intensive",
        doc="y = x, but y[..., i, i + k] = diagonal[..., i + min(k, 0)]",
        arity=(2, 2),
        params=("x", "diagonal"),
        infer=_diagonal_type,
        meaning=_set_diagonal,
        image=lambda xs, types, attrs: iv.hull(xs),
        flops=nothing,
        attrs=(AttrDef("k", "int", 0),),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((5, 7), F32), TensorType((5,), F32))),
            Sample((TensorType((2, 4, 3), F32), TensorType((2, 2), F32)), {"k": -2}),
            Sample((TensorType((3, 4), I32), TensorType((3,), I32)), {"k": 1}),
        ),
    )
)


def _fifo_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("fifo_buffer", types)
    x, buffer = types
    axis = axis_of("fifo_buffer", attrs["axis"], x.rank)
    fits(
        "fifo_buffer",
        x.rank == buffer.rank
        and x.shape[axis] <= buffer.shape[axis]
        and all(
            a == b for k, (a, b) in enumerate(zip(x.shape, buffer.shape, strict=True)) if k != axis
        ),
        f"x is {x} and buffer is {buffer}",
        f"x may be shorter than buffer along axis {axis}; all other extents must be equal",
    )
    return (buffer,)


declare(
    Op(
        name="fifo_buffer",
        category="layout transform",
        doc="y = the last elements of buffer, then x, along axis, as many as buffer has: a queue",
        arity=(2, 2),
        params=("x", "buffer"),
        infer=_fifo_type,
        meaning=lambda xs, attrs: (
            np.take(
                np.concatenate([xs[1], xs[0]], attrs["axis"]),
                np.arange(xs[1].shape[attrs["axis"]]) + xs[0].shape[attrs["axis"]],
                axis=attrs["axis"],
            ),
        ),
        image=lambda xs, types, attrs: iv.hull(xs),
        flops=nothing,
        attrs=(AttrDef("axis", "int", 0),),
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((2, 5), F32), TensorType((6, 5), F32))),
            Sample((TensorType((3, 2, 4), F32), TensorType((3, 7, 4), F32)), {"axis": 1}),
            Sample((TensorType((3, 1), I32), TensorType((3, 4), I32)), {"axis": -1}),
        ),
    )
)


def _shape_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    if types[0].rank == 0:
        raise GraphTypeError("shape: x is a number, which has no extents", "give it an axis")
    return (TensorType((types[0].rank,), I32),)


declare(
    Op(
        name="shape",
        category="logic intensive",
        doc="y[a] = the extent of axis a of x",
        arity=(1, 1),
        infer=_shape_type,
        meaning=lambda xs, attrs: (np.array(xs[0].shape, dtype=np.int32),),
        image=lambda xs, types, attrs: iv.of([float(n) for n in types[0].shape]),
        flops=nothing,
        dtypes=ANY,
        rounding="exact",
        samples=(
            Sample((TensorType((3, 17), F32),)),
            Sample((TensorType((2, 5, 1, 4), F32),)),
        ),
    )
)
