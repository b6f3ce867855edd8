"""The seven building blocks of HPCTransEval, written anew from their names and shapes.

HPCTransCompile (arXiv 2506.10401, 2025) publishes the shapes of inputs and outputs. Where these do
not say what is computed, or contradict each other, the block's docstring says what is taken here.
The small sizes are ours; :attr:`~hpctc.families.base.Family.published` gives theirs.
"""

from hpctc.families.base import declare
from hpctc.families.blocks.language import causal_attention, rotary_tables, rotated
from hpctc.families.blocks.layers import in_heads, joined
from hpctc.families.tensor import Pen, Tensor

SOURCE = "HPCTransEval, arXiv 2506.10401, 2025"
EPS = 1e-5


@declare(
    name="published.inception", doc="four branches of convolutions, side by side",
    sizes={"batch": (1,), "size": (8, 16, 32), "width": (4, 8, 16)},
    published={"batch": 1, "size": 128, "width": 16}, source=SOURCE,
)  # fmt: skip
def inception(pen: Pen, batch: int, size: int, width: int) -> Tensor:
    """Inception 3a of GoogLeNet (2015), channels last, weights [height, width, in, out].

    ``width`` is the narrowest branch's: 16 of 192 channels as published.
    """
    channels = 12 * width

    def unit(x: Tensor, name: str, kernel: int, out: int) -> Tensor:
        weight = pen.weight(name, kernel, kernel, x.shape[1], out).permuted(3, 2, 0, 1)
        return x.conv2d(weight, padding=kernel // 2).relu()

    x = pen.input("x", batch, size, size, channels).permuted(0, 3, 1, 2)
    branches = [
        unit(x, "w1", 1, 4 * width),
        unit(unit(x, "w2", 1, 6 * width), "w3", 3, 8 * width),
        unit(unit(x, "w4", 1, width), "w5", 5, 2 * width),
        unit(x.max_pool2d(kernel=3, stride=1, padding=1), "w6", 1, 2 * width),
    ]
    return pen.concat(branches, axis=1).permuted(0, 2, 3, 1)


@declare(
    name="published.gru", doc="a step of GRU with separate weights, and an output layer",
    sizes={
        "batch": (2, 32), "features": (16, 100, 1000), "hidden": (8, 64, 256, 1024),
        "out": (4, 32, 128),
    },
    published={"batch": 2, "features": 1000, "hidden": 256, "out": 128}, source=SOURCE,
)  # fmt: skip
def gru(pen: Pen, batch: int, features: int, hidden: int, out: int) -> Tensor:
    """The gates in the order update, reset, candidate; weights [in, out]."""
    x, h = pen.input("x", batch, features), pen.input("h", batch, hidden)
    weights = [
        (pen.weight(f"wx{g}", features, hidden), pen.weight(f"wh{g}", hidden, hidden),
         pen.weight(f"b{g}", hidden))
        for g in "urc"
    ]  # fmt: skip

    def gate(state: Tensor, which: int) -> Tensor:
        of_x, of_h, bias = weights[which]
        return x @ of_x + state @ of_h + bias

    update, reset = gate(h, 0).sigmoid(), gate(h, 1).sigmoid()
    fresh = gate(reset * h, 2).tanh()
    h = (1.0 - update) * h + update * fresh
    return h @ pen.weight("wo", hidden, out) + pen.weight("bo", out)


@declare(
    name="published.transformer", doc="rotary attention and a perceptron, rms norms before each",
    sizes={
        "batch": (1, 4), "seq": (8, 32, 128, 512), "heads": (2, 4), "dim": (8, 16, 64),
        "inner": (24, 96, 768),
    },
    published={"batch": 1, "seq": 128, "heads": 8, "dim": 64, "inner": 1376}, source=SOURCE,
    tables=lambda sizes: {k: v[None, None] for k, v in rotary_tables(sizes).items()},
)  # fmt: skip
def transformer(pen: Pen, batch: int, seq: int, heads: int, dim: int, inner: int) -> Tensor:
    """A block of Llama with [in, out] weights.

    Published are two weights [512, 1376] and one [1376, 1376] for the perceptron. Three products
    lead from 512 back to 512 if the last one reads its weight transposed; that is taken here.
    """
    width = heads * dim
    x = pen.input("x", batch, seq, width)
    wq, wk, wv, wo = (pen.weight(f"w{n}", width, width) for n in "qkvo")
    up, down = pen.weight("w_up", width, inner), pen.weight("w_down", width, inner)
    middle = pen.weight("w_middle", inner, inner)
    first, second = pen.scale("norm1", width), pen.scale("norm2", width)
    cos, sin = pen.input("cos", 1, 1, seq, dim), pen.input("sin", 1, 1, seq, dim)
    h = x.rms_norm(first)
    q, k = (rotated(in_heads(h @ w, heads), cos, sin) for w in (wq, wk))
    x = x + joined(causal_attention(q, k, in_heads(h @ wv, heads))) @ wo
    y: Tensor = ((x.rms_norm(second) @ up).silu() @ middle).dense(down)
    return x + y


@declare(
    name="published.wavenet", doc="gated dilated convolutions, their skips side by side",
    sizes={"batch": (1, 4), "channels": (8, 16, 32, 64), "length": (20, 50, 200), "layers": (2, 4)},
    published={"batch": 1, "channels": 64, "length": 100, "layers": 4}, source=SOURCE,
)  # fmt: skip
def wavenet(pen: Pen, batch: int, channels: int, length: int, layers: int) -> Tensor:
    """WaveNet (2016); the dilation doubles from layer to layer.

    Each layer has weights [128, 128, 3] twice (filter and gate), [128, 128, 1] (skip) and
    [128, 64, 1], which fits the block's input alone: it feeds that input into every layer.
    """
    wide = 2 * channels
    x = pen.input("x", batch, channels, length)
    h = x.conv1d(pen.weight("w_in", wide, channels, 3), padding=1)
    skips = []
    for i in range(layers):
        h = h + x.conv1d(pen.weight(f"w_feed{i}", wide, channels, 1))
        spread = {"padding": 2**i, "dilation": 2**i}
        main = h.conv1d(pen.weight(f"w_filter{i}", wide, wide, 3), **spread).tanh()
        gate = h.conv1d(pen.weight(f"w_gate{i}", wide, wide, 3), **spread).sigmoid()
        skips.append((main * gate).conv1d(pen.weight(f"w_skip{i}", wide, wide, 1)))
        if i + 1 < layers:
            h = h + skips[-1]
    return pen.concat(skips, axis=1)


def _normed(pen: Pen, x: Tensor, name: str, gamma: Tensor, beta: Tensor) -> Tensor:
    """A norm with one mean and one variance, but a scale and a shift for every element."""
    mean, var = pen.weight(f"mean{name}", 1), pen.scale(f"var{name}", 1)
    return (x - mean) * (var + EPS).rsqrt() * gamma + beta


@declare(
    name="published.resnet", doc="two unpadded convolutions, normed, with a cropped shortcut",
    sizes={"batch": (1, 4), "size": (8, 16, 32, 64, 128), "width": (4, 16, 64)},
    published={"batch": 1, "size": 128, "width": 64}, source=SOURCE,
)  # fmt: skip
def resnet(pen: Pen, batch: int, size: int, width: int) -> Tensor:
    """The image shrinks by two pixels a convolution, so the shortcut is the middle of the first."""

    def stage(x: Tensor, name: str, channels: int, edge: int) -> Tensor:
        y = x.conv2d(pen.weight(f"w{name}", width, channels, 3, 3))
        gamma = pen.scale(f"gamma{name}", 1, width, edge, edge)
        return _normed(pen, y, name, gamma, pen.weight(f"beta{name}", 1, width, edge, edge))

    h = stage(pen.input("x", batch, 3, size, size), "1", 3, size - 2).relu()
    y = stage(h, "2", width, size - 4)
    return (y + h.cut(2, 1, size - 3).cut(3, 1, size - 3)).relu()


@declare(
    name="published.squeeze", doc="a 7x7 convolution and eight fire modules",
    sizes={"batch": (1, 4), "size": (10, 16, 32, 64), "width": (1, 2, 4, 8), "fires": (2, 4)},
    published={"batch": 1, "size": 128, "width": 16, "fires": 8}, source=SOURCE,
)  # fmt: skip
def squeeze(pen: Pen, batch: int, size: int, width: int, fires: int) -> Tensor:
    """SqueezeNet (2016) without its pools, at the published widths, 16 times ``width``.

    The published weights have one input channel ([1, 96, 7, 7] for an image of three) and the
    result two; read as written they leave their arrays. Here channels fit.
    """
    x = pen.input("x", batch, 3, size, size)
    h = x.conv2d(pen.weight("w", 6 * width, 3, 7, 7)).relu()
    for i in range(fires):
        narrow = (i // 2 + 1) * width
        thin = h.conv2d(pen.weight(f"w_thin{i}", narrow, h.shape[1], 1, 1)).relu()
        one = thin.conv2d(pen.weight(f"w_one{i}", 4 * narrow, narrow, 1, 1)).relu()
        three = thin.conv2d(pen.weight(f"w_three{i}", 4 * narrow, narrow, 3, 3), padding=1).relu()
        h = pen.concat([one, three], axis=1)
    return h


@declare(
    name="published.depthwise", doc="a depthwise and a pointwise convolution, each normed",
    sizes={"batch": (1, 8), "size": (8, 16, 32, 112, 224), "channels": (3, 16), "times": (3, 4)},
    published={"batch": 1, "size": 128, "channels": 3, "times": 3}, source=SOURCE,
)  # fmt: skip
def depthwise(pen: Pen, batch: int, size: int, channels: int, times: int) -> Tensor:
    """Every channel has ``times`` kernels; the results of one channel share a norm's scale."""
    edge, wide = size - 2, channels * times
    x = pen.input("x", batch, channels, size, size)
    kernel = pen.weight("w1", channels, times, 3, 3).view(wide, 1, 3, 3)
    h = x.conv2d(kernel, groups=channels).view(batch, channels, times, edge, edge)
    gamma, beta = (
        make(name, 1, channels, edge, edge).view(1, channels, 1, edge, edge)
        for make, name in ((pen.scale, "gamma1"), (pen.weight, "beta1"))
    )
    h = _normed(pen, h, "1", gamma, beta).relu().view(batch, wide, edge, edge)
    y = h.conv2d(pen.weight("w2", channels, wide, 1, 1))
    gamma, beta = (
        make(name, 1, channels, edge, edge)
        for make, name in ((pen.scale, "gamma2"), (pen.weight, "beta2"))
    )
    return _normed(pen, y, "2", gamma, beta).relu()
