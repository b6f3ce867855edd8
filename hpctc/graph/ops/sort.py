"""Order: sorting, the positions of the sorted, the largest few.

Two operators stand where libraries have one with two results: the values move continuously with the
operand, the positions jump.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import NUMBERS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import axis_of, fits

F32, F16, I32 = "float32", "float16", "int32"


def positions(x: Array, axis: int, descending: bool) -> Array:
    """Where the elements of a sorted line come from; equal ones stay in order."""
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    # Stable also downwards: sort the reversed line upwards, then turn both around.
    turned = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return np.asarray(x.shape[axis] - 1 - np.flip(turned, axis))


def _first(found: Array, axis: int, count: int) -> Array:
    return np.take(found, range(count), axis=axis)


def _near_ties(
    operands: Sequence[Array], doubts: Sequence[Array], attrs: Attrs, way: int
) -> tuple[Array, ...]:
    # Neighbours in the order, two by two, change places if their doubts reach across the gap; the
    # other direction pairs each with its other neighbour.
    x, axis = operands[0], attrs["axis"]
    order = np.argsort(x, axis=axis, kind="stable")
    rank = np.argsort(order, axis=axis, kind="stable")
    up = (rank % 2 == 0) == (way > 0)
    return (np.where(up, x + doubts[0], x - doubts[0]),)


def _declare(
    name: str,
    doc: str,
    count: Callable[[int, Attrs], int],
    order: AttrDef,
    where: bool,
    **rest: Any,
) -> None:
    extra: tuple[AttrDef, ...] = rest.pop("attrs", ())
    given: dict[str, Any] = rest.pop("sampled", {})

    def infer(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        shape = types[0].shape
        axis = axis_of(name, attrs["axis"], len(shape))
        wanted = count(shape[axis], attrs)
        fits(
            name,
            wanted <= shape[axis],
            f"k is {wanted}, but axis {axis} of {list(shape)} has {shape[axis]} elements",
            f"k may be 1 to {shape[axis]}",
        )
        found = (*shape[:axis], wanted, *shape[axis + 1 :])
        return (TensorType(found, I32 if where else types[0].dtype),)

    def meaning(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        x, axis = xs[0], attrs["axis"]
        found = positions(x, axis, attrs[order.name])
        found = _first(found, axis, count(x.shape[axis], attrs))
        return (found.astype(np.int32) if where else np.take_along_axis(x, found, axis),)

    def image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
        if not where:
            return iv.same(xs, types, attrs)
        axis = axis_of(name, attrs["axis"], types[0].rank)
        return Interval(0.0, float(types[0].shape[axis] - 1))

    def flops(types: Types, _results: Types, attrs: Attrs) -> int:
        extent = types[0].shape[axis_of(name, attrs["axis"], types[0].rank)]
        return types[0].size * max(1, (extent - 1).bit_length())

    declare(
        Op(
            name=name,
            category="logic intensive",
            doc=doc,
            arity=(1, 1),
            infer=infer,
            meaning=meaning,
            image=image,
            flops=flops,
            attrs=(*extra, AttrDef("axis", "int", -1), order),
            dtypes=NUMBERS,
            rounding="exact",
            nudge=_near_ties if where else None,
            samples=(
                Sample((TensorType((3, 11), F32),), given),
                Sample((TensorType((2, 7, 3), F32),), {**given, "axis": 1, order.name: True}),
                Sample((TensorType((9, 4), I32),), {**given, "axis": 0}),
                Sample((TensorType((2, 5), F16),), given),
            ),
        )
    )


_DESCENDING = AttrDef("descending", "bool", False)
_LARGEST = AttrDef("largest", "bool", True)
_K = AttrDef("k", "int", legal=">= 1", check=lambda k: k >= 1)


def _all(extent: int, _attrs: Attrs) -> int:
    return extent


def _some(_extent: int, attrs: Attrs) -> int:
    found: int = attrs["k"]
    return found


_declare("sort", "y = the elements of x in order along axis", _all, _DESCENDING, where=False)
_declare(
    "argsort", "y = the positions of the elements of x in order along axis; equal ones by position",
    _all, _DESCENDING, where=True,
)  # fmt: skip
_declare(
    "topk", "y = the k largest (else smallest) elements of x along axis, in order",
    _some, _LARGEST, where=False, attrs=(_K,), sampled={"k": 3},
)  # fmt: skip
_declare(
    "argtopk", "y = the positions of the k largest (else smallest) elements of x along axis, "
    "in order; equal ones by position",
    _some, _LARGEST, where=True, attrs=(_K,), sampled={"k": 3},
)  # fmt: skip
