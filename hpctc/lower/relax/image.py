"""Images: nearest and blended neighbours, points of a grid, shifted products."""

from math import gcd

from tvm import te, tirx

from hpctc.lower.relax.compute import padded
from hpctc.lower.relax.site import Expr, Site, Tensor, emits, like, replaced, wide


@emits("resize2d", "resize3d")
def _resize(site: Site) -> Tensor:
    old, new = site.operands[0].shape[2:], site.shape[2:]
    if site.attrs["method"] == "nearest":
        return site.compute(
            lambda n, c, *place: site.x(
                n, c, *(_nearest(i, a, b) for i, a, b in zip(place, old, new, strict=True))
            )
        )
    blended = site.x
    for axis in range(len(new)):
        blended = _blended(site, blended, axis)
    return blended


def _blended(site: Site, x: Tensor, axis: int) -> Tensor:
    """``x``, the axes before ``axis`` resized already, resized along ``axis``.

    One axis after the other: a row of pixels between two rows is made once, in straight lines
    along memory, and serves all pixels that are made of it.
    """
    old, new = site.operands[0].shape[2:], site.shape[2:]
    acc, last = wide(site.dtype), axis == len(new) - 1

    def element(n: Expr, c: Expr, *place: Expr) -> Expr:
        below, above, share = _neighbours(place[axis], old[axis], new[axis], acc)
        first, second = (
            x(n, c, *replaced(place, axis, spot)).astype(acc) for spot in (below, above)
        )
        value = first + (second - first) * share
        return value.astype(site.dtype) if last else value

    if last:
        return site.compute(element)
    shape = (*site.shape[:2], *new[: axis + 1], *old[axis + 1 :])
    return site.compute(element, f"blended{axis}", shape)


def _nearest(i: Expr, n: int, m: int) -> Expr:
    """floor((i + 1/2) n / m), exactly."""
    n, m = n // gcd(n, m), m // gcd(n, m)
    return (2 * i + 1) * n // (2 * m)


def _neighbours(i: Expr, n: int, m: int, dtype: str) -> tuple[Expr, Expr, Expr]:
    """The pixels on both sides of the centre (i + 1/2) n / m - 1/2, and how far it is between."""
    a, b = n // gcd(n, m), m // gcd(n, m)
    # one pixel further right, so that nothing is negative: floor division of a whole number
    shifted = (2 * i + 1) * a + b
    right = shifted // (2 * b)
    share = (shifted % (2 * b)).astype(dtype) / tirx.const(2 * b, dtype)
    return tirx.max(right - 1, 0), tirx.min(right, n - 1), share


@emits("grid_sample")
def _sampled(site: Site) -> Tensor:
    x, grid = site.args
    batch, _, *points = site.operands[1].shape
    sizes = site.operands[0].shape[2:]

    def place(n: Expr, axis: Expr, i: Expr, j: Expr) -> Expr:
        """The row (axis 0) or column (axis 1) of a point, in pixels."""
        found = [_pixel(grid(n, 1 - a, i, j), sizes[a], site) for a in (0, 1)]
        return tirx.Select(tirx.EQ(axis, 0), found[0], found[1])

    # a stage of its own: all channels look at the same points
    places = te.compute((batch, 2, *points), place, name="places")

    def element(n: Expr, c: Expr, i: Expr, j: Expr) -> Expr:
        corners = [tirx.floor(places(n, a, i, j)) for a in (0, 1)]
        shares = [places(n, a, i, j) - corners[a] for a in (0, 1)]
        first = [corner.astype("int32") for corner in corners]

        def seen(down: int, right: int) -> Expr:
            row, column = first[0] + down, first[1] + right
            inside = tirx.all(row >= 0, row < sizes[0], column >= 0, column < sizes[1])
            return tirx.if_then_else(inside, x(n, c, row, column), tirx.const(0, site.dtype))

        def line(down: int) -> Expr:
            return seen(down, 0) * (1 - shares[1]) + seen(down, 1) * shares[1]

        return line(0) * (1 - shares[0]) + line(1) * shares[0]

    return site.compute(element)


def _pixel(g: Expr, n: int, site: Site) -> Expr:
    """A position in [-1, 1] as one in pixels."""
    one = like(g, 1)
    if site.attrs["align_corners"]:
        found = (g + one) * like(g, (n - 1) / 2)
    else:
        found = ((g + one) * like(g, n) - one) * like(g, 0.5)
    if site.attrs["padding"] == "border":
        return tirx.min(tirx.max(found, like(g, 0)), like(g, n - 1))
    return found


@emits("correlation")
def _correlation(site: Site) -> Tensor:
    a, b = site.args
    shape, reach, step = site.operands[0].shape, site.attrs["reach"], site.attrs["step"]
    acc, count = wide(site.dtype), 2 * reach // step + 1
    zero = tirx.const(0, site.dtype)
    far = padded(b, shape, (reach, reach), zero)
    channel = te.reduce_axis((0, shape[1]), name="c")

    def shift(which: Expr) -> tuple[Expr, Expr]:
        return which // count * step, which % count * step

    def product(n: Expr, o: Expr, i: Expr, j: Expr) -> Expr:
        down, right = shift(o)
        other = far(n, channel.var, i + down, j + right)
        return te.sum(a(n, channel.var, i, j).astype(acc) * other.astype(acc), axis=channel)

    total = site.compute(product, "products")
    return site.compute(lambda *i: (total(*i) / tirx.const(shape[1], acc)).astype(site.dtype))
