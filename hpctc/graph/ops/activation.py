"""Activation functions of neural networks, with the constants that PyTorch uses."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import NUMBERS, Array, AttrDef, Attrs, Op, Sample, declare
from hpctc.graph.ops.shapes import per_element, same_type

F32, F16 = "float32", "float16"


def sigmoid(x: Array) -> Array:
    """``1 / (1 + e**-x)`` without overflow; not quite scipy's, which takes no float16 arrays."""
    e = np.exp(-np.abs(x))
    one = x.dtype.type(1)
    return np.asarray(np.where(x >= 0, one, e) / (one + e))


def softplus(x: Array) -> Array:
    """``ln(1 + e**x)`` without overflow."""
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def gelu(x: Array) -> Array:
    """``x * Phi(x)`` with the normal distribution function (Hendrycks and Gimpel, 2016)."""
    return np.asarray(0.5 * x * (1 + special.erf(x * x.dtype.type(math.sqrt(0.5)))))


def gelu_tanh(x: Array) -> Array:
    """The approximation of gelu by tanh that GPT-2 uses."""
    inner = x.dtype.type(math.sqrt(2 / math.pi)) * (x + 0.044715 * x * x * x)
    return np.asarray(0.5 * x * (1 + np.tanh(inner)))


def hard_sigmoid(x: Array) -> Array:
    """``relu6(x + 3) / 6``."""
    return np.asarray(np.clip(x + 3, 0, 6) / 6)


def activation(
    name: str,
    f: Callable[[Array, Attrs], Array],
    image: iv.Image,
    doc: str,
    alpha: float | None = None,
    **rest: Any,
) -> Op:
    """Declare ``y = f(x)``, with an attribute ``alpha`` if its default is given."""
    attrs = () if alpha is None else (AttrDef("alpha", "float", alpha, ">= 0", lambda a: a >= 0),)
    wide = Interval(-6.0, 6.0)
    samples = [
        Sample((TensorType((3, 17), F32),), domains=(wide,)),
        Sample((TensorType((2, 3, 5), F16),)),
    ]
    if alpha is not None:
        samples.append(Sample((TensorType((33,), F32),), {"alpha": 0.25}, (wide,)))
    return declare(
        Op(
            name=name,
            category="elementwise",
            doc=f"y[i] = {doc}",
            arity=(1, 1),
            infer=same_type,
            meaning=lambda xs, attrs: (f(xs[0], attrs),),
            image=image,
            flops=per_element(rest.pop("flops", 1)),
            attrs=attrs,
            samples=tuple(samples),
            **rest,
        )
    )


def _leaky(x: Array, attrs: Attrs) -> Array:
    return np.asarray(np.where(x >= 0, x, x.dtype.type(attrs["alpha"]) * x))


def _elu(x: Array, attrs: Attrs) -> Array:
    return np.asarray(np.where(x > 0, x, x.dtype.type(attrs["alpha"]) * np.expm1(np.minimum(x, 0))))


def _selu(x: Array, _attrs: Attrs) -> Array:
    # Klambauer et al., 2017; the two constants to the digits PyTorch has.
    alpha, scale = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
    return np.asarray(scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))))


def _by_alpha(f: Callable[[Array, Attrs], Array]) -> iv.Image:
    return lambda xs, types, attrs: iv.rising(lambda x: f(x, attrs))(xs, types, attrs)


def _plain(f: Callable[[Array], Array]) -> Callable[[Array, Attrs], Array]:
    return lambda x, attrs: f(x)


def _relu(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0))


def _silu(x: Array) -> Array:
    return np.asarray(x * sigmoid(x))


def _mish(x: Array) -> Array:
    return np.asarray(x * np.tanh(softplus(x)))


def _hard_swish(x: Array) -> Array:
    return np.asarray(x * hard_sigmoid(x))


activation(
    "relu", _plain(_relu), iv.rising(_relu), "max(x[i], 0)", dtypes=NUMBERS, rounding="exact"
)
activation(
    "relu6", _plain(lambda x: np.clip(x, 0, 6)), iv.rising(lambda x: np.clip(x, 0, 6)),
    "min(max(x[i], 0), 6)", rounding="exact", flops=2,
)  # fmt: skip
activation(
    "leaky_relu", _leaky, _by_alpha(_leaky), "x[i] if x[i] >= 0 else alpha * x[i]", 0.01, flops=2
)
activation(
    "elu", _elu, _by_alpha(_elu), "x[i] if x[i] > 0 else alpha * (e ** x[i] - 1)", 1.0, flops=9
)
activation(
    "selu", _selu, _by_alpha(_selu),
    "1.0507 * (x[i] if x[i] > 0 else 1.67326 * (e ** x[i] - 1))", flops=10,
)  # fmt: skip
# Where gelu, silu, mish and hard_swish are lowest: the zero of their derivative.
activation(
    "gelu", _plain(gelu), iv.dipping(gelu, -0.7517915246935645),
    "x[i] / 2 * (1 + erf(x[i] / sqrt(2)))", flops=12,
)  # fmt: skip
activation(
    "gelu_tanh", _plain(gelu_tanh), iv.dipping(gelu_tanh, -0.7524614220710162),
    "x[i] / 2 * (1 + tanh(sqrt(2 / pi) * (x[i] + 0.044715 * x[i] ** 3)))", flops=15,
)  # fmt: skip
activation(
    "silu", _plain(_silu), iv.dipping(_silu, -1.2784645427610738), "x[i] * sigmoid(x[i])", flops=11
)
activation(
    "mish", _plain(_mish), iv.dipping(_mish, -1.1924344794110577),
    "x[i] * tanh(softplus(x[i]))", flops=25,
)  # fmt: skip
activation(
    "hard_swish", _plain(_hard_swish), iv.dipping(_hard_swish, -1.5),
    "x[i] * min(max(x[i] + 3, 0), 6) / 6", flops=5,
)  # fmt: skip
activation("sigmoid", _plain(sigmoid), iv.rising(sigmoid), "1 / (1 + e ** -x[i])", flops=10)
activation("softplus", _plain(softplus), iv.rising(softplus), "ln(1 + e ** x[i])", flops=17)
activation(
    "hard_sigmoid", _plain(hard_sigmoid), iv.rising(hard_sigmoid),
    "min(max(x[i] + 3, 0), 6) / 6", flops=4,
)  # fmt: skip
activation(
    "softsign", _plain(lambda x: x / (1 + np.abs(x))), iv.rising(lambda x: x / (1 + np.abs(x))),
    "x[i] / (1 + |x[i]|)", flops=3,
)  # fmt: skip
