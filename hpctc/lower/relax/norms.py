"""Normalisations: a mean, the mean square of what is left, and one elementwise last stage."""

from collections.abc import Callable, Sequence

from tvm import te, tirx

from hpctc.lower.relax.reductions import Fold, mean_of
from hpctc.lower.relax.site import Expr, Index, Site, Tensor, emits, wide


def _inverse(fold: Fold, squares: Tensor) -> Tensor:
    """1 / sqrt(mean of squares + eps), one a row."""
    acc = wide(fold.site.dtype)
    eps = tirx.const(fold.site.attrs["eps"], acc)
    count = tirx.const(fold.count, acc)
    one = tirx.const(1, acc)
    return te.compute(
        fold.rows, lambda *i: one / tirx.sqrt(squares(*i) / count + eps), name="inverse"
    )


def _normalised(site: Site, fold: Fold, parameters: Callable[[Index], Sequence[Expr]]) -> Tensor:
    """(x - mean) / sqrt(variance + eps) * gamma + beta, the last two at ``parameters(index)``."""
    acc = wide(site.dtype)
    mean = mean_of(fold, lambda v, _: v.astype(acc), "mean")

    def centred(value: Expr, index: Index) -> Expr:
        return value.astype(acc) - mean(*fold.outer(index))

    squares = fold.reduce(te.sum, lambda v, i: centred(v, i) * centred(v, i), "squares")
    inverse = _inverse(fold, squares)

    def element(*index: Expr) -> Expr:
        place = fold.split(index)
        unit = centred(fold.data(*place), place) * inverse(*fold.outer(place))
        gamma, beta = (p(*parameters(index)).astype(acc) for p in site.args[1:])
        return (unit * gamma + beta).astype(site.dtype)

    return site.compute(element)


@emits("layer_norm")
def _layer_norm(site: Site) -> Tensor:
    rank = len(site.shape)
    axes = tuple(range(rank - site.attrs["axes_count"], rank))
    return _normalised(site, Fold(site, axes), lambda i: [i[a] for a in axes])


@emits("instance_norm")
def _instance_norm(site: Site) -> Tensor:
    return _normalised(site, Fold(site, tuple(range(2, len(site.shape)))), lambda i: i[1:2])


@emits("group_norm")
def _group_norm(site: Site) -> Tensor:
    groups = site.attrs["groups"]
    return _normalised(site, GroupFold(site, groups), lambda i: i[1:2])


class GroupFold(Fold):
    """A reduction over the channels of a group and over space: channels are two axes here."""

    def __init__(self, site: Site, groups: int) -> None:
        batch, channels, *space = site.operands[0].shape
        self.each = channels // groups
        super().__init__(site, tuple(range(2, len(space) + 3)), (batch, groups, self.each, *space))

    def data(self, *index: Expr) -> Expr:
        """The element of x at [batch, group, channel in group, space]."""
        n, group, channel, *space = index
        return self.site.x(n, group * self.each + channel, *space)

    def split(self, index: Index) -> Index:
        """An index into x, with the channel taken apart."""
        n, channel, *space = index
        return (n, channel // self.each, channel % self.each, *space)


@emits("rms_norm")
def _rms_norm(site: Site) -> Tensor:
    acc = wide(site.dtype)
    fold = Fold(site, (len(site.shape) - 1,))
    squares = fold.reduce(te.sum, lambda v, _: v.astype(acc) * v.astype(acc), "squares")
    inverse = _inverse(fold, squares)

    def element(*index: Expr) -> Expr:
        unit = site.x(*index).astype(acc) * inverse(*fold.outer(index))
        return (unit * site.args[1](index[-1]).astype(acc)).astype(site.dtype)

    return site.compute(element)


@emits("batch_norm")
def _batch_norm(site: Site) -> Tensor:
    acc = wide(site.dtype)
    eps = tirx.const(site.attrs["eps"], acc)

    def element(*index: Expr) -> Expr:
        x = site.x(*index).astype(acc)
        gamma, beta, mean, var = (p(index[1]).astype(acc) for p in site.args[1:])
        return ((x - mean) / tirx.sqrt(var + eps) * gamma + beta).astype(site.dtype)

    return site.compute(element)
