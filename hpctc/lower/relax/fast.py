"""Functions as polynomials: no call is left, so every compiler can make SIMD of them.

The coefficients are minimax fits in the relative error (Lawson's reweighted least squares, 1961),
made for this module: of e ** r on half a binade around 0, and of odd quotients x P(x^2) / Q(x^2) up
to where f32 has reached 1. At most 1.2 (exp), 2.6 (tanh) and 2.9 (erf) units in the last place off.
"""

import math
from collections.abc import Sequence

from tvm import tirx

from hpctc.lower.relax.elementwise import elementwise, widened
from hpctc.lower.relax.reductions import softmax
from hpctc.lower.relax.site import EMITTERS, Expr, Site, Tensor, emits, like

EXP = (0.49999994, 0.16666521, 0.041668389, 0.0083687101, 0.0013814613)
"""e^r = 1 + r + r^2 (c0 + c1 r + ...) for |r| <= ln 2 / 2."""

LN2 = (0.693145752, 1.42860677e-6)
"""ln 2 in two parts, of which the first has so few bits that a multiple of it is exact."""

TANH = (
    (0.999999999, 0.136808538, 0.0038695047, 2.80312434e-05, 3.06423621e-08, -1.22461215e-11),
    (1.0, 0.470141859, 0.0272501446, 0.000394070754, 1.28903033e-06),
)
TANH_END = 9.0

ERF = (
    (1.12837914, 0.193544211, 0.0531015986, 0.00388329704, 0.000284563231, 1.98676888e-06),
    (1.0, 0.504856647, 0.115349617, 0.0152071594, 0.00118555666, 3.74198929e-05),
)
ERF_END = 4.0


def _horner(x: Expr, coefficients: Sequence[float]) -> Expr:
    """c0 + c1 x + c2 x^2 + ..."""
    found = like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        found = found * x + like(x, c)
    return found


def fast_exp(x: Expr) -> Expr:
    """e^x = 2^n e^r with n whole, whose power of two is made of bits (Cody and Waite, 1980)."""
    kept = tirx.min(tirx.max(x, like(x, -87.0)), like(x, 88.0))
    n = tirx.floor(kept * like(x, 1 / math.log(2)) + like(x, 0.5))
    r = kept - n * like(x, LN2[0]) - n * like(x, LN2[1])
    power = tirx.reinterpret("float32", (n.astype("int32") + 127) << 23)
    return (_horner(r, EXP) * (r * r) + r + like(x, 1)) * power


def _quotient(x: Expr, parts: tuple[Sequence[float], Sequence[float]], end: float) -> Expr:
    kept = tirx.min(tirx.max(x, like(x, -end)), like(x, end))
    square = kept * kept
    return kept * _horner(square, parts[0]) / _horner(square, parts[1])


EMITTERS.update(
    {
        "fast_exp": elementwise(widened(fast_exp)),
        "fast_tanh": elementwise(widened(lambda x: _quotient(x, TANH, TANH_END))),
        "fast_erf": elementwise(widened(lambda x: _quotient(x, ERF, ERF_END))),
    }
)


@emits("fast_softmax")
def _softmax(site: Site) -> Tensor:
    return softmax(site, fast_exp)
