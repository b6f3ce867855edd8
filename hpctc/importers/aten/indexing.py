"""ATen that looks up by index."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpctc.importers.aten.base import Site, emits
from hpctc.importers.errors import NoSaying
from hpctc.importers.scribe import Value


@emits("embedding.default")
def _embedding(site: Site, weight: Value, indices: Value, *_: Any, **__: Any) -> Value:
    return site.scribe.op("take", site.scribe.name(weight), _index(site, indices), axis=0)


@emits("index_select.default")
def _index_select(site: Site, x: Value, dim: int, indices: Value) -> Value:
    return site.scribe.op("take", x, _index(site, indices), axis=dim)


@emits("gather.default")
def _gather(site: Site, x: Value, dim: int, indices: Value, **_: Any) -> Value:
    pen = site.scribe
    shape, wanted = pen.shape(x), pen.shape(indices)
    # Torch reads the corner of x that the indices cover; ours wants equal extents elsewhere.
    for axis, (have, want) in enumerate(zip(shape, wanted, strict=True)):
        if axis != dim % len(shape) and have != want:
            x = pen.slice(x, axis, 0, want)
    return pen.op("gather_elements", x, _index(site, indices), axis=dim)


@emits("index.Tensor")
def _subscript(site: Site, x: Value, indices: Sequence[Value | None]) -> Value:
    pen = site.scribe
    given = [(axis, i) for axis, i in enumerate(indices) if i is not None]
    if any(pen.type(i).dtype == "bool" for _, i in given):
        raise NoSaying("indexing by a mask has no fixed shape", "use torch.where")
    if len(given) == 1:
        axis, index = given[0]
        return _shifted_take(site, x, index, axis)
    grid = _outer(site, given)
    if grid is None:
        raise NoSaying("indexing by several index tensors has no operator here", "index one axis")
    for axis, index in grid:
        x = _shifted_take(site, x, index, axis)
    return pen.reshape(x, site.shape)


def _outer(site: Site, given: Sequence[tuple[int, Value]]) -> list[tuple[int, Value]] | None:
    """Index tensors that each vary along an axis of their own, in order: an outer product."""
    pen = site.scribe
    rank = max(len(pen.shape(i)) for _, i in given)
    found: list[tuple[int, Value]] = []
    last = -1
    for axis, index in given:
        shape = (*(1,) * (rank - len(pen.shape(index))), *pen.shape(index))
        varies = [a for a, n in enumerate(shape) if n > 1]
        if len(varies) > 1 or (varies and varies[0] <= last) or axis != given[0][0] + len(found):
            return None
        last = varies[0] if varies else last
        found.append((axis, pen.reshape(index, (-1,))))
    return found


def _shifted_take(site: Site, x: Value, index: Value, axis: int) -> Value:
    """``take`` with negative constants counted from the end; runs of constants are cuts."""
    pen = site.scribe
    if not isinstance(index, str):
        index = np.where(index < 0, index + pen.shape(x)[axis], index)
        if index.ndim == 1 and index.size > 1 and len(set(np.diff(index).tolist())) == 1:
            first, last, step = int(index[0]), int(index[-1]), int(index[1] - index[0])
            if step > 0:
                return pen.slice(x, axis, first, last + 1, step)
    return pen.op("take", x, _index(site, index), axis=axis)


def _index(site: Site, indices: Value) -> str:
    return site.scribe.name(site.scribe.cast(indices, "int32"), "indices")


@emits("one_hot.default")
def _one_hot(site: Site, indices: Value, _: int = -1) -> Value:
    made = site.scribe.op("one_hot", _index(site, indices), depth=site.shape[-1])
    return site.scribe.cast(made, site.dtype)


@emits("scatter.value", "scatter.src")
def _scatter(site: Site, x: Value, dim: int, indices: Value, source: Value | float) -> Value:
    pen, shape = site.scribe, site.shape
    wanted = pen.shape(indices)
    single = isinstance(source, int | float) or wanted[-1] == 1
    if dim % len(shape) != len(shape) - 1 or wanted[:-1] != shape[:-1] or not single:
        raise NoSaying(
            "scattering several values, or along an axis but the last, has no operator here",
            "write it as a product with one_hot(indices)",
        )
    hot = pen.op("one_hot", _index(site, indices), depth=shape[-1])  # [..., k, extent]
    hit = pen.op("greater", pen.op("max", hot, axes=(-2,)), 0.5)
    value = np.asarray(source, site.dtype) if isinstance(source, int | float) else source
    return pen.choose(hit, value, x)
