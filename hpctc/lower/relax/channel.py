"""Channels: scaled and shifted, rectified by a slope of their own, normalised by neighbours."""

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, emits, normal, wide


@emits("scale_shift_nchw", "scale_shift_nchwc")
def _scale(site: Site) -> Tensor:
    acc = wide(site.dtype)

    def element(*index: Expr) -> Expr:
        channel = (index[1], *index[4:])
        x, scale, shift = (
            t.astype(acc) for t in (site.x(*index), *(p(*channel) for p in site.args[1:]))
        )
        return (x * scale + shift).astype(site.dtype)

    return site.compute(element)


@emits("prelu")
def _prelu(site: Site) -> Tensor:
    x, alpha = site.args
    axis = normal(site.attrs["axis"], len(site.shape))

    def element(*index: Expr) -> Expr:
        value = x(*index)
        return tirx.Select(value > tirx.const(0, site.dtype), value, value * alpha(index[axis]))

    return site.compute(element)


@emits("lrn")
def _lrn(site: Site) -> Tensor:
    size, acc = site.attrs["size"], wide(site.dtype)
    channels, before = site.shape[1], size // 2
    k = te.reduce_axis((0, size), name="k")

    def square(n: Expr, c: Expr, *place: Expr) -> Expr:
        other = c + k.var - before
        value = site.x(n, other, *place).astype(acc)
        inside = tirx.all(other >= 0, other < channels)
        return te.sum(tirx.if_then_else(inside, value * value, tirx.const(0, acc)), axis=k)

    squares = site.compute(square, "squares")
    bias, share, beta = (
        tirx.const(v, acc)
        for v in (site.attrs["bias"], site.attrs["alpha"] / size, site.attrs["beta"])
    )

    def element(*index: Expr) -> Expr:
        scale = tirx.power(bias + share * squares(*index), beta)
        return (site.x(*index).astype(acc) / scale).astype(site.dtype)

    return site.compute(element)
