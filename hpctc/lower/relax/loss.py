"""Losses."""

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, emits, wide


@emits("nll_loss")
def _nll(site: Site) -> Tensor:
    x, targets, weights = site.args
    acc = wide(site.dtype)
    samples = site.operands[0].shape[0]

    def share(n: Expr) -> Expr:
        return weights(targets(n)).astype(acc)

    def loss(n: Expr) -> Expr:
        return tirx.const(0, acc) - share(n) * x(n, targets(n)).astype(acc)

    if site.attrs["reduction"] == "none":
        return site.compute(lambda n: loss(n).astype(site.dtype))
    n = te.reduce_axis((0, samples), name="n")
    total = te.compute((), lambda: te.sum(loss(n.var), axis=n), name="total")
    if site.attrs["reduction"] == "sum":
        return site.compute(lambda: total().astype(site.dtype))
    m = te.reduce_axis((0, samples), name="m")
    weight = te.compute((), lambda: te.sum(share(m.var), axis=m), name="weight")
    return site.compute(lambda: (total() / weight()).astype(site.dtype))
