"""Sorting by counting: how many elements stand before each one is where it belongs.

Two passes of n comparisons an element and no exchange between them, so every element of the result
is a sum of its own: what a GPU likes on short lines, and what needs no call into a runtime.
"""

from tvm import te, tirx

from hpctc.lower.relax.site import (
    Expr,
    Index,
    Site,
    Tensor,
    counted,
    emits,
    normal,
    replaced,
    wide,
)


def _before(site: Site, axis: int, descending: bool) -> Tensor:
    """For every element, how many others come before it; equal ones keep their order."""
    shape = site.operands[0].shape
    other = te.reduce_axis((0, shape[axis]), name="k")

    def element(*index: Expr) -> Expr:
        own, its = site.x(*index), site.x(*replaced(index, axis, other.var))
        ahead = its > own if descending else its < own
        tie = tirx.And(tirx.EQ(its, own), other.var < index[axis])
        one, zero = tirx.const(1, "int32"), tirx.const(0, "int32")
        return te.sum(tirx.Select(tirx.Or(ahead, tie), one, zero), axis=other)

    return te.compute(shape, element, name="rank")


def _sorted(site: Site, descending: bool, where: bool) -> Tensor:
    """The element (or position) whose rank is the wanted one."""
    axis = normal(site.attrs["axis"], len(site.shape))
    shape = site.operands[0].shape
    rank = _before(site, axis, descending)
    source = te.reduce_axis((0, shape[axis]), name="k")
    acc = wide(site.dtype)

    def hit(index: Index) -> tuple[Index, Expr]:
        place = replaced(index, axis, source.var)
        return place, tirx.EQ(rank(*place), index[axis].astype("int32"))

    number = counted(shape[axis])

    def position(*index: Expr) -> Expr:
        none = tirx.const(0, "int32")
        return te.sum(tirx.Select(hit(index)[1], number(source.var), none), axis=source)

    def value(*index: Expr) -> Expr:
        place, wanted = hit(index)
        term = tirx.Select(wanted, site.x(*place).astype(acc), tirx.const(0, acc))
        return te.sum(term, axis=source)

    if where:
        return site.compute(position)
    if acc == site.dtype:
        return site.compute(value)
    found = site.compute(value, f"{site.op}_wide")
    return site.compute(lambda *i: found(*i).astype(site.dtype))


@emits("sort", "argsort")
def _sort(site: Site) -> Tensor:
    return _sorted(site, site.attrs["descending"], site.op == "argsort")


@emits("topk", "argtopk")
def _topk(site: Site) -> Tensor:
    return _sorted(site, site.attrs["largest"], site.op == "argtopk")
