"""Blocks of image networks."""

import numpy as np

from hpctc.families.attention import attend, scores
from hpctc.families.base import Sizes, Tables, declare, float32
from hpctc.families.blocks.layers import (
    conv,
    conv_norm,
    flat_image,
    in_heads,
    joined,
    layer_norm,
    linear,
    squeezed,
)
from hpctc.families.tensor import Pen, Tensor

IMAGE = {"batch": (1, 2), "channels": (8, 32, 64, 128, 256), "size": (8, 16, 32, 56, 112)}


@declare(
    name="blocks.resnet_basic", doc="relu(x + two 3x3 convolutions)", sizes=IMAGE,
    published={"batch": 1, "channels": 64, "size": 56}, source="ResNet, 2016",
)  # fmt: skip
def resnet_basic(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """The block of ResNet-18."""
    x = flat_image(pen, batch, channels, size)
    h = conv_norm(x, "1", channels, 3).relu()
    return (conv_norm(h, "2", channels, 3) + x).relu()


@declare(
    name="blocks.resnet_bottleneck", doc="relu(shortcut + 1x1, 3x3, 1x1), halving the image",
    sizes=IMAGE, published={"batch": 1, "channels": 256, "size": 56}, source="ResNet, 2016",
)  # fmt: skip
def resnet_bottleneck(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """The first block of a stage of ResNet-50: it halves the image and doubles the channels."""
    x = flat_image(pen, batch, channels, size)
    h = conv_norm(x, "down", channels // 2, 1).relu()
    h = conv_norm(h, "deep", channels // 2, 3, stride=2).relu()
    shortcut = conv_norm(x, "short", 2 * channels, 1, stride=2)
    return (conv_norm(h, "up", 2 * channels, 1) + shortcut).relu()


@declare(
    name="blocks.resnext", doc="a bottleneck whose 3x3 convolution has groups",
    sizes={**IMAGE, "groups": (4, 8)}, source="ResNeXt, 2017",
)  # fmt: skip
def resnext(pen: Pen, batch: int, channels: int, size: int, groups: int) -> Tensor:
    """Cardinality instead of width."""
    x = flat_image(pen, batch, channels, size)
    h = conv_norm(x, "down", channels, 1).relu()
    h = conv_norm(h, "deep", channels, 3, groups=groups).relu()
    return (conv_norm(h, "up", channels, 1) + x).relu()


@declare(
    name="blocks.vgg", doc="two 3x3 convolutions and a max pool", sizes=IMAGE,
    published={"batch": 1, "channels": 64, "size": 224}, source="VGG, 2015",
)  # fmt: skip
def vgg(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """A stage of VGG-16."""
    x = flat_image(pen, batch, channels, size)
    for name in "12":
        bias = pen.weight(f"b_{name}", channels, 1, 1)
        x = (conv(x, name, channels, 3) + bias).relu()
    return x.max_pool2d(kernel=2, stride=2)


@declare(
    name="blocks.densenet", doc="layers that each see all channels before them",
    sizes={**IMAGE, "layers": (2, 3, 4), "growth": (4, 12, 32)}, source="DenseNet, 2017",
)  # fmt: skip
def densenet(pen: Pen, batch: int, channels: int, size: int, layers: int, growth: int) -> Tensor:
    """A dense block; the norms come after the convolutions, as inference folds them."""
    seen = [flat_image(pen, batch, channels, size)]
    for layer in range(layers):
        x = pen.concat(seen, axis=1)
        h = conv_norm(x, f"{layer}_narrow", 4 * growth, 1).relu()
        seen.append(conv_norm(h, f"{layer}", growth, 3).relu())
    return pen.concat(seen, axis=1)


@declare(
    name="blocks.unet", doc="a level of UNet: down, up by a transposed convolution, joined",
    sizes=IMAGE, source="U-Net, 2015",
)  # fmt: skip
def unet(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """One contraction, the bottom, one expansion with the skip connection."""
    skip = conv(flat_image(pen, batch, channels, size), "in", channels, 3).relu()
    low = skip.max_pool2d(kernel=2, stride=2)
    low = conv(low, "bottom", 2 * channels, 3).relu()
    up = low.conv2d_transpose(pen.weight("w_up", 2 * channels, channels, 2, 2), stride=2)
    return conv(pen.concat([skip, up], axis=1), "out", channels, 3).relu()


@declare(
    name="blocks.unet_resized", doc="a level of UNet whose expansion is bilinear", sizes=IMAGE,
    source="Deconvolution and Checkerboard Artifacts, 2016",
)  # fmt: skip
def unet_resized(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """Resize, then convolve: no checkerboard."""
    skip = conv(flat_image(pen, batch, channels, size), "in", channels, 3).relu()
    low = skip.avg_pool2d(kernel=2, stride=2)
    low = conv(low, "bottom", channels, 3).relu()
    up = low.resize2d(size=(size, size), method="linear")
    return conv(pen.concat([skip, up], axis=1), "out", channels, 3).relu()


@declare(
    name="blocks.aspp", doc="parallel convolutions of growing dilation, and the image's mean",
    sizes=IMAGE, source="DeepLabv3, 2017",
)  # fmt: skip
def aspp(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """Atrous spatial pyramid pooling at rates 1, 2 and 4."""
    x = flat_image(pen, batch, channels, size)
    found = [conv(x, "point", channels, 1).relu()]
    found += [conv(x, f"rate{r}", channels, 3, dilation=r).relu() for r in (1, 2, 4)]
    mean = conv(x.global_avg_pool(), "mean", channels, 1).relu()
    found.append(mean.broadcast_to(shape=(batch, channels, size, size)))
    return conv(pen.concat(found, axis=1), "out", channels, 1).relu()


@declare(
    name="blocks.fpn", doc="a coarse and a fine map merged top down", sizes=IMAGE,
    source="Feature Pyramid Networks, 2017",
)  # fmt: skip
def fpn(pen: Pen, batch: int, channels: int, size: int) -> tuple[Tensor, Tensor]:
    """Two levels of the pyramid."""
    fine = flat_image(pen, batch, channels, size)
    coarse = pen.input("coarse", batch, 2 * channels, size // 2, size // 2)
    top = conv(coarse, "lateral_coarse", channels, 1)
    merged = conv(fine, "lateral_fine", channels, 1) + top.upsample2d(scale=2)
    return conv(merged, "smooth_fine", channels, 3), conv(top, "smooth_coarse", channels, 3)


@declare(
    name="blocks.squeeze_excite", doc="channels scaled by what the whole image says", sizes=IMAGE,
    source="Squeeze-and-Excitation, 2018",
)  # fmt: skip
def squeeze_excite(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """Two small products and a gate."""
    return squeezed(flat_image(pen, batch, channels, size), 4)


@declare(
    name="blocks.cbam", doc="attention over channels, then over places", sizes=IMAGE,
    source="CBAM, 2018",
)  # fmt: skip
def cbam(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """Means and maxima, through shared weights."""
    x = flat_image(pen, batch, channels, size)
    down = pen.weight("w_down", channels // 4, channels)
    up = pen.weight("w_up", channels, channels // 4)
    said = [each.dense(down).relu().dense(up) for each in (x.mean(axes=(2, 3)), x.max(axes=(2, 3)))]
    x = x * (said[0] + said[1]).sigmoid().view(batch, channels, 1, 1)
    places = [x.mean(axes=(1,), keepdims=True), x.max(axes=(1,), keepdims=True)]
    return x * conv(pen.concat(places, axis=1), "place", 1, 7).sigmoid()


@declare(
    name="blocks.convnext", doc="a 7x7 depthwise convolution and a perceptron on each pixel",
    sizes=IMAGE, published={"batch": 1, "channels": 96, "size": 56}, source="ConvNeXt, 2022",
)  # fmt: skip
def convnext(pen: Pen, batch: int, channels: int, size: int) -> Tensor:
    """Channels are last for the norm and the perceptron."""
    x = flat_image(pen, batch, channels, size)
    h = layer_norm(conv(x, "deep", channels, 7, groups=channels).permuted(0, 2, 3, 1), "n")
    h = linear(linear(h, "up", 4 * channels).gelu(), "down", channels) * pen.weight("s", channels)
    return x + h.permuted(0, 3, 1, 2)


TOKENS = {"batch": (1, 2), "seq": (16, 49, 64, 196), "heads": (2, 4), "dim": (8, 16, 64)}


def self_attention(x: Tensor, heads: int, name: str = "") -> Tensor:
    """Attention of a sequence to itself, with its projections."""
    width = x.shape[-1]
    q, k, v = (in_heads(part, heads) for part in linear(x, f"qkv{name}", 3 * width).parts(3, 2))
    return linear(joined(attend(q, k, v)), f"proj{name}", width)


@declare(
    name="blocks.vit", doc="attention and a perceptron, norms before each", sizes=TOKENS,
    published={"batch": 1, "seq": 196, "heads": 12, "dim": 64}, source="ViT, 2021",
)  # fmt: skip
def vit(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """An encoder block."""
    x = pen.input("x", batch, seq, heads * dim)
    x = x + self_attention(layer_norm(x, "1"), heads)
    h = linear(layer_norm(x, "2"), "up", 4 * heads * dim).gelu()
    return x + linear(h, "down", heads * dim)


@declare(
    name="blocks.mixer", doc="perceptrons over places, then over channels", sizes=TOKENS,
    source="MLP-Mixer, 2021",
)  # fmt: skip
def mixer(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """No attention: the places are mixed by a product."""
    x = pen.input("x", batch, seq, heads * dim)
    h = layer_norm(x, "1").turned()
    x = x + linear(linear(h, "places_up", 2 * seq).gelu(), "places_down", seq).turned()
    h = linear(layer_norm(x, "2"), "up", 4 * heads * dim).gelu()
    return x + linear(h, "down", heads * dim)


@declare(
    name="blocks.patch_embedding", doc="an image cut into patches, each a token, and a class token",
    sizes={
        "batch": (1, 2), "grid": (2, 4, 14, 28), "patch": (4, 8, 16), "width": (16, 64, 192, 384),
    },
    published={"batch": 1, "grid": 14, "patch": 16, "width": 768}, source="ViT, 2021",
)  # fmt: skip
def patch_embedding(pen: Pen, batch: int, grid: int, patch: int, width: int) -> Tensor:
    """A convolution whose stride is its kernel."""
    x = pen.input("x", batch, 3, grid * patch, grid * patch)
    tokens = x.conv2d(pen.weight("w", width, 3, patch, patch), stride=patch)
    rows = tokens.view(batch, width, grid * grid).turned()
    first = pen.weight("first", 1, 1, width)
    head = first if batch == 1 else first.tile(reps=(batch, 1, 1))
    return pen.concat([head, rows], axis=1) + pen.weight("place", 1, grid * grid + 1, width)


def rolled_apart(sizes: Sizes) -> Tables:
    """The mask of shifted windows, [windows, 1, places, places]: 1 where two are far apart."""
    windows, window = sizes["windows"], sizes["window"]
    side, shift = windows * window, window // 2
    # Rolling brings the first rows behind the last ones: the last window holds both.
    band = np.searchsorted([side - window, side - shift], np.arange(side), side="right")
    label = band[:, None] * 3 + band
    cut = label.reshape(windows, window, windows, window).swapaxes(1, 2)
    flat = cut.reshape(windows * windows, 1, window * window)
    return {"mask": float32(flat[..., :, None] != flat[..., None, :])}


@declare(
    name="blocks.swin", doc="attention inside shifted windows, with a bias by relative place",
    sizes={"batch": (1, 2), "windows": (2, 4), "window": (4, 7), "heads": (2, 3), "dim": (8, 32)},
    published={"batch": 1, "windows": 8, "window": 7, "heads": 3, "dim": 32},
    source="Swin Transformer, 2021", tables=rolled_apart,
)  # fmt: skip
def swin(pen: Pen, batch: int, windows: int, window: int, heads: int, dim: int) -> Tensor:
    """The image is rolled by half a window, cut into windows, and rolled back.

    ``bias`` is a table of relative places that has been looked up; ``mask`` is 1 where rolling
    has made neighbours of what is none.
    """
    side, area, width, shift = windows * window, window * window, heads * dim, window // 2
    x = pen.input("x", batch, side, side, width)
    h = layer_norm(x, "1").roll(shift=-shift, axis=1).roll(shift=-shift, axis=2)
    h = h.view(batch, windows, window, windows, window, width).permuted(0, 1, 3, 2, 4, 5)
    tokens = h.view(batch * windows * windows, area, width)
    q, k, v = (in_heads(part, heads) for part in linear(tokens, "qkv", 3 * width).parts(3, 2))
    seen = scores(q, k) + pen.weight("bias", heads, area, area)
    seen = seen.view(batch, windows * windows, heads, area, area)
    hidden = pen.input("mask", windows * windows, 1, area, area, low=0, high=1)
    seen = hidden.greater(0.5).where(seen.filled(-100.0), seen).view(*q.shape[:2], area, area)
    y = linear(joined(seen.softmax(axis=-1) @ v), "proj", width)
    y = y.view(batch, windows, windows, window, window, width).permuted(0, 1, 3, 2, 4, 5)
    y = y.view(batch, side, side, width).roll(shift=shift, axis=1).roll(shift=shift, axis=2)
    x = x + y
    return x + linear(linear(layer_norm(x, "2"), "up", 4 * width).gelu(), "down", width)
