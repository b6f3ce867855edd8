"""Reductions and what is built of them: softmax, logsumexp, argmax.

float16 is accumulated in float32; sums of differences take a second pass over the data, because
E[x^2] - E[x]^2 cancels.
"""

import math
from collections.abc import Callable, Sequence

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Index, Site, Tensor, emits, normal, wide

Map = Callable[[Expr, Index], Expr]
"""Element and its index -> what is reduced."""


class Fold:
    """A reduction of one tensor over some axes; every stage of a composite shares it."""

    def __init__(
        self,
        site: Site,
        axes: Sequence[int] | None = None,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self.site = site
        self.shape = site.operands[0].shape if shape is None else shape
        rank = len(self.shape)
        given = site.attrs.get("axes", ()) if axes is None else axes
        self.axes = tuple(sorted(normal(a, rank) for a in given)) or tuple(range(rank))
        self.kept = tuple(a for a in range(rank) if a not in self.axes)
        self.rows = tuple(self.shape[a] for a in self.kept)
        """Shape of the reduced tensors."""
        self.count = math.prod(self.shape[a] for a in self.axes)

    def data(self, *index: Expr) -> Expr:
        """The operand's element at an index into ``shape``."""
        return self.site.x(*index)

    def split(self, index: Index) -> Index:
        """An index into the operand as one into ``shape``."""
        return index

    def reduce(self, how: Callable[..., Expr], what: Map, name: str) -> Tensor:
        """The reduced tensor, without the reduced axes: ``how`` over ``what(element, index)``."""
        over = [te.reduce_axis((0, self.shape[a]), name=f"k{n}") for n, a in enumerate(self.axes)]

        def element(*index: Expr) -> Expr:
            full: list[Expr] = [None] * len(self.shape)
            for a, i in zip(self.kept, index, strict=True):
                full[a] = i
            for a, k in zip(self.axes, over, strict=True):
                full[a] = k.var
            term = what(self.data(*full), full)
            return how(term, axis=over) if over else term

        return te.compute(self.rows, element, name=name)

    def outer(self, index: Index) -> tuple[Expr, ...]:
        """The index into a reduced tensor that belongs to an index into the operand."""
        return tuple(index[a] for a in self.kept)

    def result(self, element: Callable[[Index], Expr]) -> Tensor:
        """The operator's result: ``element`` of the index without the reduced axes."""
        if len(self.site.shape) == len(self.kept):
            return self.site.compute(lambda *i: element(i))
        return self.site.compute(lambda *i: element(self.outer(i)))

    def finish(self, reduced: Tensor, last: Callable[[Expr], Expr] | None = None) -> Tensor:
        """The operator's result from the reduced tensor, an extent of 1 where axes are kept."""
        if last is None and self.site.shape == self.rows:
            return reduced
        finish = last or (lambda value: value)
        return self.result(lambda i: finish(reduced(*i)))


product = te.comm_reducer(lambda a, b: a * b, lambda t: tirx.const(1, t), name="product")


def _wide(value: Expr, site: Site) -> Expr:
    return value.astype(wide(site.operands[0].dtype))


def _narrow(site: Site) -> Callable[[Expr], Expr] | None:
    """The last cast, where the accumulator's type is not the result's."""
    if wide(site.operands[0].dtype) == site.dtype:
        return None
    return lambda value: value.astype(site.dtype)


@emits("sum", "prod")
def _sum(site: Site) -> Tensor:
    fold, narrow = Fold(site), _narrow(site)
    how = te.sum if site.op == "sum" else product
    plain = narrow is None and site.shape == fold.rows
    name = site.op if plain else f"{site.op}_all"
    return fold.finish(fold.reduce(how, lambda v, _: _wide(v, site), name), narrow)


@emits("max", "min")
def _extreme(site: Site) -> Tensor:
    return extreme(site)


def extreme(site: Site, axes: Sequence[int] | None = None) -> Tensor:
    """The largest element over ``axes``, by default the operator's own; of ``min`` the smallest."""
    # also max and min in the accumulator's type: GPUs exchange no narrower values between threads
    fold, narrow = Fold(site, axes), _narrow(site)
    how = te.min if site.op == "min" else te.max
    plain = narrow is None and site.shape == fold.rows
    name = site.op if plain else f"{site.op}_all"
    return fold.finish(fold.reduce(how, lambda v, _: _wide(v, site), name), narrow)


@emits("any", "all")
def _truth(site: Site) -> Tensor:
    # as numbers: reductions across threads know max and min, but no logical operator
    fold = Fold(site)
    how = te.max if site.op == "any" else te.min
    reduced = fold.reduce(how, lambda v, _: _wide(v, site), f"{site.op}_bits")
    return fold.finish(reduced, lambda value: tirx.NE(value, tirx.const(0, "int32")))


def mean_of(fold: Fold, what: Map, name: str) -> Tensor:
    """The mean of ``what`` over the fold's axes, in the accumulator's type."""
    total = fold.reduce(te.sum, what, f"{name}_sum")
    count = tirx.const(fold.count, wide(fold.site.operands[0].dtype))
    return te.compute(fold.rows, lambda *i: total(*i) / count, name=name)


@emits("mean")
def _mean(site: Site) -> Tensor:
    return mean(site)


def mean(site: Site, axes: Sequence[int] | None = None) -> Tensor:
    """The mean over ``axes``, by default the operator's own."""
    fold = Fold(site, axes)
    total = fold.reduce(te.sum, lambda v, _: _wide(v, site), "mean_sum")
    count = tirx.const(fold.count, wide(site.operands[0].dtype))
    return fold.finish(total, lambda value: (value / count).astype(site.dtype))


@emits("variance")
def _variance(site: Site) -> Tensor:
    fold = Fold(site)
    mean = mean_of(fold, lambda v, _: _wide(v, site), "mean")

    def square(value: Expr, index: Index) -> Expr:
        off = _wide(value, site) - mean(*fold.outer(index))
        return off * off

    total = fold.reduce(te.sum, square, "squares")
    count = tirx.const(fold.count, wide(site.operands[0].dtype))
    return fold.finish(total, lambda value: (value / count).astype(site.dtype))


def _exponentials(site: Site, fold: Fold) -> tuple[Tensor, Tensor]:
    """The largest element, and the sum of exponentials relative to it."""
    top = fold.reduce(te.max, lambda v, _: _wide(v, site), "row_max")
    total = fold.reduce(
        te.sum, lambda v, i: tirx.exp(_wide(v, site) - top(*fold.outer(i))), "row_sum"
    )
    return top, total


@emits("logsumexp")
def _logsumexp(site: Site) -> Tensor:
    fold = Fold(site)
    top, total = _exponentials(site, fold)
    return fold.result(lambda i: (tirx.log(total(*i)) + top(*i)).astype(site.dtype))


@emits("log_softmax")
def _log_softmax(site: Site) -> Tensor:
    fold = Fold(site, axes=(site.attrs["axis"],))
    top, total = _exponentials(site, fold)

    def log_share(*index: Expr) -> Expr:
        outer = fold.outer(index)
        share = _wide(site.x(*index), site) - top(*outer) - tirx.log(total(*outer))
        return share.astype(site.dtype)

    return site.compute(log_share)


@emits("softmax")
def _softmax(site: Site) -> Tensor:
    return softmax(site, tirx.exp)


def softmax(site: Site, exp: Callable[[Expr], Expr]) -> Tensor:
    """The softmax along ``axis`` with ``exp`` for the exponential."""
    fold = Fold(site, axes=(site.attrs["axis"],))
    top = fold.reduce(te.max, lambda v, _: _wide(v, site), "row_max")
    powers = site.compute(lambda *i: exp(_wide(site.x(*i), site) - top(*fold.outer(i))), "row_exp")
    over = Fold(Site(site.op, (powers,), site.operands, site.attrs, site.results), fold.axes)
    total = over.reduce(te.sum, lambda v, _: v, "row_sum")
    return site.compute(lambda *i: (powers(*i) / total(*fold.outer(i))).astype(site.dtype))


def _best(
    better: Callable[[Expr, Expr], Expr], worst: Callable[[str], Expr]
) -> Callable[..., Expr]:
    """A reducer of (index, value) pairs that keeps the first of equal values."""

    def combine(left: Sequence[Expr], right: Sequence[Expr]) -> tuple[Expr, Expr]:
        ahead = better(left[1], right[1])
        tie = tirx.And(tirx.EQ(left[1], right[1]), left[0] < right[0])
        return (
            tirx.Select(tirx.Or(ahead, tie), left[0], right[0]),
            tirx.Select(ahead, left[1], right[1]),
        )

    reducer: Callable[..., Expr] = te.comm_reducer(
        combine, lambda i, v: (tirx.const(-1, i), worst(v)), name="best"
    )
    return reducer


@emits("argmax", "argmin")
def _argument(site: Site) -> Tensor:
    shape = site.operands[0].shape
    axis = normal(site.attrs["axis"], len(shape))
    if site.op == "argmax":
        best = _best(lambda a, b: a > b, tirx.min_value)
    else:
        best = _best(lambda a, b: a < b, tirx.max_value)
    over = te.reduce_axis((0, shape[axis]), name="k")
    kept = len(site.shape) == len(shape)

    def element(*index: Expr) -> Expr:
        outer = [i for a, i in enumerate(index) if not (kept and a == axis)]
        full = (*outer[:axis], over.var, *outer[axis:])
        return best((over.var.astype("int32"), _wide(site.x(*full), site)), axis=over)

    found, _ = te.compute(site.shape, element, name=site.op)
    return found
