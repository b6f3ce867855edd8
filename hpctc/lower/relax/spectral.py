"""The Fourier transform as a product with the matrix of roots of unity."""

import math

from tvm import te, tirx

from hpctc.lower.relax.site import Expr, Site, Tensor, emits


@emits("dft")
def _dft(site: Site) -> list[Tensor]:
    """Direct, n products an element; the n roots are a table, so no sine is taken twice."""
    re, im = site.args
    length = site.shape[-1]
    turn = 2 * math.pi / length
    sign = 1 if site.attrs["inverse"] else -1

    def angle(k: Expr) -> Expr:
        return k.astype("float32") * tirx.const(turn, "float32")

    cosines = te.compute((length,), lambda k: tirx.cos(angle(k)), name="cosines")
    sines = te.compute((length,), lambda k: tirx.sin(angle(k)) * sign, name="sines")
    count = tirx.const(length if site.attrs["inverse"] else 1, "float32")

    def part(name: str, real: bool) -> Tensor:
        n = te.reduce_axis((0, length), name="n")

        def term(*index: Expr) -> Expr:
            *lead, k = index
            # the root's number stays small, so its angle is as exact as a float can be
            root = (k * n.var) % length
            a, b = re(*lead, n.var), im(*lead, n.var)
            c, s = cosines(root), sines(root)
            return te.sum(a * c - b * s if real else a * s + b * c, axis=n)

        total = te.compute(site.shape, term, name=f"{name}_sum")
        if not site.attrs["inverse"]:
            return total
        return te.compute(site.shape, lambda *i: total(*i) / count, name=name)

    return [part("real", real=True), part("imaginary", real=False)]
