"""Blocks of small image networks, where depthwise convolutions do the work."""

from hpctc.families.base import declare
from hpctc.families.blocks.layers import batch_norm, conv, conv_norm, flat_image, squeezed
from hpctc.families.tensor import Pen, Tensor

IMAGE = {"batch": (1, 2), "channels": (8, 32, 64, 128, 256), "size": (8, 14, 28, 56, 112)}


@declare(
    name="blocks.mobilenet", doc="a depthwise and a pointwise convolution", sizes=IMAGE,
    published={"batch": 1, "channels": 64, "size": 56}, source="MobileNet, 2017",
)  # fmt: skip
def mobilenet(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """A separable convolution that doubles the channels."""
    x = flat_image(pen, batch, channels, size)
    h = conv_norm(x, "deep", channels, 3, groups=channels).relu()
    return conv_norm(h, "point", 2 * channels, 1).relu()


@declare(
    name="blocks.mobilenet_v2", doc="narrow, wide, depthwise, narrow: an inverted residual",
    sizes={**IMAGE, "growth": (2, 4, 6)}, source="MobileNetV2, 2018",
)  # fmt: skip
def mobilenet_v2(pen: Pen, batch: int, channels: int, size: int, growth: int) -> Tensor:
    """The sum is linear: no activation after it."""
    x, wide = flat_image(pen, batch, channels, size), growth * channels
    h = conv_norm(x, "up", wide, 1).relu6()
    h = conv_norm(h, "deep", wide, 3, groups=wide).relu6()
    return x + conv_norm(h, "down", channels, 1)


@declare(
    name="blocks.mobilenet_v3", doc="an inverted residual with a gate and hard swishes",
    sizes=IMAGE, source="MobileNetV3, 2019",
)  # fmt: skip
def mobilenet_v3(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """5x5 depthwise."""
    x, wide = flat_image(pen, batch, channels, size), 3 * channels
    h = conv_norm(x, "up", wide, 1).hard_swish()
    h = squeezed(conv_norm(h, "deep", wide, 5, groups=wide).hard_swish(), 4)
    return x + conv_norm(h, "down", channels, 1)


@declare(
    name="blocks.mbconv", doc="an inverted residual with squeeze and excitation and swishes",
    sizes={**IMAGE, "growth": (2, 4, 6)},
    published={"batch": 1, "channels": 24, "size": 56, "growth": 6}, source="EfficientNet, 2019",
)  # fmt: skip
def mbconv(pen: Pen, batch: int, channels: int, size: int, growth: int) -> Tensor:
    """The block of EfficientNet."""
    x, wide = flat_image(pen, batch, channels, size), growth * channels
    h = conv_norm(x, "up", wide, 1).silu()
    h = squeezed(conv_norm(h, "deep", wide, 3, groups=wide).silu(), 4 * growth)
    return x + conv_norm(h, "down", channels, 1)


@declare(
    name="blocks.fused_mbconv", doc="an inverted residual with one full 3x3 convolution",
    sizes={**IMAGE, "growth": (2, 4)}, source="EfficientNetV2, 2021",
)  # fmt: skip
def fused_mbconv(pen: Pen, batch: int, channels: int, size: int, growth: int) -> Tensor:
    """What is faster where depthwise convolutions are not."""
    x = flat_image(pen, batch, channels, size)
    h = conv_norm(x, "up", growth * channels, 3).silu()
    return x + conv_norm(h, "down", channels, 1)


@declare(
    name="blocks.shufflenet", doc="half the channels pass, half are convolved, then shuffled",
    sizes=IMAGE, source="ShuffleNet V2, 2018",
)  # fmt: skip
def shufflenet(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """The shuffle is a transposition of channels in two groups."""
    left, h = flat_image(pen, batch, channels, size).parts(2, 1)
    half = channels // 2
    h = conv_norm(h, "in", half, 1).relu()
    h = conv_norm(h, "deep", half, 3, groups=half)
    h = conv_norm(h, "out", half, 1).relu()
    both = pen.concat([left, h], axis=1).view(batch, 2, half, size, size)
    return both.permuted(0, 2, 1, 3, 4).view(batch, channels, size, size)


@declare(
    name="blocks.ghost", doc="half the channels computed, half made of them cheaply", sizes=IMAGE,
    source="GhostNet, 2020",
)  # fmt: skip
def ghost(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """A pointwise convolution, a depthwise one, both kept."""
    x = flat_image(pen, batch, channels, size)
    main = conv_norm(x, "main", channels // 2, 1).relu()
    cheap = conv_norm(main, "cheap", channels // 2, 3, groups=channels // 2).relu()
    return pen.concat([main, cheap], axis=1) + x


@declare(
    name="blocks.repvgg", doc="relu of the sum of a 3x3, a 1x1 and no convolution, each normed",
    sizes=IMAGE, source="RepVGG, 2021",
)  # fmt: skip
def repvgg(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """The training form: three branches that inference may fold into one convolution."""
    x = flat_image(pen, batch, channels, size)
    three = batch_norm(conv(x, "three", channels, 3), "three")
    one = batch_norm(conv(x, "one", channels, 1), "one")
    return (three + one + batch_norm(x, "same")).relu()
