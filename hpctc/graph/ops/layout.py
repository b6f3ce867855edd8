"""Operators that only move elements of one operand."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import TensorType
from hpctc.graph.op import ANY, Array, AttrDef, Attrs, Op, Sample, declare
from hpctc.graph.ops.shapes import axes_of, axis_of, fits, nothing, rank_is

F32, F16, I32, I8, BOOL = "float32", "float16", "int32", "int8", "bool"
Shape = tuple[int, ...]


def positive(values: Sequence[int]) -> bool:
    """Whether all are 1 or more."""
    return all(v >= 1 for v in values)


def layout(
    name: str,
    shape: Callable[[Shape, Attrs], Shape],
    move: Callable[[Array, Attrs], Array],
    doc: str,
    samples: Sequence[tuple[Shape, dict[str, Any]]],
    **rest: Any,
) -> Op:
    """Declare an operator that moves elements; each sample's first is float32, then others."""
    dtypes = [F32, F32, I32, F16, I8, BOOL]
    return declare(
        Op(
            name=name,
            category=rest.pop("category", "layout transform"),
            doc=doc,
            arity=(1, 1),
            infer=lambda types, attrs: (TensorType(shape(types[0].shape, attrs), types[0].dtype),),
            meaning=lambda xs, attrs: (move(xs[0], attrs),),
            image=rest.pop("image", iv.same),
            flops=nothing,
            samples=tuple(
                Sample((TensorType(s, d),), a) for (s, a), d in zip(samples, dtypes, strict=False)
            ),
            dtypes=rest.pop("dtypes", ANY),
            rounding="exact",
            **rest,
        )
    )


def _transposed(shape: Shape, attrs: Attrs) -> Shape:
    perm = attrs["perm"]
    fits(
        "transpose",
        sorted(perm) == list(range(len(shape))),
        f"perm {list(perm)} is no order of the {len(shape)} axes of {list(shape)}",
        f"perm must name each of {list(range(len(shape)))} once",
    )
    return tuple(shape[p] for p in perm)


def _reshaped(shape: Shape, attrs: Attrs) -> Shape:
    target: Shape = attrs["shape"]
    have, want = math.prod(shape), math.prod(target)
    fits(
        "reshape",
        have == want,
        f"{list(shape)} has {have} elements, but {list(target)} has {want}",
        "the number of elements must stay the same",
    )
    return target


def _broadcast(shape: Shape, attrs: Attrs) -> Shape:
    target: Shape = attrs["shape"]
    tail = target[len(target) - len(shape) :]
    fits(
        "broadcast_to",
        len(shape) <= len(target) and all(a in (1, b) for a, b in zip(shape, tail, strict=True)),
        f"{list(shape)} cannot become {list(target)}",
        "extents must be equal or 1, counted from the last axis",
    )
    return target


def _squeezed(shape: Shape, attrs: Attrs) -> Shape:
    axes = axes_of("squeeze", attrs["axes"], len(shape))
    for axis in axes:
        fits(
            "squeeze",
            shape[axis] == 1,
            f"axis {axis} of {list(shape)} has extent {shape[axis]}, not 1",
            "name axes of extent 1 only",
        )
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def _expanded(shape: Shape, attrs: Attrs) -> Shape:
    rank = len(shape) + len(attrs["axes"])
    axes = axes_of("expand_dims", attrs["axes"], rank)
    rest = iter(shape)
    return tuple(1 if i in axes else next(rest) for i in range(rank))


def _flipped(shape: Shape, attrs: Attrs) -> Shape:
    axes_of("flip", attrs["axes"], len(shape))
    return shape


def _tiled(shape: Shape, attrs: Attrs) -> Shape:
    reps = attrs["reps"]
    fits(
        "tile",
        len(reps) == len(shape),
        f"reps {list(reps)} has {len(reps)} entries, but x has {len(shape)} axes",
        "give one number an axis",
    )
    return tuple(n * r for n, r in zip(shape, reps, strict=True))


def _repeated(shape: Shape, attrs: Attrs) -> Shape:
    axis = axis_of("repeat", attrs["axis"], len(shape))
    return (*shape[:axis], shape[axis] * attrs["repeats"], *shape[axis + 1 :])


def _rolled(shape: Shape, attrs: Attrs) -> Shape:
    axis_of("roll", attrs["axis"], len(shape))
    return shape


def _sliced(shape: Shape, attrs: Attrs) -> Shape:
    begin, end = attrs["begin"], attrs["end"]
    step = attrs["step"] or (1,) * len(shape)
    fits(
        "slice",
        len(begin) == len(end) == len(step) == len(shape),
        f"begin, end and step have {len(begin)}, {len(end)} and {len(step)} entries, "
        f"but x has {len(shape)} axes",
        "give one number an axis",
    )
    for axis, (b, e, n) in enumerate(zip(begin, end, shape, strict=True)):
        if not 0 <= b < e <= n:
            raise GraphTypeError(
                f"slice: axis {axis} goes from {b} to {e}, but x is {list(shape)}",
                f"0 <= begin < end <= {n} must hold for axis {axis}",
            )
    return tuple(-(-(e - b) // s) for b, e, s in zip(begin, end, step, strict=True))


def _slice(x: Array, attrs: Attrs) -> Array:
    step = attrs["step"] or (1,) * x.ndim
    return x[
        tuple(slice(b, e, s) for b, e, s in zip(attrs["begin"], attrs["end"], step, strict=True))
    ]


def _block_type(name: str, shape: Shape, layout_fits: bool, rule: str) -> None:
    rank_is(name, TensorType(shape, F32), 4, "batch, channels, height, width")
    fits(name, layout_fits, f"{rule}, but x is {list(shape)}", "choose another block")


def _to_space(shape: Shape, attrs: Attrs) -> Shape:
    b = attrs["block"]
    fit = len(shape) == 4 and shape[1] % (b * b) == 0
    _block_type("depth_to_space", shape, fit, f"the channels must divide by {b} * {b}")
    return (shape[0], shape[1] // (b * b), shape[2] * b, shape[3] * b)


def _to_depth(shape: Shape, attrs: Attrs) -> Shape:
    b = attrs["block"]
    fit = len(shape) == 4 and shape[2] % b == 0 and shape[3] % b == 0
    _block_type("space_to_depth", shape, fit, f"height and width must divide by {b}")
    return (shape[0], shape[1] * b * b, shape[2] // b, shape[3] // b)


def _depth_to_space(x: Array, attrs: Attrs) -> Array:
    b = attrs["block"]
    n, c, h, w = x.shape
    blocks = x.reshape(n, b, b, c // (b * b), h, w)
    return blocks.transpose(0, 3, 4, 1, 5, 2).reshape(n, c // (b * b), h * b, w * b)


def _space_to_depth(x: Array, attrs: Attrs) -> Array:
    b = attrs["block"]
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // b, b, w // b, b)
    return blocks.transpose(0, 3, 5, 1, 2, 4).reshape(n, c * b * b, h // b, w // b)


_SHAPE = AttrDef("shape", "ints", legal="a list of extents >= 1", check=positive)
_BLOCK = AttrDef("block", "int", legal=">= 2", check=lambda b: b >= 2)

layout(
    "transpose", _transposed, lambda x, a: np.transpose(x, a["perm"]),
    "y[i[perm[0]], i[perm[1]], ...] = x[i]",
    [((5, 7), {"perm": (1, 0)}), ((2, 3, 5, 4), {"perm": (0, 2, 3, 1)}),
     ((3, 4, 5), {"perm": (2, 0, 1)}), ((3, 4, 5), {"perm": (1, 0, 2)})],
    attrs=(AttrDef("perm", "ints"),),
)  # fmt: skip
layout(
    "reshape", _reshaped, lambda x, a: x.reshape(a["shape"]),
    "the elements of x in row-major order, in another shape",
    [((6, 4), {"shape": (3, 8)}), ((2, 3, 5), {"shape": (30,)}), ((7,), {"shape": (1, 7, 1)})],
    attrs=(_SHAPE,),
)  # fmt: skip
layout(
    "broadcast_to", _broadcast, lambda x, a: np.broadcast_to(x, a["shape"]),
    "y[..., i] = x[..., i, or 0 where x has extent 1]",
    [((5, 1), {"shape": (3, 5, 7)}), ((1, 1), {"shape": (4, 3)}), ((3,), {"shape": (2, 3)})],
    attrs=(_SHAPE,),
)  # fmt: skip
layout(
    "squeeze", _squeezed, lambda x, a: np.squeeze(x, axis=a["axes"]),
    "x without the axes, which have extent 1",
    [((1, 5, 1, 3), {"axes": (0, 2)}), ((4, 1), {"axes": (-1,)})],
    attrs=(AttrDef("axes", "ints", legal="a list of axes, at least one", check=bool),),
)  # fmt: skip
layout(
    "expand_dims", _expanded, lambda x, a: np.expand_dims(x, a["axes"]),
    "x with new axes of extent 1, counted in the result",
    [((5, 3), {"axes": (0,)}), ((5, 3), {"axes": (-1, 1)})],
    attrs=(AttrDef("axes", "ints", legal="a list of axes, at least one", check=bool),),
)  # fmt: skip
layout(
    "flip", _flipped, lambda x, a: np.flip(x, axis=a["axes"] or None),
    "x backwards along axes",
    [((5, 3), {"axes": (0,)}), ((2, 3, 4), {"axes": (1, -1)}), ((7,), {"axes": ()})],
    attrs=(AttrDef("axes", "ints", (), "a list of axes; [] means all of them"),),
)  # fmt: skip
layout(
    "tile", _tiled, lambda x, a: np.tile(x, a["reps"]), "x repeated as a whole along every axis",
    [((3, 5), {"reps": (2, 1)}), ((2, 3), {"reps": (2, 3)})],
    attrs=(AttrDef("reps", "ints", legal="a list of numbers >= 1", check=positive),),
)  # fmt: skip
layout(
    "repeat", _repeated, lambda x, a: np.repeat(x, a["repeats"], axis=a["axis"]),
    "every element of x repeated along axis",
    [((3, 5), {"repeats": 2, "axis": 1}), ((2, 3), {"repeats": 3, "axis": 0})],
    attrs=(AttrDef("repeats", "int", legal=">= 1", check=lambda r: r >= 1), AttrDef("axis", "int")),
)  # fmt: skip
layout(
    "roll", _rolled, lambda x, a: np.roll(x, a["shift"], axis=a["axis"]),
    "y[(i + shift) mod n] = x[i] along axis",
    [((3, 7), {"shift": 2, "axis": 1}), ((5, 3), {"shift": -1, "axis": 0})],
    attrs=(AttrDef("shift", "int"), AttrDef("axis", "int")),
)  # fmt: skip
layout(
    "slice", _sliced, _slice, "y[i] = x[begin + i * step], end left out",
    [((5, 9), {"begin": (1, 0), "end": (4, 9)}),
     ((6, 7), {"begin": (0, 1), "end": (6, 7), "step": (2, 3)})],
    attrs=(
        AttrDef("begin", "ints"), AttrDef("end", "ints"),
        AttrDef("step", "ints", (), "a list of steps >= 1; [] means 1 everywhere", positive),
    ),
)  # fmt: skip
layout(
    "depth_to_space", _to_space, _depth_to_space,
    "y[n, c, h * block + p, w * block + q] = x[n, (p * block + q) * C + c, h, w]",
    [((1, 8, 3, 5), {"block": 2}), ((2, 9, 2, 1), {"block": 3})], attrs=(_BLOCK,),
)  # fmt: skip
layout(
    "space_to_depth", _to_depth, _space_to_depth,
    "y[n, (p * block + q) * C + c, h, w] = x[n, c, h * block + p, w * block + q]",
    [((1, 3, 4, 6), {"block": 2}), ((2, 1, 3, 9), {"block": 3})], attrs=(_BLOCK,),
)  # fmt: skip
