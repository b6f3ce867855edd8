"""Points by whole indices, masks and queues.

A scatter is written from the side of its result: every element asks which updates fall on it. That
costs a comparison an update and element, but no two threads ever write one place, so the order of
equal indices is that of the meaning.
"""

import math

from tvm import te, tirx

from hpctc.lower.relax.layout import unravel
from hpctc.lower.relax.site import Expr, Index, Site, Tensor, counted, emits, normal, replaced, wide


@emits("gather_nd")
def _gather(site: Site) -> Tensor:
    x, indices = site.args
    count, *points = site.operands[1].shape

    def element(*index: Expr) -> Expr:
        place = [indices(m, *index[: len(points)]) for m in range(count)]
        return x(*place, *index[len(points) :])

    return site.compute(element)


@emits("scatter_nd")
def _scatter(site: Site) -> Tensor:
    x, indices, updates = site.args
    count, *points = site.operands[1].shape
    point = te.reduce_axis((0, math.prod(points)), name="k")
    place = unravel(point.var, points)

    def hit(index: Index) -> Expr:
        return tirx.all(
            *(tirx.EQ(indices(m, *place), index[m].astype("int32")) for m in range(count))
        )

    if site.attrs["mode"] == "add":
        acc = wide(site.dtype)
        zero = tirx.const(0, acc)

        def share(*index: Expr) -> Expr:
            value = updates(*place, *index[count:]).astype(acc)
            return te.sum(tirx.Select(hit(index), value, zero), axis=point)

        added = site.compute(share, "added")
        return site.compute(lambda *i: (x(*i).astype(acc) + added(*i)).astype(site.dtype))

    number = counted(math.prod(points))

    def latest(*index: Expr) -> Expr:
        none = tirx.const(-1, "int32")
        return te.max(tirx.Select(hit(index), number(point.var), none), axis=point)

    last = te.compute(site.shape[:count], latest, name="last")

    def element(*index: Expr) -> Expr:
        which = last(*index[:count])
        value = updates(*unravel(tirx.max(which, 0), points), *index[count:])
        return tirx.if_then_else(which >= 0, value, x(*index))

    return site.compute(element)


@emits("unravel_index")
def _unravel(site: Site) -> Tensor:
    shape = site.attrs["shape"]

    def element(axis: Expr, *index: Expr) -> Expr:
        parts = unravel(site.x(*index), shape)
        found = parts[-1]
        for m, part in reversed(list(enumerate(parts[:-1]))):
            found = tirx.Select(tirx.EQ(axis, m), part, found)
        return found

    return site.compute(element)


@emits("sequence_mask")
def _mask(site: Site) -> Tensor:
    x, lengths = site.args
    axis = normal(site.attrs["axis"], len(site.shape))
    fill = tirx.const(site.attrs["value"], site.dtype)
    return site.compute(
        lambda *i: tirx.Select(i[axis].astype("int32") < lengths(i[0]), x(*i), fill)
    )


@emits("matrix_set_diag")
def _set_diagonal(site: Site) -> Tensor:
    x, diagonal = site.args
    k = site.attrs["k"]

    def element(*index: Expr) -> Expr:
        *batch, row, column = index
        on = tirx.EQ(column, row + k)
        return tirx.if_then_else(on, diagonal(*batch, column - max(k, 0)), x(*index))

    return site.compute(element)


@emits("fifo_buffer")
def _fifo(site: Site) -> Tensor:
    x, buffer = site.args
    axis = normal(site.attrs["axis"], len(site.shape))
    fresh = site.operands[0].shape[axis]
    kept = site.shape[axis] - fresh

    def element(*index: Expr) -> Expr:
        new = x(*replaced(index, axis, index[axis] - kept))
        if not kept:
            return new
        old = buffer(*replaced(index, axis, index[axis] + fresh))
        return tirx.if_then_else(index[axis] < kept, old, new)

    return site.compute(element)


@emits("shape")
def _shape(site: Site) -> Tensor:
    extents = site.operands[0].shape

    def element(axis: Expr) -> Expr:
        found: Expr = tirx.const(extents[-1], "int32")
        for a, n in reversed(list(enumerate(extents[:-1]))):
            found = tirx.Select(tirx.EQ(axis, a), tirx.const(n, "int32"), found)
        return found

    return site.compute(element)
