"""Look-ups: by index, by nearest or blended neighbour. All positions are whole numbers."""

from tvm import tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, emits, normal, replaced, wide


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


@emits("resize2d")
def _resize(site: Site) -> Tensor:
    old, new = site.operands[0].shape[2:], site.shape[2:]
    if site.attrs["method"] == "nearest":
        return site.compute(
            lambda n, c, i, j: site.x(
                n, c, _nearest(i, old[0], new[0]), _nearest(j, old[1], new[1])
            )
        )
    acc = wide(site.dtype)

    def element(*index: Expr) -> Expr:
        above, below, down = _neighbours(index[2], old[0], new[0], acc)
        left, right, across = _neighbours(index[3], old[1], new[1], acc)

        def row(line: Expr) -> Expr:
            first, second = (site.x(*index[:2], line, c).astype(acc) for c in (left, right))
            return first + (second - first) * across

        upper, lower = row(above), row(below)
        return (upper + (lower - upper) * down).astype(site.dtype)

    return site.compute(element)


def _nearest(i: Expr, n: int, m: int) -> Expr:
    """floor((i + 1/2) n / m), exactly."""
    return (2 * i + 1) * n // (2 * m)


def _neighbours(i: Expr, n: int, m: int, dtype: str) -> tuple[Expr, Expr, Expr]:
    """The pixels on both sides of the centre (i + 1/2) n / m - 1/2, and how far it is between."""
    # one pixel further right, so that nothing is negative: floor division of a whole number
    shifted = (2 * i + 1) * n + m
    right = shifted // (2 * m)
    share = (shifted % (2 * m)).astype(dtype) / tirx.const(2 * m, dtype)
    return tirx.max(right - 1, 0), tirx.min(right, n - 1), share
