"""ATen that moves elements: views, permutations, cuts and joins."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpctc.importers.aten.base import Site, emits
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Value

END = 2**63 - 1
"""What torch writes for "to the end"."""


@emits(
    "view.default", "_unsafe_view.default", "reshape.default", "squeeze.default", "squeeze.dim",
    "squeeze.dims", "unsqueeze.default", "flatten.using_ints", "unflatten.int",
)  # fmt: skip
def _view(site: Site, x: Value, *_: Any) -> Value:
    return site.scribe.reshape(x, site.shape)


@emits("permute.default")
def _permute(site: Site, x: Value, dims: Sequence[int]) -> Value:
    return site.scribe.transpose(x, dims)


@emits("transpose.int", "t.default", "mT.default")
def _swap(site: Site, x: Value, a: int = 0, b: int = 1) -> Value:
    perm = list(range(len(site.shape)))
    if perm:
        perm[a], perm[b] = perm[b], perm[a]
    return site.scribe.transpose(x, perm)


@emits("expand.default", "expand_as.default")
def _expand(site: Site, x: Value, *_: Any, **__: Any) -> Value:
    return site.scribe.expand(x, site.shape)


@emits("copy.default")
def _copy(site: Site, _: Value, source: Value) -> Value:
    return site.scribe.expand(site.scribe.cast(source, site.dtype), site.shape)


@emits(
    "clone.default", "contiguous.default", "alias.default", "detach.default", "_to_copy.default",
    "to.dtype", "to.device", "to.dtype_layout", "lift_fresh_copy.default", "dropout.default",
    "type_as.default", "_assert_tensor_metadata.default",
)  # fmt: skip
def _same(site: Site, x: Value, *_: Any, **__: Any) -> Value:
    return site.scribe.cast(x, site.dtype)


@emits("slice.Tensor")
def _slice(
    site: Site, x: Value, dim: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Value:  # fmt: skip
    return site.scribe.slice(x, dim, start or 0, END if end is None else end, step)


@emits("select.int")
def _select(site: Site, x: Value, dim: int, index: int) -> Value:
    at = index % site.scribe.shape(x)[dim]
    return site.scribe.reshape(site.scribe.slice(x, dim, at, at + 1), site.shape)


@emits("narrow.default")
def _narrow(site: Site, x: Value, dim: int, start: int, length: int) -> Value:
    return site.scribe.slice(x, dim, start, start + length)


def _parts(site: Site, x: Value, sizes: Sequence[int], dim: int) -> tuple[Value, ...]:
    if len(set(sizes)) == 1 and 2 <= len(sizes) <= 64 and isinstance(x, str):
        return site.scribe.ops("split", x, parts=len(sizes), axis=dim)
    ends = np.cumsum(sizes).tolist()
    return tuple(
        site.scribe.slice(x, dim, end - size, end) for size, end in zip(sizes, ends, strict=True)
    )


@emits("split_with_sizes.default", "split.sizes")
def _split_with_sizes(
    site: Site, x: Value, sizes: Sequence[int], dim: int = 0
) -> tuple[Value, ...]:
    return _parts(site, x, sizes, dim)


@emits("split.Tensor")
def _split(site: Site, x: Value, size: int, dim: int = 0) -> tuple[Value, ...]:
    extent = site.scribe.shape(x)[dim]
    sizes = [min(size, extent - begin) for begin in range(0, extent, size)]
    return _parts(site, x, sizes, dim)


@emits("chunk.default")
def _chunk(site: Site, x: Value, count: int, dim: int = 0) -> tuple[Value, ...]:
    return _split(site, x, -(-site.scribe.shape(x)[dim] // count), dim)


@emits("unbind.int")
def _unbind(site: Site, x: Value, dim: int = 0) -> tuple[Value, ...]:
    count = site.scribe.shape(x)[dim]
    return tuple(
        site.scribe.reshape(part, site.shape) for part in _parts(site, x, [1] * count, dim)
    )


@emits("cat.default")
def _cat(site: Site, tensors: Sequence[Value], dim: int = 0) -> Value:
    # An empty tensor of one axis may be concatenated with anything.
    parts = [site.scribe.cast(t, site.dtype) for t in tensors if 0 not in site.scribe.shape(t)]
    return site.scribe.concat(parts, dim)


@emits("stack.default")
def _stack(site: Site, tensors: Sequence[Value], dim: int = 0) -> Value:
    at = dim % len(site.shape)
    one = (*site.shape[:at], 1, *site.shape[at + 1 :])
    parts = [site.scribe.reshape(site.scribe.cast(t, site.dtype), one) for t in tensors]
    return site.scribe.concat(parts, at)


@emits("flip.default")
def _flip(site: Site, x: Value, dims: Sequence[int]) -> Value:
    return site.scribe.op("flip", x, axes=tuple(dims)) if dims else x


@emits("roll.default")
def _roll(site: Site, x: Value, shifts: Sequence[int], dims: Sequence[int] = ()) -> Value:
    if not dims:
        flat = site.scribe.reshape(x, (-1,))
        return site.scribe.reshape(
            site.scribe.op("roll", flat, shift=shifts[0], axis=0), site.shape
        )
    for shift, dim in zip(shifts, dims, strict=True):
        x = site.scribe.op("roll", x, shift=shift, axis=dim)
    return x


@emits("repeat.default", "tile.default")
def _repeat(site: Site, x: Value, repeats: Sequence[int]) -> Value:
    shape = site.scribe.shape(x)
    x = site.scribe.reshape(x, (*(1,) * (len(repeats) - len(shape)), *shape))
    return site.scribe.op("tile", x, reps=tuple(repeats))


@emits("repeat_interleave.self_int")
def _repeat_interleave(
    site: Site, x: Value, repeats: int, dim: int | None = None, **_: Any
) -> Value:
    if dim is None:
        return site.scribe.op("repeat", site.scribe.reshape(x, (-1,)), repeats=repeats, axis=0)
    return site.scribe.op("repeat", x, repeats=repeats, axis=dim)


def _borders(site: Site, pad: Sequence[int]) -> list[tuple[int, int]]:
    """``(before, after)`` an axis; torch begins with the last axis and may stop early."""
    pairs = [(0, 0)] * (len(site.shape) - len(pad) // 2)
    return pairs + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]


@emits("reflection_pad1d.default", "reflection_pad2d.default", "reflection_pad3d.default")
def _mirrored(site: Site, x: Value, pad: Sequence[int]) -> Value:
    before, after = zip(*_borders(site, pad), strict=True)
    return site.scribe.op("mirror_pad", x, before=before, after=after, mode="reflect")


@emits("constant_pad_nd.default", "pad.default")
def _pad(
    site: Site, x: Value, pad: Sequence[int], value: float | str = 0, fill: float | None = None
) -> Value:
    if isinstance(value, str) and value == "reflect":
        return _mirrored(site, x, pad)
    if isinstance(value, str):
        if value != "constant":
            raise NoSaying(f"padding by {value} has no operator here", "pad by a constant")
        value = fill or 0
    pairs = _borders(site, pad)
    # A negative border cuts.
    for axis, (before, after) in enumerate(pairs):
        if before < 0 or after < 0:
            extent = site.scribe.shape(x)[axis]
            x = site.scribe.slice(x, axis, max(0, -before), extent + min(0, after))
    befores, afters = ([max(0, pair[side]) for pair in pairs] for side in (0, 1))
    if not any(befores) and not any(afters):
        return x
    return site.scribe.op("pad", x, before=tuple(befores), after=tuple(afters), value=float(value))


@emits("tril.default")
def _tril(site: Site, x: Value, diagonal: int = 0) -> Value:
    return site.scribe.op("tril", x, k=diagonal)


@emits("triu.default")
def _triu(site: Site, x: Value, diagonal: int = 0) -> Value:
    return site.scribe.op("triu", x, k=diagonal)


@emits("slice_scatter.default")
def _slice_scatter(  # noqa: PLR0913  ATen's own signature
    site: Site, x: Value, source: Value, dim: int = 0, start: int | None = None,
    end: int | None = None, step: int = 1,
) -> Value:  # fmt: skip
    extent = site.shape[dim]
    begin, stop, _ = slice(start, end).indices(extent)
    if step != 1:
        raise NoSaying("writing to a slice with a step has no operator here", "use torch.where")
    cuts = (0, begin), (stop, extent)
    before, after = (
        [site.scribe.slice(x, dim, low, high)] if high > low else [] for low, high in cuts
    )
    return site.scribe.concat([*before, source, *after], dim)


@emits("select_scatter.default")
def _select_scatter(site: Site, x: Value, source: Value, dim: int, index: int) -> Value:
    at, axis = index % site.shape[dim], dim % len(site.shape)
    row = site.scribe.reshape(source, (*site.shape[:axis], 1, *site.shape[axis + 1 :]))
    return _slice_scatter(site, x, row, axis, at, at + 1)


@emits("full_like.default", "new_full.default")
def _full_like(site: Site, _: Value, *rest: Any, **__: Any) -> Value:
    return np.full(site.shape, rest[-1], dtype=site.dtype)


@emits("zeros_like.default", "new_zeros.default", "empty_like.default")
def _zeros_like(site: Site, *_: Any, **__: Any) -> Value:
    return np.zeros(site.shape, dtype=site.dtype)


@emits("ones_like.default", "new_ones.default")
def _ones_like(site: Site, *_: Any, **__: Any) -> Value:
    return np.ones(site.shape, dtype=site.dtype)
