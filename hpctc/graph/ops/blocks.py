"""Layouts that trade axes for one another: blocks of space, packed channels, mirrored borders.

The names and meanings are those of TensorFlow (space and batch), TVM (packed channels), Darknet
(reorg) and ONNX (flatten).
"""

import math
from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import Array, AttrDef, Attrs, Types
from hpctc.graph.ops.layout import layout, positive
from hpctc.graph.ops.shapes import axis_of, fits, rank_is

Shape = tuple[int, ...]


def _whole(values: Sequence[int]) -> bool:
    return all(v >= 0 for v in values)


def _flattened(shape: Shape, attrs: Attrs) -> Shape:
    axis = axis_of("flatten", attrs["axis"], len(shape))
    return (math.prod(shape[:axis]), math.prod(shape[axis:]))


def _reorganised(shape: Shape, attrs: Attrs) -> Shape:
    s = attrs["stride"]
    rank_is("reorg", TensorType(shape, "float32"), 4, "batch, channels, height, width")
    n, c, h, w = shape
    fits(
        "reorg",
        c % (s * s) == 0 and h % s == 0 and w % s == 0,
        f"channels must divide by {s} * {s}, height and width by {s}, but x is {list(shape)}",
        "choose another stride",
    )
    return (n, c * s * s, h // s, w // s)


def reorg(x: Array, stride: int) -> Array:
    """Darknet's reorganisation of a feature map (Redmon and Farhadi, 2017).

    It is space-to-depth of the same numbers read as [N, C / s**2, H * s, W * s]: the quirk of the
    published network, which every port must repeat to load its weights.
    """
    n, c, h, w = x.shape
    s = stride
    read = x.reshape(n, c // (s * s), h, s, w, s)
    return read.transpose(0, 3, 5, 1, 2, 4).reshape(n, c * s * s, h // s, w // s)


def _from_batch(shape: Shape, attrs: Attrs) -> Shape:
    block, before, after = attrs["block"], attrs["before"], attrs["after"]
    _blocks("batch_to_space_nd", shape, (block, before, after))
    count = math.prod(block)
    fits(
        "batch_to_space_nd",
        shape[0] % count == 0,
        f"the batch must divide by {count}, but x is {list(shape)}",
        "choose another block, or slice the batch",
    )
    space = [
        n * b - p - q
        for n, b, p, q in zip(shape[1 : len(block) + 1], block, before, after, strict=True)
    ]
    fits(
        "batch_to_space_nd",
        positive(space),
        f"before {list(before)} and after {list(after)} cut everything away: {space} would be left",
        "cut less",
    )
    return (shape[0] // count, *space, *shape[len(block) + 1 :])


def _to_batch(shape: Shape, attrs: Attrs) -> Shape:
    block, before, after = attrs["block"], attrs["before"], attrs["after"]
    _blocks("space_to_batch_nd", shape, (block, before, after))
    space = [n + p + q for n, p, q in zip(shape[1 : len(block) + 1], before, after, strict=True)]
    fits(
        "space_to_batch_nd",
        all(n % b == 0 for n, b in zip(space, block, strict=True)),
        f"the padded space {space} must divide by block {list(block)}",
        "pad more, or choose another block",
    )
    small = [n // b for n, b in zip(space, block, strict=True)]
    return (shape[0] * math.prod(block), *small, *shape[len(block) + 1 :])


def _blocks(name: str, shape: Shape, attrs: Sequence[Sequence[int]]) -> None:
    block, before, after = attrs
    fits(
        name,
        len(block) == len(before) == len(after) < len(shape),
        f"block, before and after have {len(block)}, {len(before)} and {len(after)} entries, "
        f"but x is {list(shape)}",
        "give one number for each axis of space; the batch comes before them",
    )


def batch_to_space(x: Array, attrs: Attrs) -> Array:
    """Parts of the batch side by side in space; ``before`` and ``after`` are cut off."""
    block, count = attrs["block"], len(attrs["block"])
    batch, space, rest = (
        x.shape[0] // math.prod(block),
        x.shape[1 : count + 1],
        x.shape[count + 1 :],
    )
    apart = x.reshape(*block, batch, *space, *rest)
    order = [count]
    for axis in range(count):
        order += [count + 1 + axis, axis]
    order += range(2 * count + 1, apart.ndim)
    whole = apart.transpose(order).reshape(
        batch, *(n * b for n, b in zip(space, block, strict=True)), *rest
    )
    cut = (
        slice(p, n - q)
        for p, q, n in zip(attrs["before"], attrs["after"], whole.shape[1:], strict=False)
    )
    return whole[(slice(None), *cut)]


def space_to_batch(x: Array, attrs: Attrs) -> Array:
    """Every n-th element of space as one part of the batch, after a border of zeros."""
    block, count = attrs["block"], len(attrs["block"])
    border = [(0, 0), *zip(attrs["before"], attrs["after"], strict=True)]
    x = np.pad(x, border + [(0, 0)] * (x.ndim - len(border)))
    small = [n // b for n, b in zip(x.shape[1 : count + 1], block, strict=True)]
    pairs = [e for n, b in zip(small, block, strict=True) for e in (n, b)]
    rest = x.shape[count + 1 :]
    apart = x.reshape(x.shape[0], *pairs, *rest)
    order = [*range(2, 2 * count + 1, 2), 0, *range(1, 2 * count + 1, 2)]
    order += range(2 * count + 1, apart.ndim)
    return apart.transpose(order).reshape(x.shape[0] * math.prod(block), *small, *rest)


def _packed(shape: Shape, attrs: Attrs) -> Shape:
    rank_is("pack_nchwc", TensorType(shape, "float32"), 4, "batch, channels, height, width")
    n, c, h, w = shape
    block = attrs["block"]
    fits(
        "pack_nchwc",
        c % block == 0,
        f"the channels must divide by {block}, but x is {list(shape)}",
        f"choose a divisor of {c}",
    )
    return (n, c // block, h, w, block)


def _unpacked(shape: Shape, _attrs: Attrs) -> Shape:
    rank_is(
        "unpack_nchwc",
        TensorType(shape, "float32"),
        5,
        "batch, channel blocks, height, width, channels of a block",
    )
    n, blocks, h, w, c = shape
    return (n, blocks * c, h, w)


def _pack(x: Array, attrs: Attrs) -> Array:
    n, c, h, w = x.shape
    return x.reshape(n, c // attrs["block"], attrs["block"], h, w).transpose(0, 1, 3, 4, 2)


def _unpack(x: Array, _attrs: Attrs) -> Array:
    n, blocks, h, w, c = x.shape
    return x.transpose(0, 1, 4, 2, 3).reshape(n, blocks * c, h, w)


def _spread(shape: Shape, attrs: Attrs) -> Shape:
    strides = attrs["strides"]
    fits(
        "dilate",
        len(strides) == len(shape),
        f"strides has {len(strides)} entries, but x has {len(shape)} axes",
        "give one number an axis",
    )
    return tuple((n - 1) * s + 1 for n, s in zip(shape, strides, strict=True))


def _dilate(x: Array, attrs: Attrs) -> Array:
    out = np.full(_spread(x.shape, attrs), attrs["value"], x.dtype)
    out[tuple(slice(None, None, s) for s in attrs["strides"])] = x
    return out


def _dilated_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    if all(s == 1 for s in attrs["strides"]):
        return xs[0]
    value = float(np.dtype(types[0].dtype).type(attrs["value"]))
    return iv.hull([xs[0], Interval(value, value)])


def _mirrored(shape: Shape, attrs: Attrs) -> Shape:
    before, after = attrs["before"], attrs["after"]
    fits(
        "mirror_pad",
        len(before) == len(after) == len(shape),
        f"before has {len(before)} and after {len(after)} entries, but x has {len(shape)} axes",
        "give one number an axis",
    )
    seen = int(attrs["mode"] == "symmetric")
    for axis, (b, a, n) in enumerate(zip(before, after, shape, strict=True)):
        fits(
            "mirror_pad",
            max(a, b) < n + seen,
            f"axis {axis} has extent {n}, too short for a {attrs['mode']} border of {max(a, b)}",
            f"at most {n - 1 + seen}",
        )
    return tuple(b + n + a for b, n, a in zip(before, shape, after, strict=True))


def _mirror(x: Array, attrs: Attrs) -> Array:
    widths = list(zip(attrs["before"], attrs["after"], strict=True))
    if attrs["mode"] == "symmetric":
        return np.pad(x, widths, mode="symmetric")
    return np.pad(x, widths, mode="reflect")


_BLOCK = AttrDef("block", "ints", legal="a list of numbers >= 1, one an axis", check=positive)
_BEFORE = AttrDef("before", "ints", legal="a list of numbers >= 0, one an axis", check=_whole)
_AFTER = AttrDef("after", "ints", legal="a list of numbers >= 0, one an axis", check=_whole)

layout(
    "flatten", _flattened, lambda x, a: x.reshape(_flattened(x.shape, a)),
    "the elements of x in row-major order, as a matrix: axes before axis are its rows",
    [((2, 3, 5), {}), ((2, 3, 5, 4), {"axis": 2}), ((7, 3), {})],
    attrs=(AttrDef("axis", "int", 1),), lowering="reshape",
)  # fmt: skip
layout(
    "reorg", _reorganised, lambda x, a: reorg(x, a["stride"]),
    "space_to_depth by stride of the numbers of x read as [N, C / stride ** 2, H * stride, "
    "W * stride], in x's shape by stride",
    [((1, 8, 4, 6), {"stride": 2}), ((2, 4, 2, 4), {"stride": 2})],
    attrs=(AttrDef("stride", "int", legal=">= 2", check=lambda s: s >= 2),),
)  # fmt: skip
layout(
    "batch_to_space_nd", _from_batch, batch_to_space,
    "y[n, i * block + p, ...] = x[p * N + n, i, ...], N the batch of y; cut before and after",
    [((8, 2, 3, 2), {"block": (2, 2), "before": (0, 0), "after": (0, 0)}),
     ((6, 4, 2), {"block": (3,), "before": (1,), "after": (2,)})],
    attrs=(_BLOCK, _BEFORE, _AFTER),
)  # fmt: skip
layout(
    "space_to_batch_nd", _to_batch, space_to_batch,
    "y[p * N + n, i, ...] = x[n, i * block + p, ...], N the batch of x; zeros before and after",
    [((2, 4, 6, 3), {"block": (2, 2), "before": (0, 0), "after": (0, 0)}),
     ((2, 6, 2), {"block": (3,), "before": (1,), "after": (2,)})],
    attrs=(_BLOCK, _BEFORE, _AFTER),
    image=lambda xs, types, attrs: (
        iv.hull([xs[0], Interval(0.0, 0.0)]) if any((*attrs["before"], *attrs["after"])) else xs[0]
    ),
)  # fmt: skip
layout(
    "pack_nchwc", _packed, _pack, "y[n, C, h, w, c] = x[n, C * block + c, h, w]",
    [((1, 6, 3, 5), {"block": 3}), ((2, 4, 3, 2), {"block": 2})],
    attrs=(AttrDef("block", "int", legal=">= 1", check=lambda b: b >= 1),),
)  # fmt: skip
layout(
    "unpack_nchwc", _unpacked, _unpack, "y[n, C * block + c, h, w] = x[n, C, h, w, c]",
    [((1, 2, 3, 5, 3), {}), ((2, 2, 3, 2, 2), {})],
)  # fmt: skip
layout(
    "dilate", _spread, _dilate,
    "y[i * strides] = x[i], and value between",
    [((3, 4), {"strides": (2, 3)}), ((2, 3, 2), {"strides": (1, 2, 2), "value": 0.5})],
    attrs=(
        AttrDef("strides", "ints", legal="a list of numbers >= 1, one an axis", check=positive),
        AttrDef("value", "float", 0.0),
    ),
    image=_dilated_image, dtypes=("float32", "float16"),
)  # fmt: skip
layout(
    "mirror_pad", _mirrored, _mirror,
    "x with a border that mirrors it; symmetric: the outermost elements twice, reflect: once",
    [((3, 5), {"before": (1, 2), "after": (3, 0)}),
     ((3, 4), {"before": (2, 0), "after": (1, 3), "mode": "reflect"})],
    attrs=(
        _BEFORE, _AFTER,
        AttrDef(
            "mode", "str", "symmetric", "symmetric or reflect",
            lambda m: m in ("symmetric", "reflect"),
        ),
    ),
)  # fmt: skip
