"""Functions by short polynomials: what is meant is the function itself.

Two or three units in the last place off, and nothing but multiplications, additions and one
division: what a processor without vector functions of its own computes several at a time. The
coefficients and the bodies are in :mod:`hpctc.lower.relax.fast`.
"""

import numpy as np
from scipy import special

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval
from hpctc.graph.ops.unary import unary

NORMAL = Interval(-87.0, 88.0)
"""Where e ** x is neither zero nor infinite nor subnormal in f32."""

unary(
    "fast_exp", np.exp, iv.rising(np.exp), "e ** x[i], by a polynomial", legal=(NORMAL,), flops=14
)
unary("fast_tanh", np.tanh, iv.rising(np.tanh), "tanh x[i], by a quotient of polynomials", flops=22)
unary(
    "fast_erf", special.erf, iv.rising(special.erf), "erf x[i], by a quotient of polynomials",
    flops=24,
)  # fmt: skip
