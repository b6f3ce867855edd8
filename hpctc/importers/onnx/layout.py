"""ONNX that moves elements or looks them up."""

import math

import numpy as np

from hpctc.importers.errors import NoSaying
from hpctc.importers.onnx.base import Site, emits
from hpctc.importers.scribe import Value


@emits("Identity", "Dropout")
def _identity(site: Site) -> Value:
    if site.results > 1:
        raise NoSaying("Dropout that returns its mask has no operator here", "drop the output")
    return site.value(0)


@emits("Shape")
def _shape(site: Site) -> Value:
    shape = np.asarray(site.scribe.shape(site.value(0)), dtype=np.int64)
    return shape[site.attrs.get("start", 0) : site.attrs.get("end", len(shape))]


@emits("Size")
def _size(site: Site) -> Value:
    return np.asarray(math.prod(site.scribe.shape(site.value(0))), dtype=np.int64)


@emits("Reshape")
def _reshape(site: Site) -> Value:
    x, wanted = site.value(0), site.ints(1, "shape") or []
    before = site.scribe.shape(x)
    if not site.attrs.get("allowzero", 0):
        wanted = [before[i] if n == 0 else n for i, n in enumerate(wanted)]
    if -1 in wanted:
        rest = math.prod(n for n in wanted if n != -1)
        wanted[wanted.index(-1)] = math.prod(before) // max(rest, 1)
    return site.scribe.reshape(x, wanted)


@emits("Flatten")
def _flatten(site: Site) -> Value:
    x = site.value(0)
    shape = site.scribe.shape(x)
    axis = site.attrs.get("axis", 1)
    return site.scribe.reshape(x, (math.prod(shape[:axis]), math.prod(shape[axis:])))


@emits("Transpose")
def _transpose(site: Site) -> Value:
    x = site.value(0)
    return site.scribe.transpose(x, site.attrs.get("perm", range(len(site.scribe.shape(x)))[::-1]))


@emits("Squeeze")
def _squeeze(site: Site) -> Value:
    x, axes = site.value(0), site.ints(1, "axes")
    shape = site.scribe.shape(x)
    gone = {a % len(shape) for a in axes} if axes else {i for i, n in enumerate(shape) if n == 1}
    return site.scribe.reshape(x, [n for i, n in enumerate(shape) if i not in gone])


@emits("Unsqueeze")
def _unsqueeze(site: Site) -> Value:
    x, axes = site.value(0), site.ints(1, "axes") or []
    old = iter(site.scribe.shape(x))
    rank = len(site.scribe.shape(x)) + len(axes)
    new = {a % rank for a in axes}
    return site.scribe.reshape(x, [1 if i in new else next(old) for i in range(rank)])


@emits("Concat")
def _concat(site: Site) -> Value:
    parts = [site.value(i) for i in range(len(site.values))]
    return site.scribe.concat(parts, site.attrs["axis"])


@emits("Split")
def _split(site: Site) -> tuple[Value, ...]:
    x, axis, pen = site.value(0), site.attrs.get("axis", 0), site.scribe
    extent = pen.shape(x)[axis]
    size = -(-extent // site.results)
    sizes = site.ints(1, "split") or [min(size, extent - begin) for begin in range(0, extent, size)]
    ends = np.cumsum(sizes).tolist()
    return tuple(pen.slice(x, axis, e - n, e) for n, e in zip(sizes, ends, strict=True))


@emits("Slice")
def _slice(site: Site) -> Value:
    pen, x = site.scribe, site.value(0)
    starts, ends = site.ints(1, "starts") or [], site.ints(2, "ends") or []
    axes = site.ints(3, "axes") or list(range(len(starts)))
    steps = site.ints(4) or [1] * len(starts)
    for axis, begin, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 0:
            extent = pen.shape(x)[axis]
            if (begin, step) not in ((-1, -1), (extent - 1, -1)) or end > -extent:
                raise NoSaying("a Slice backwards of a part has no operator here", "slice first")
            x = pen.op("flip", x, axes=(axis,))
        else:
            x = pen.slice(x, axis, begin, end, step)
    return x


@emits("Pad")
def _pad(site: Site) -> Value:
    pen, x, mode = site.scribe, site.value(0), site.attrs.get("mode", b"constant")
    if mode != b"constant":
        raise NoSaying(f"Pad by {mode.decode()} has no operator here", "pad by a constant")
    rank = len(pen.shape(x))
    given = site.ints(1, "pads") or []
    axes = [a % rank for a in site.ints(3) or range(rank)]
    befores, afters = [0] * rank, [0] * rank
    for i, axis in enumerate(axes):
        befores[axis], afters[axis] = given[i], given[i + len(axes)]
    if min(*befores, *afters) < 0:
        raise NoSaying("Pad by a negative border has no operator here", "use Slice")
    value = site.number(2, "value", 0.0)
    return pen.op("pad", x, before=tuple(befores), after=tuple(afters), value=value)


@emits("Expand")
def _expand(site: Site) -> Value:
    x = site.value(0)
    shape = np.broadcast_shapes(site.scribe.shape(x), tuple(site.ints(1) or ()))
    return site.scribe.expand(x, shape)


@emits("Tile")
def _tile(site: Site) -> Value:
    return site.scribe.op("tile", site.value(0), reps=tuple(site.ints(1) or ()))


def _indices(site: Site, axis: int) -> Value:
    """Operand 1 as indices counted from the front."""
    pen, known = site.scribe, site.known[1]
    if known is not None:
        extent = pen.shape(site.value(0))[axis]
        return np.where(known < 0, known + extent, known).astype(np.int32)
    return pen.cast(site.value(1), "int32")


@emits("Gather")
def _gather(site: Site) -> Value:
    pen, x, axis = site.scribe, site.value(0), site.attrs.get("axis", 0)
    indices = _indices(site, axis)
    if not isinstance(indices, str) and indices.ndim == 0:
        at = int(indices)
        shape = list(pen.shape(x))
        del shape[axis]
        return pen.reshape(pen.slice(x, axis, at, at + 1), shape)
    return pen.op("take", pen.name(x), pen.name(indices, "indices"), axis=axis)


@emits("GatherElements")
def _gather_elements(site: Site) -> Value:
    pen, axis = site.scribe, site.attrs.get("axis", 0)
    return pen.op("gather_elements", pen.name(site.value(0)), pen.name(_indices(site, axis)),
                  axis=axis)  # fmt: skip


@emits("Trilu")
def _trilu(site: Site) -> Value:
    k = site.number(1, "", 0.0)
    half = "triu" if site.attrs.get("upper", 1) else "tril"
    return site.scribe.op(half, site.value(0), k=int(k or 0))


@emits("DepthToSpace")
def _depth_to_space(site: Site) -> Value:
    pen, x, b = site.scribe, site.value(0), site.attrs["blocksize"]
    if site.attrs.get("mode", b"DCR") == b"DCR":
        return pen.op("depth_to_space", x, block=b)
    n, c, h, w = pen.shape(x)
    parts = pen.transpose(pen.reshape(x, (n, c // b**2, b, b, h, w)), (0, 1, 4, 2, 5, 3))
    return pen.reshape(parts, (n, c // b**2, h * b, w * b))


@emits("SpaceToDepth")
def _space_to_depth(site: Site) -> Value:
    return site.scribe.op("space_to_depth", site.value(0), block=site.attrs["blocksize"])


@emits("Resize", "Upsample")
def _resize(site: Site) -> Value:
    pen, x = site.scribe, site.value(0)
    shape = pen.shape(x)
    position = 2 if len(site.values) > 2 else 1
    scales, sizes = site.constant(position, "scales"), site.ints(3)
    factors = np.ones(len(shape)) if scales is None else np.ravel(scales)
    wanted = sizes or [math.floor(n * s) for n, s in zip(shape, factors, strict=True)]
    mode = site.attrs.get("mode", b"nearest")
    centre = site.attrs.get("coordinate_transformation_mode", b"half_pixel")
    if len(shape) != 4 or tuple(wanted[:2]) != shape[:2]:
        raise NoSaying("Resize of other axes than height and width has no operator here",
                       "transpose to NCHW")  # fmt: skip
    times = [m / n for n, m in zip(shape[2:], wanted[2:], strict=True)]
    if mode == b"nearest" and all(t.is_integer() for t in times):
        return pen.op("upsample2d", x, scale=tuple(int(t) for t in times))
    if mode == b"linear" and centre in (b"half_pixel", b"pytorch_half_pixel"):
        return pen.op("resize2d", x, size=tuple(wanted[2:]), method="linear")
    raise NoSaying(f"Resize by {mode.decode()} and {centre.decode()} has no operator here",
                   "use nearest with whole factors, or linear with half_pixel")  # fmt: skip
