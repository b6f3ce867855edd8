"""Matrix products and convolutions, as one reduction each over operands padded beforehand.

float16 is accumulated in float32 and int8 in int32; a last stage rounds where the result is
narrower.
"""

from collections.abc import Sequence

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, at, emits, wide


def rounded(site: Site, product: Tensor) -> Tensor:
    """``product``, in the accumulator's type, as the result."""
    if wide(site.operands[0].dtype) == site.dtype:
        return product
    return site.compute(lambda *i: product(*i).astype(site.dtype), f"{site.op}_rounded")


@emits("matmul")
def _matmul(site: Site) -> Tensor:
    a, b = site.args
    left, right = (t.shape for t in site.operands)
    acc = wide(site.operands[0].dtype)
    k = te.reduce_axis((0, left[-1]), name="k")
    # k stands for an axis of its own extent, which nothing broadcasts
    rows, columns = (*site.shape[:-1], left[-1]), (*site.shape[:-2], left[-1], site.shape[-1])

    def element(*index: Expr) -> Expr:
        *batch, i, j = index
        x = at(a, left, (*batch, i, k.var), rows)
        y = at(b, right, (*batch, k.var, j), columns)
        return te.sum(x.astype(acc) * y.astype(acc), axis=k)

    return rounded(site, site.compute(element))


@emits("dense")
def _dense(site: Site) -> Tensor:
    x, w = site.args
    acc = wide(site.operands[0].dtype)
    k = te.reduce_axis((0, site.operands[0].shape[-1]), name="k")

    def element(*index: Expr) -> Expr:
        row = x(*index[:-1], k.var)
        return te.sum(row.astype(acc) * w(index[-1], k.var).astype(acc), axis=k)

    return rounded(site, site.compute(element))


def spatial(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """One number an axis, from an attribute that may be a single number for all."""
    given = (value,) if isinstance(value, int) else tuple(value)
    return given * rank if len(given) == 1 else given


def padded(x: Tensor, shape: Sequence[int], padding: Sequence[int], fill: Expr) -> Tensor:
    """``x`` with ``padding`` elements of ``fill`` on both sides of its last axes."""
    if not any(padding):
        return x
    lead = len(shape) - len(padding)
    grown = (*shape[:lead], *(n + 2 * p for n, p in zip(shape[lead:], padding, strict=True)))

    def element(*index: Expr) -> Expr:
        inside = [
            bound
            for i, n, p in zip(index[lead:], shape[lead:], padding, strict=True)
            if p
            for bound in (i >= p, i < n + p)
        ]
        place = [i - p for i, p in zip(index[lead:], padding, strict=True)]
        return tirx.if_then_else(tirx.all(*inside), x(*index[:lead], *place), fill)

    return te.compute(grown, element, name="padded")


@emits("conv1d", "conv2d", "conv3d")
def _convolution(site: Site) -> Tensor:
    """Cross-correlation: x [N, C, *S], w [O, C / groups, *K] -> [N, O, *S']."""
    x, w = site.args
    shape, kernel = (t.shape for t in site.operands)
    rank = len(shape) - 2
    stride, padding, dilation = (
        spatial(site.attrs[a], rank) for a in ("stride", "padding", "dilation")
    )
    acc, groups = wide(site.operands[0].dtype), site.attrs["groups"]
    data = padded(x, shape, padding, tirx.const(0, site.operands[0].dtype))
    channel = te.reduce_axis((0, kernel[1]), name="c")
    taps = [te.reduce_axis((0, n), name=f"k{a}") for a, n in enumerate(kernel[2:])]
    over = [channel, *taps] if kernel[1] > 1 or not taps else taps

    def element(n: Expr, o: Expr, *place: Expr) -> Expr:
        c = channel.var if channel in over else 0
        first = group_of(o, kernel[0], groups) * kernel[1] if groups > 1 else 0
        window = [
            p * s + k.var * d for p, s, k, d in zip(place, stride, taps, dilation, strict=True)
        ]
        value = data(n, first + c, *window).astype(acc)
        return te.sum(value * w(o, c, *(k.var for k in taps)).astype(acc), axis=over)

    return rounded(site, site.compute(element))


def group_of(channel: Expr, channels: int, groups: int) -> Expr:
    """The group that one of ``channels`` belongs to."""
    each = channels // groups
    return channel if each == 1 else tirx.floordiv(channel, each)


@emits("batch_matmul")
def _batch_matmul(site: Site) -> Tensor:
    a, b = site.args
    acc = wide(site.operands[0].dtype)
    turned, kept = site.attrs["transpose_a"], not site.attrs["transpose_b"]
    k = te.reduce_axis((0, site.operands[0].shape[1 if turned else 2]), name="k")

    def element(n: Expr, i: Expr, j: Expr) -> Expr:
        x = a(n, k.var, i) if turned else a(n, i, k.var)
        y = b(n, k.var, j) if kept else b(n, j, k.var)
        return te.sum(x.astype(acc) * y.astype(acc), axis=k)

    return rounded(site, site.compute(element))


@emits("sparse_dense")
def _sparse(site: Site) -> Tensor:
    x, values, columns = site.args
    acc = wide(site.dtype)
    k = te.reduce_axis((0, site.operands[1].shape[1]), name="k")

    def element(*index: Expr) -> Expr:
        row = index[-1]
        value = x(*index[:-1], columns(row, k.var)).astype(acc)
        return te.sum(value * values(row, k.var).astype(acc), axis=k)

    return rounded(site, site.compute(element))
