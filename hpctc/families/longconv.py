"""Long convolutions: ``y[t] = sum of k[s] u[t - s] over s, + d u[t]``, as long as the input.

Simple Long Convolutions for Sequence Modeling (FlashButterfly), arXiv 2302.06646, 2023, and
FlashFFTConv, arXiv 2311.05908, 2023. u is [batch, width, length], k is [width, length]. The
transforms are products with tables of cosines and sines, which are inputs; a complex number is a
pair of tensors.
"""

from typing import Any

import numpy as np

from hpctc.families.base import Sizes, Tables, declare, float32
from hpctc.families.tensor import Pen, Tensor

SHAPE = {
    "batch": (1, 2), "width": (4, 16, 64, 256), "length": (16, 32, 64, 128, 256, 512, 1024),
}  # fmt: skip
SOURCE = "Simple Long Convolutions, arXiv 2302.06646, 2023"
FLASH = "FlashFFTConv, arXiv 2311.05908, 2023"

LAMBDA = 0.1
"""How much squashing takes off a kernel: the paper's usual value."""

Complex = tuple[Tensor, Tensor]


def torch_convolution(t: Any, x: Any, sizes: Sizes) -> Any:
    """By torch's own FFT."""
    return _by_fft(t, x["u"], x["k"]) + x["u"] * x["d"][:, None]


def _by_fft(t: Any, u: Any, k: Any) -> Any:
    length = u.shape[-1]
    spectrum = t.fft.rfft(u, 2 * length) * t.fft.rfft(k, 2 * length)
    return t.fft.irfft(spectrum, 2 * length)[..., :length]


def _inputs(pen: Pen, batch: int, width: int, length: int) -> tuple[Tensor, Tensor, Tensor]:
    u = pen.input("u", batch, width, length)
    return u, pen.weight("k", width, length), pen.weight("d", width)


def _skip(y: Tensor, u: Tensor, d: Tensor) -> Tensor:
    return y + u * d.view(d.shape[0], 1)


def causal_convolution(u: Tensor, k: Tensor) -> Tensor:
    """Depthwise, the kernel turned around, zeros before the beginning."""
    width, length = k.shape
    padded = u.pad(before=(0, 0, length - 1), after=(0, 0, 0))
    return padded.conv1d(k.flip(axes=(1,)).view(width, 1, length), groups=width)


@declare(
    name="longconv.direct", doc="y[t] = sum of k[s] u[t - s], + d u[t], by its definition",
    sizes=SHAPE, source=SOURCE, torch=torch_convolution,
)  # fmt: skip
def direct(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """A depthwise convolution whose kernel is as long as the input."""
    u, k, d = _inputs(pen, batch, width, length)
    return _skip(causal_convolution(u, k), u, d)


def circle(rows: int, columns: int, period: int) -> tuple[Any, Any]:
    """Cosine and sine of ``2 pi i j / period``, made in float64: float32 loses three digits."""
    angle = 2 * np.pi * (np.outer(np.arange(rows), np.arange(columns)) % period) / period
    return float32(np.cos(angle)), float32(np.sin(angle))


def _fft_tables(sizes: Sizes) -> Tables:
    period = 2 * sizes["length"]
    cos, sin = circle(period, period, period)
    return {"cos": cos, "sin": sin}


@declare(
    name="longconv.fft", doc="the long convolution as a product of spectra, transforms as matmuls",
    sizes=SHAPE, source=SOURCE, like="longconv.direct", tables=_fft_tables,
    torch=torch_convolution,
)  # fmt: skip
def fft(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """Length 2 L, of which the second half is zeros, so that nothing wraps around."""
    u, k, d = _inputs(pen, batch, width, length)
    period = 2 * length
    cos, sin = (pen.input(name, period, period) for name in ("cos", "sin"))
    near = cos.cut(0, 0, length), sin.cut(0, 0, length)  # the rows of the half that is not zero
    flat = u.view(batch * width, length)
    spectrum = _times(_forward(flat, *near), _tiled(_forward(k, *near), batch))
    back = cos.cut(1, 0, length), sin.cut(1, 0, length)
    y = (spectrum[0] @ back[0] - spectrum[1] @ back[1]) * (1 / period)
    return _skip(y.view(batch, width, length), u, d)


def _forward(x: Tensor, cos: Tensor, sin: Tensor) -> Complex:
    return x @ cos, -(x @ sin)


def _times(a: Complex, b: Complex) -> Complex:
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _tiled(a: Complex, batch: int) -> Complex:
    if batch == 1:
        return a
    reps = (batch, *(1,) * (len(a[0].shape) - 1))
    return a[0].tile(reps=reps), a[1].tile(reps=reps)


def _monarch_tables(sizes: Sizes) -> Tables:
    first, second = sizes["first"], sizes["second"]
    names = ("cos1", "sin1", "cos2", "sin2", "turn_cos", "turn_sin")
    made = (
        *circle(first, first, first),
        *circle(second, second, second),
        *circle(first, second, first * second),
    )
    return dict(zip(names, made, strict=True))


def _monarch_shape(pen: Pen, first: int, second: int) -> list[Tensor]:
    sides = {"1": (first, first), "2": (second, second)}
    tables = [
        pen.input(f"{name}{n}", *shape) for n, shape in sides.items() for name in ("cos", "sin")
    ]
    return [*tables, pen.input("turn_cos", first, second), pen.input("turn_sin", first, second)]


def _split_transform(x: Tensor, tables: list[Tensor]) -> Complex:
    """The DFT of real [..., N1, N2], in the order in which the factors leave it: [..., k1, k2].

    ``n = N2 n1 + n2`` and ``k = k1 + N1 k2``: a transform over n1, the twiddle factors
    ``exp(-2 pi i k1 n2 / N)``, a transform over n2 (Cooley and Tukey, 1965).
    """
    cos1, sin1, cos2, sin2, cos, sin = tables
    re, im = cos1 @ x, -(sin1 @ x)
    re, im = re * cos + im * sin, im * cos - re * sin
    return re @ cos2 + im @ sin2, im @ cos2 - re @ sin2


def _split_back(a: Complex, tables: list[Tensor]) -> Tensor:
    """The real part of the inverse, from that order."""
    cos1, sin1, cos2, sin2, cos, sin = tables
    re, im = a[0] @ cos2 - a[1] @ sin2, a[0] @ sin2 + a[1] @ cos2
    re, im = re * cos - im * sin, re * sin + im * cos
    return (cos1 @ re - sin1 @ im) * (1 / (cos1.shape[0] * cos2.shape[0]))


def _monarch_like(sizes: Sizes) -> Sizes:
    return {
        "batch": sizes["batch"], "width": sizes["width"],
        "length": sizes["first"] * sizes["second"] // 2,
    }  # fmt: skip


def monarch_convolution(pen: Pen, u: Tensor, k: Tensor, first: int, second: int) -> Tensor:
    """The convolution by two factors of the transform; both spectra stay in the permuted order."""
    batch, width, length = u.shape
    tables = _monarch_shape(pen, first, second)
    long = u.view(batch * width, length).pad(before=(0, 0), after=(0, length))
    kernel = k.pad(before=(0, 0), after=(0, length))
    spectrum = _times(
        _split_transform(long.view(batch * width, first, second), tables),
        _tiled(_split_transform(kernel.view(width, first, second), tables), batch),
    )
    y = _split_back(spectrum, tables).view(batch, width, 2 * length)
    return y.cut(2, 0, length)


MONARCH = {
    "batch": (1, 2), "width": (4, 16, 64, 256), "first": (4, 8, 16, 32), "second": (8, 16, 32, 64),
}  # fmt: skip


@declare(
    name="longconv.monarch", doc="the long convolution by a transform of two factors, N = N1 N2",
    sizes=MONARCH, source=FLASH, like="longconv.direct", alike=_monarch_like,
    tables=_monarch_tables, torch=torch_convolution,
)  # fmt: skip
def monarch(pen: Pen, batch: int, width: int, first: int, second: int) -> Tensor:
    """Cooley and Tukey's split as products with small tables and pointwise twiddle factors."""
    u, k, d = _inputs(pen, batch, width, first * second // 2)
    return _skip(monarch_convolution(pen, u, k, first, second), u, d)


def squash(k: Tensor) -> Tensor:
    """``relu(|k| - lambda) sign(k)``: small taps become 0, which regularises a long kernel."""
    return (k.abs() - LAMBDA).relu() * k.sign()


def _squashed_torch(t: Any, x: Any, sizes: Sizes) -> Any:
    k = t.nn.functional.softshrink(x["k"], LAMBDA)
    y = _by_fft(t, x["u"], k) + x["u"] * x["d"][:, None]
    return t.nn.functional.gelu(y)


@declare(
    name="longconv.squashed", doc="gelu of the long convolution with a squashed kernel",
    sizes=SHAPE, source=SOURCE, torch=_squashed_torch,
)  # fmt: skip
def squashed(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """The block of the paper, by the definition of the convolution."""
    u, k, d = _inputs(pen, batch, width, length)
    return _skip(causal_convolution(u, squash(k)), u, d).gelu()


@declare(
    name="longconv.squashed_monarch", doc="gelu of the long convolution, squashed, by two factors",
    sizes=MONARCH, source=SOURCE, like="longconv.squashed", alike=_monarch_like,
    tables=_monarch_tables, torch=_squashed_torch,
)  # fmt: skip
def squashed_monarch(pen: Pen, batch: int, width: int, first: int, second: int) -> Tensor:
    """The same block, pointwise stages between the products."""
    u, k, d = _inputs(pen, batch, width, first * second // 2)
    made = _skip(monarch_convolution(pen, u, squash(k), first, second), u, d)
    return made.gelu()
