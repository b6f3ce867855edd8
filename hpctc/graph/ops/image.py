"""Operators of images and volumes: resizing, sampling at given points, matching two of them."""

from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.layout import positive
from hpctc.graph.ops.shapes import equal_dtypes, fits, rank_is

F32, F16 = "float32", "float16"
SPACE = {2: "height, width", 3: "depth, height, width"}
ZERO = Interval(0.0, 0.0)


def nearest(n: int, m: int) -> Array:
    """For each of ``m`` new positions the old one (of ``n``) under its centre.

    floor((i + 1/2) * n / m), in whole numbers, so that no rounding can move it.
    """
    return (2 * np.arange(m) + 1) * n // (2 * m)


def _blend(x: Array, axis: int, m: int) -> Array:
    n = x.shape[axis]
    centre = (np.arange(m) + 0.5) * n / m - 0.5
    left = np.floor(centre)
    share = (centre - left).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    below = np.take(x, np.clip(left, 0, n - 1).astype(int), axis=axis)
    above = np.take(x, np.clip(left + 1, 0, n - 1).astype(int), axis=axis)
    return np.asarray(below * (1 - share) + above * share)


def resize(x: Array, size: Sequence[int], method: str) -> Array:
    """Resize the axes behind batch and channels; see the operators' ``doc``."""
    for axis, m in enumerate(size, 2):
        if method == "nearest":
            x = np.take(x, nearest(x.shape[axis], m), axis=axis)
        else:
            x = _blend(x, axis, m)
    return x


def _resize_type(rank: int, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    rank_is(f"resize{rank}d", types[0], rank + 2, f"batch, channels, {SPACE[rank]}")
    return (TensorType((*types[0].shape[:2], *attrs["size"]), types[0].dtype),)


def _declare_resize(rank: int, samples: tuple[Sample, ...]) -> None:
    declare(
        Op(
            name=f"resize{rank}d",
            category="logic intensive",
            doc="n to m pixels; nearest: y[i] = x[floor((i + 1/2) n / m)]; linear: x blended at "
            "(i + 1/2) n / m - 1/2, edges repeated",
            arity=(1, 1),
            infer=lambda types, attrs: _resize_type(rank, types, attrs),
            meaning=lambda xs, attrs: (resize(xs[0], attrs["size"], attrs["method"]),),
            image=lambda xs, types, attrs: iv.widened(xs[0]),
            flops=lambda types, results, attrs: (
                results[0].size * 2 ** (rank + 1) * (attrs["method"] == "linear")
            ),
            attrs=(
                AttrDef(
                    "size",
                    "ints",
                    legal=f"a number or a list of {rank} >= 1",
                    check=positive,
                    length=rank,
                ),
                AttrDef(
                    "method",
                    "str",
                    "nearest",
                    "nearest or linear",
                    lambda m: m in ("nearest", "linear"),
                ),
            ),
            rounding="composite",
            samples=samples,
        )
    )


_declare_resize(
    2,
    (
        Sample((TensorType((1, 2, 4, 5), F32),), {"size": (8, 10)}),
        Sample((TensorType((1, 2, 7, 5), F32),), {"size": (3, 9)}),
        Sample((TensorType((2, 1, 4, 6), F32),), {"size": (7, 5), "method": "linear"}),
        Sample((TensorType((1, 2, 3, 3), F16),), {"size": 6, "method": "linear"}),
    ),
)
_declare_resize(
    3,
    (
        Sample((TensorType((1, 2, 4, 5, 3), F32),), {"size": (3, 7, 2)}),
        Sample((TensorType((1, 2, 5, 3, 4), F32),), {"size": (2, 4, 7), "method": "linear"}),
    ),
)


def _grid_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("grid_sample", types)
    x, grid = types
    rank_is("grid_sample", x, 4, "batch, channels, height, width")
    rank_is("grid_sample", grid, 4, "batch, 2, height, width", "grid")
    fits(
        "grid_sample",
        grid.shape[:2] == (x.shape[0], 2),
        f"x is {x} and grid is {grid}",
        f"grid must be [{x.shape[0]}, 2, height, width]: where to look, across and down",
    )
    return (TensorType((*x.shape[:2], *grid.shape[2:]), x.dtype),)


def _place(g: Array, n: int, attrs: Attrs) -> Array:
    """Positions in [-1, 1] as positions in pixels."""
    place = (g + 1) * (n - 1) / 2 if attrs["align_corners"] else ((g + 1) * n - 1) / 2
    return np.clip(place, 0, n - 1) if attrs["padding"] == "border" else place


def grid_sample(xs: Sequence[Array], attrs: Attrs) -> Array:
    """X blended at the points of a grid (Jaderberg et al., 2015)."""
    x, grid = xs
    high, wide = x.shape[2:]
    columns, rows = _place(grid[:, 0], wide, attrs), _place(grid[:, 1], high, attrs)
    out = np.zeros((*x.shape[:2], *grid.shape[2:]), x.dtype)
    batch = np.arange(x.shape[0]).reshape(-1, 1, 1)
    for below in (0, 1):
        for right in (0, 1):
            i, j = np.floor(rows) + below, np.floor(columns) + right
            share = (1 - abs(rows - i)) * (1 - abs(columns - j))
            inside = (i >= 0) & (i < high) & (j >= 0) & (j < wide)
            row, column = (np.clip(i, 0, high - 1).astype(int), np.clip(j, 0, wide - 1).astype(int))
            seen = np.moveaxis(x[batch, :, row, column], -1, 1)
            out += (share * inside)[:, None].astype(x.dtype) * seen
    return out


declare(
    Op(
        name="grid_sample",
        category="logic intensive",
        doc="y[n, c, i, j] = x[n, c] blended at column grid[n, 0, i, j], row grid[n, 1, i, j]; "
        "-1 is the first pixel and 1 the last (its outer edge unless align_corners)",
        arity=(2, 2),
        params=("x", "grid"),
        infer=_grid_type,
        meaning=lambda xs, attrs: (grid_sample(xs, attrs),),
        image=lambda xs, types, attrs: iv.widened(iv.hull([xs[0], ZERO])),
        flops=lambda types, results, attrs: 16 * results[0].size,
        attrs=(
            AttrDef("align_corners", "bool", True),
            AttrDef(
                "padding", "str", "zeros", "zeros or border", lambda p: p in ("zeros", "border")
            ),
        ),
        legal=(Interval(float("-inf"), float("inf")), Interval(-1000.0, 1000.0)),
        rounding="composite",
        terms=lambda types, attrs: 16,
        samples=(
            Sample(
                (TensorType((2, 3, 5, 6), F32), TensorType((2, 2, 4, 3), F32)),
                domains=(None, Interval(-1.25, 1.25)),
            ),
            Sample(
                (TensorType((1, 2, 4, 7), F32), TensorType((1, 2, 3, 5), F32)),
                {"align_corners": False, "padding": "border"},
                (None, Interval(-1.25, 1.25)),
            ),
        ),
        dtypes=(F32,),
    )
)


def _shifts(attrs: Attrs) -> list[int]:
    reach: int = attrs["reach"]
    return list(range(-reach, reach + 1, attrs["step"]))


def _correlation_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("correlation", types)
    a, b = types
    rank_is("correlation", a, 4, "batch, channels, height, width", "a")
    fits("correlation", a == b, f"a is {a} and b is {b}", "both must be of one type")
    fits(
        "correlation",
        attrs["reach"] % attrs["step"] == 0,
        f"reach is {attrs['reach']} and step is {attrs['step']}",
        "step must divide reach, so that the middle is one of the shifts",
    )
    return (TensorType((a.shape[0], len(_shifts(attrs)) ** 2, *a.shape[2:]), a.dtype),)


def correlation(a: Array, b: Array, attrs: Attrs) -> Array:
    """Mean over channels of a times b moved by every shift (Dosovitskiy et al., 2015)."""
    reach, shifts = attrs["reach"], _shifts(attrs)
    high, wide = a.shape[2:]
    far = np.pad(b, [(0, 0), (0, 0), (reach, reach), (reach, reach)])
    return np.stack(
        [
            (a * far[:, :, reach + p : reach + p + high, reach + q : reach + q + wide]).mean(1)
            for p in shifts
            for q in shifts
        ],
        axis=1,
    )


declare(
    Op(
        name="correlation",
        category="compute intensive",
        doc="y[n, (p, q), i, j] = the mean of a[n, c, i, j] * b[n, c, i + p, j + q] over c, for "
        "p and q from -reach to reach by step; b is 0 outside",
        arity=(2, 2),
        params=("a", "b"),
        infer=_correlation_type,
        meaning=lambda xs, attrs: (correlation(xs[0], xs[1], attrs),),
        image=lambda xs, types, attrs: iv.widened(iv.hull([iv.multiply(xs[0], xs[1]), ZERO])),
        flops=lambda types, results, attrs: 2 * types[0].shape[1] * results[0].size,
        attrs=(
            AttrDef("reach", "int", legal=">= 1", check=lambda n: n >= 1),
            AttrDef("step", "int", 1, ">= 1", lambda n: n >= 1),
        ),
        rounding="averaged",
        terms=lambda types, attrs: types[0].shape[1],
        samples=(
            Sample((TensorType((1, 3, 5, 6), F32),) * 2, {"reach": 1}),
            Sample((TensorType((2, 4, 4, 5), F32),) * 2, {"reach": 2, "step": 2}),
        ),
    )
)
