"""Blocks of sequence networks that are no transformers."""

from hpctc.families.base import declare
from hpctc.families.blocks.layers import batch_norm, conv1d, layer_norm, linear
from hpctc.families.tensor import Pen, Tensor

SHAPE = {"batch": (1, 2), "width": (8, 32, 128, 256), "length": (16, 64, 256, 1024)}


@declare(
    name="blocks.tcn", doc="two dilated causal convolutions and a residual", sizes=SHAPE,
    source="Temporal Convolutional Networks, 2018",
)  # fmt: skip
def tcn(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """Zeros before the beginning keep the future out."""
    x = pen.input("x", batch, width, length)
    h = x
    for name, dilation in (("1", 1), ("2", 2)):
        before = h.pad(before=(0, 0, 2 * dilation), after=(0, 0, 0))
        h = before.conv1d(pen.weight(f"w_{name}", width, width, 3), dilation=dilation)
        h = (h + pen.weight(f"b_{name}", width, 1)).relu()
    return (x + h).relu()


@declare(
    name="blocks.conformer_conv", doc="pointwise gate, depthwise convolution, swish, pointwise",
    sizes=SHAPE, source="Conformer, 2020",
)  # fmt: skip
def conformer_conv(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """The convolution module of a speech encoder."""
    x = pen.input("x", batch, length, width)
    h = conv1d(layer_norm(x, "n").turned(), "in", 2 * width, 1)
    left, right = h.parts(2, 1)
    h = conv1d(left * right.sigmoid(), "deep", width, 15, groups=width)
    return x + conv1d(batch_norm(h, "b").silu(), "out", width, 1).turned()


@declare(
    name="blocks.mamba_conv", doc="the branch before a selective scan: project, convolve, gate",
    sizes=SHAPE, source="Mamba, arXiv 2312.00752, 2023",
)  # fmt: skip
def mamba_conv(pen: Pen, batch: int, width: int, length: int) -> Tensor:
    """A causal depthwise convolution of four taps between two projections."""
    x = pen.input("x", batch, length, width)
    main, gate = linear(x, "in", 4 * width, bias=False).parts(2, 2)
    before = main.turned().pad(before=(0, 0, 3), after=(0, 0, 0))
    h = before.conv1d(pen.weight("w", 2 * width, 1, 4), groups=2 * width)
    h = (h + pen.weight("b", 2 * width, 1)).silu().turned()
    return linear(h * gate.silu(), "out", width, bias=False)


@declare(
    name="blocks.highway", doc="T * relu(x W) + (1 - T) * x", source="Highway Networks, 2015",
    sizes={"rows": (8, 64, 256, 1024), "width": (16, 64, 256, 512)},
)  # fmt: skip
def highway(pen: Pen, rows: int, width: int) -> Tensor:
    """A gate between a layer and its input."""
    x = pen.input("x", rows, width)
    gate = linear(x, "gate", width).sigmoid()
    return gate * linear(x, "h", width).relu() + (1.0 - gate) * x
