"""Look-ups by index. All positions are whole numbers."""

from tvm import tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, emits, normal, replaced


@emits("take")
def _take(site: Site) -> Tensor:
    x, indices = site.args
    axis = normal(site.attrs["axis"], len(site.operands[0].shape))
    rank = len(site.operands[1].shape)

    def element(*index: Expr) -> Expr:
        found = indices(*index[axis : axis + rank])
        return x(*index[:axis], found, *index[axis + rank :])

    return site.compute(element)


@emits("gather_elements")
def _gather(site: Site) -> Tensor:
    x, indices = site.args
    axis = normal(site.attrs["axis"], len(site.shape))
    return site.compute(lambda *i: x(*replaced(i, axis, indices(*i))))


@emits("one_hot")
def _one_hot(site: Site) -> Tensor:
    def element(*index: Expr) -> Expr:
        hit = tirx.EQ(site.x(*index[:-1]), index[-1].astype("int32"))
        return tirx.Select(hit, tirx.const(1, site.dtype), tirx.const(0, site.dtype))

    return site.compute(element)


@emits("upsample2d")
def _upsample(site: Site) -> Tensor:
    high, across = site.attrs["scale"]
    return site.compute(lambda n, c, i, j: site.x(n, c, i // high, j // across))
