"""Transposed convolutions, cut by output phase: no product with a zero between two elements.

A transposed convolution of stride s adds ``x[q] * w[k]`` to the output at ``s q + k - p``. The
outputs with one value of ``(o + p) mod s``, a *phase*, use every s-th weight only, so the whole is
s dense convolutions side by side, one a phase and axis, that read x where it lies (Shi et al., "Is
the deconvolution layer the same as a convolutional layer?", 2016). The usual way, a convolution
over x with s - 1 zeros between its elements, multiplies by zero s - 1 times of s on every axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tvm import te, tirx

from hpctc.lower.relax.compute import group_of, rounded, spatial
from hpctc.lower.relax.site import Expr, Site, Tensor, emits, wide


@dataclass(frozen=True)
class Phases:
    """One axis of a transposed convolution: outputs ``i = s q + r - offset`` in phases r."""

    size: int
    """Extent of x."""
    kernel: int
    stride: int
    padding: int
    result: int
    """Extent of the output."""

    @property
    def taps(self) -> int:
        """Weights that a phase uses, counting those beyond the kernel where s does not divide."""
        return -(-self.kernel // self.stride)

    @property
    def offset(self) -> int:
        """Elements before the output's first, so that a period begins with phase 0."""
        return self.padding % self.stride

    @property
    def extent(self) -> int:
        """Extent of the output in whole periods."""
        return -(-(self.result + self.offset) // self.stride) * self.stride

    @property
    def border(self) -> int:
        """Zeros before x that the first tap of the first period sees; negative: x is cut."""
        return self.taps - 1 - self.padding // self.stride

    @property
    def read(self) -> int:
        """Elements of x, with its borders, that are read."""
        return self.extent // self.stride + self.taps - 1

    def source(self, i: Expr, tap: Expr) -> Expr:
        """Where output ``i``, from the offset on, and a tap meet x, from its border on."""
        return (i if self.stride == 1 else tirx.floordiv(i, self.stride)) + tap

    def weight(self, i: Expr, tap: Expr) -> Expr:
        """Which weight they meet: taps walk x forwards and the kernel backwards."""
        last = self.taps - 1 - tap
        return last if self.stride == 1 else tirx.floormod(i, self.stride) + self.stride * last


@emits("conv1d_transpose", "conv2d_transpose")
def _transposed(site: Site) -> Tensor:
    """The adjoint of a convolution: x [N, C, *S], w [C, O / groups, *K] -> [N, O, *S']."""
    shape, kernel = (t.shape for t in site.operands)
    axes = _axes(site, len(shape) - 2)
    acc, groups = wide(site.operands[0].dtype), site.attrs["groups"]
    data, weights = _bordered(site, axes), _whole(site, axes)
    each = kernel[0] // groups
    channel = te.reduce_axis((0, each), name="c")
    taps = [te.reduce_axis((0, a.taps), name=f"k{n}") for n, a in enumerate(axes)]

    def element(n: Expr, o: Expr, *place: Expr) -> Expr:
        c = channel.var
        if groups > 1:
            c = group_of(o, kernel[1] * groups, groups) * each + c
        o = tirx.floormod(o, kernel[1]) if groups > 1 else o
        met = list(zip(axes, place, taps, strict=True))
        value = data(n, c, *(a.source(i, k.var) for a, i, k in met))
        weight = weights(c, o, *(a.weight(i, k.var) for a, i, k in met))
        return te.sum(value.astype(acc) * weight.astype(acc), axis=[channel, *taps])

    grown = [a.extent for a in axes]
    if grown == list(site.shape[2:]):
        return rounded(site, site.compute(element))
    total = site.compute(element, f"{site.op}_phases", (*site.shape[:2], *grown))

    def cut(n: Expr, o: Expr, *place: Expr) -> Expr:
        spot = [i + a.offset for a, i in zip(axes, place, strict=True)]
        return total(n, o, *spot).astype(site.dtype)

    return site.compute(cut)


def _axes(site: Site, rank: int) -> list[Phases]:
    stride, padding = (spatial(site.attrs[a], rank) for a in ("stride", "padding"))
    shape, kernel = (t.shape for t in site.operands)
    sizes = zip(shape[2:], kernel[2:], stride, padding, site.shape[2:], strict=True)
    return [Phases(*each) for each in sizes]


def _bordered(site: Site, axes: Sequence[Phases]) -> Tensor:
    """``x`` as far as it is read, with zeros where that is outside of it."""
    shape = site.operands[0].shape
    if all(a.border == 0 and a.read == a.size for a in axes):
        return site.x

    def element(n: Expr, c: Expr, *place: Expr) -> Expr:
        spots = [i - a.border for i, a in zip(place, axes, strict=True)]
        inside = [c for s, a in zip(spots, axes, strict=True) for c in (s >= 0, s < a.size)]
        zero = tirx.const(0, site.operands[0].dtype)
        return tirx.if_then_else(tirx.all(*inside), site.x(n, c, *spots), zero)

    return te.compute((*shape[:2], *(a.read for a in axes)), element, name="bordered")


def _whole(site: Site, axes: Sequence[Phases]) -> Tensor:
    """The weights, with zeros behind them where the stride does not divide the kernel."""
    w, shape = site.args[1], site.operands[1].shape
    whole = [a.taps * a.stride for a in axes]
    if whole == list(shape[2:]):
        return w

    def element(c: Expr, o: Expr, *place: Expr) -> Expr:
        inside = [i < a.kernel for i, a in zip(place, axes, strict=True)]
        zero = tirx.const(0, site.operands[1].dtype)
        return tirx.if_then_else(tirx.all(*inside), w(c, o, *place), zero)

    return te.compute((*shape[:2], *whole), element, name="whole")
