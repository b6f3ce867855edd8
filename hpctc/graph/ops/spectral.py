"""Discrete Fourier transforms of complex numbers in two arrays: real and imaginary parts."""

from collections.abc import Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import equal_dtypes, fits

F32 = "float32"


def _dft_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    equal_dtypes("dft", types)
    re, im = types
    fits(
        "dft",
        re == im and re.rank >= 1,
        f"re is {re} and im is {im}",
        "both must be of one type, with one axis or more",
    )
    return (re, im)


def _dft(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    values = xs[0].astype(np.float64) + 1j * xs[1].astype(np.float64)
    found = np.fft.ifft(values) if attrs["inverse"] else np.fft.fft(values)
    return found.real.astype(xs[0].dtype), found.imag.astype(xs[0].dtype)


def _dft_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    # |sum of n z| <= n |z|, and |z| <= |re| + |im|; the mean of them has no n.
    n = 1 if attrs["inverse"] else types[0].shape[-1]
    most = n * (iv.magnitude(xs[0]) + iv.magnitude(xs[1]))
    return iv.widened(Interval(-most, most))


declare(
    Op(
        name="dft",
        category="compute intensive",
        doc="y[k] = the sum of (re[n] + i im[n]) * e ** (-2 pi i k n / N) over n, along the last "
        "axis, as two arrays; inverse: the exponent positive, the sum by N",
        arity=(2, 2),
        params=("re", "im"),
        infer=_dft_type,
        meaning=_dft,
        image=_dft_image,
        flops=lambda types, results, attrs: 8 * types[0].size * types[0].shape[-1],
        attrs=(AttrDef("inverse", "bool", False),),
        dtypes=(F32,),
        rounding="composite",
        terms=lambda types, attrs: types[0].shape[-1],
        samples=(
            Sample((TensorType((3, 10), F32),) * 2),
            Sample((TensorType((2, 3, 7), F32),) * 2, {"inverse": True}),
        ),
    )
)
