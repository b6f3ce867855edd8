"""Order: sorting, the positions of the sorted, the largest few.

Two operators stand where libraries have one with two results: the values move continuously with the
operand, the positions jump.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


def _all(extent: int, _attrs: Attrs) -> int:
    return extent


def _some(_extent: int, attrs: Attrs) -> int:
    found: int = attrs["k"]
    return found


@dataclass(frozen=True)
class Ordering:
    """What one of the operators takes of a line once that is in order."""

    name: str
    turned: AttrDef
    """The flag that says: downwards."""
    where: bool
    """The positions, not the values."""
    count: Callable[[int, Attrs], int] = _all
    """How many of a line of so many elements, from the first."""

    def infer(self, types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
        """The operand's shape, shortened along the axis."""
        shape = types[0].shape
        axis = axis_of(self.name, attrs["axis"], len(shape))
        wanted = self.count(shape[axis], attrs)
        fits(
            self.name,
            wanted <= shape[axis],
            f"k is {wanted}, but axis {axis} of {list(shape)} has {shape[axis]} elements",
            f"k may be 1 to {shape[axis]}",
        )
        found = (*shape[:axis], wanted, *shape[axis + 1 :])
        return (TensorType(found, I32 if self.where else types[0].dtype),)

    def meaning(self, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        """Every line put in order, and its first elements taken."""
        x, axis = operands[0], attrs["axis"]
        found = positions(x, axis, attrs[self.turned.name])
        found = _first(found, axis, self.count(x.shape[axis], attrs))
        return (found.astype(np.int32) if self.where else np.take_along_axis(x, found, axis),)

    def image(self, operands: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
        """Where the results can lie."""
        if not self.where:
            return iv.same(operands, types, attrs)
        axis = axis_of(self.name, attrs["axis"], types[0].rank)
        return Interval(0.0, float(types[0].shape[axis] - 1))

    def flops(self, types: Types, _results: Types, attrs: Attrs) -> int:
        """Two comparisons of each element with every other of its line, as both sides count."""
        extent = types[0].shape[axis_of(self.name, attrs["axis"], types[0].rank)]
        return 2 * types[0].size * extent


def _declare(of: Ordering, doc: str, own: tuple[AttrDef, ...] = (), **sampled: int) -> None:
    """Add an operator; ``own`` are attributes of its own, ``sampled`` their values in samples."""
    declare(
        Op(
            name=of.name,
            category="logic intensive",
            doc=doc,
            arity=(1, 1),
            infer=of.infer,
            meaning=of.meaning,
            image=of.image,
            flops=of.flops,
            attrs=(*own, AttrDef("axis", "int", -1), of.turned),
            dtypes=NUMBERS,
            rounding="exact",
            nudge=_near_ties if of.where else None,
            samples=(
                Sample((TensorType((3, 11), F32),), sampled),
                Sample((TensorType((2, 7, 3), F32),), {**sampled, "axis": 1, of.turned.name: True}),
                Sample((TensorType((9, 4), I32),), {**sampled, "axis": 0}),
                Sample((TensorType((2, 5), F16),), sampled),
            ),
        )
    )


_DESCENDING = AttrDef("descending", "bool", False)
_LARGEST = AttrDef("largest", "bool", True)
_K = AttrDef("k", "int", legal=">= 1", check=lambda k: k >= 1)

_declare(
    Ordering("sort", _DESCENDING, where=False),
    "y = the elements of x in order along axis",
)
_declare(
    Ordering("argsort", _DESCENDING, where=True),
    "y = the positions of the elements of x in order along axis; equal ones by position",
)
_declare(
    Ordering("topk", _LARGEST, where=False, count=_some),
    "y = the k largest (else smallest) elements of x along axis, in order",
    (_K,),
    k=3,
)
_declare(
    Ordering("argtopk", _LARGEST, where=True, count=_some),
    "y = the positions of the k largest (else smallest) elements of x along axis, in order; "
    "equal ones by position",
    (_K,),
    k=3,
)
