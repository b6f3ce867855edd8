"""Beginnings: small blocks as real programs have them, from which free growth goes on.

A theme declares its inputs and applies a few operators; growth adds, reads, joins and reduces from
there. Each belongs to the category of its most demanding operator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hpctc.core.records import Category
from hpctc.graph.ir import Interval
from hpctc.graph.op import FLOATS
from hpctc.rewrite.growth.moves import move
from hpctc.rewrite.growth.shaped import divisors, weights
from hpctc.rewrite.growth.state import Growth

Theme = Callable[["Ground"], None]

ACTIVATIONS = (
    "relu", "gelu", "gelu_tanh", "silu", "tanh", "sigmoid", "leaky_relu", "elu", "hard_swish",
    "mish", "softplus", "relu6", "softsign",
)  # fmt: skip

DOMAINS = (None, None, Interval(0.0, 1.0), Interval(-2.0, 2.0), Interval(0.125, 4.0))
"""Where the elements of an input may lie; None: the element type's default."""


@dataclass(frozen=True)
class Ground:
    """A graph in its beginning, and how large its extents are."""

    growth: Growth
    scale: float
    """1 for small graphs."""
    dtype: str

    def extent(self, low: int, high: int) -> int:
        """An extent between ``low`` and ``high`` at scale 1; half of them are multiples of 4."""
        rng = self.growth.rng
        drawn = max(2, round(rng.randint(low, high) * self.scale))
        return drawn - drawn % 4 if drawn > 8 and rng.random() < 0.5 else drawn

    def input(self, stem: str, *shape: int, domain: Interval | None = None) -> str:
        """A new parameter of the ground's element type."""
        return self.growth.input(stem, shape, self.dtype, domain)

    def activation(self, x: str | None) -> str | None:
        """``x`` through one of the usual activations."""
        return self.growth.op(self.growth.rng.choice(ACTIVATIONS), x)

    def chance(self, p: float) -> bool:
        """True with probability ``p``."""
        return self.growth.rng.random() < p

    def keep(self, new: str | None, old: str) -> str:
        """The new value, or the old one where the new one was not sound."""
        return new if new is not None else old


def anything(g: Ground) -> None:
    """One to three inputs of shapes that broadcast; everything else is free growth."""
    rng = g.growth.rng
    rank = rng.choice((1, 2, 2, 3, 3, 4, 4, 5))
    ranges = {1: (64, 4096), 2: (8, 96), 3: (4, 24), 4: (2, 12), 5: (2, 6)}[rank]
    shape = [g.extent(*ranges) for _ in range(rank)]
    floats = g.dtype in FLOATS
    g.input("x", *shape, domain=rng.choice(DOMAINS) if floats else None)
    if g.chance(0.5):
        g.input("x", *shape, domain=rng.choice(DOMAINS) if floats else None)
    if g.chance(0.3):
        g.input("b", *shape[rng.randrange(rank) :])


def gated(g: Ground) -> None:
    """A value gated by another: ``a * sigmoid(b)`` and its kin."""
    shape = (g.extent(4, 32), g.extent(16, 128))
    a, b = g.input("a", *shape), g.input("b", *shape)
    g.growth.op("mul", a, g.activation(b))


def distance(g: Ground) -> None:
    """Magnitudes, angles, mixtures of two vectors of coordinates."""
    n = g.extent(128, 4096)
    a, b, t = g.input("p", n), g.input("q", n), g.input("t", n, domain=Interval(0.0, 1.0))
    op = g.growth.op
    if g.chance(0.5):
        op("sqrt", op("add", op("add", op("square", a), op("square", b)), 0.25))
    else:
        op("add", a, op("mul", t, op("sub", b, a)))


def heads(g: Ground) -> None:
    """Features into heads, heads before the sequence."""
    count, size, rows = g.growth.rng.choice((2, 4)), g.extent(4, 16), g.extent(8, 32)
    x = g.input("x", g.extent(1, 4), rows, count * size)
    batch = g.growth.shape(x)[0]
    split = g.growth.op("reshape", x, shape=(batch, rows, count, size))
    g.growth.op("transpose", split, perm=(0, 2, 1, 3))


def shuffle(g: Ground) -> None:
    """Channels of all groups mixed, pixels into channels, or the other way round."""
    groups, width = g.growth.rng.choice((2, 4)), g.extent(1, 4) * 2
    n, side = g.extent(1, 3), g.extent(3, 8) * 2
    x = g.input("x", n, groups * width, side, side)
    if g.chance(0.5):
        move("depth_to_space" if g.chance(0.5) else "space_to_depth")(g.growth, x)
        return
    apart = g.growth.op("reshape", x, shape=(n, groups, width, side, side))
    mixed = g.growth.op("transpose", apart, perm=(0, 2, 1, 3, 4))
    g.growth.op("reshape", mixed, shape=(n, groups * width, side, side))


def joined(g: Ground) -> None:
    """Two tensors put together, rolled or padded."""
    rows, n = g.extent(4, 24), g.extent(8, 64)
    a, b = g.input("a", rows, n), g.input("b", g.extent(4, 24), n)
    both = g.growth.op("concat", a, b, axis=0)
    if both is not None:
        move(g.growth.rng.choice(("roll", "pad", "flip", "slice", "transpose")))(g.growth, both)


def masked(g: Ground) -> None:
    """Values chosen by a comparison or a mask."""
    rows, n = g.extent(4, 32), g.extent(16, 96)
    x, b = g.input("x", rows, n), g.input("b", rows, n)
    if g.chance(0.5):
        condition: str | None = g.growth.op(g.growth.rng.choice(("less", "greater")), x, b)
    else:
        condition = g.growth.input("mask", (rows, n) if g.chance(0.5) else (n,), "bool")
    g.growth.op("where", condition, x, g.growth.op("mul", b, 0.5) if g.chance(0.5) else b)


def embedding(g: Ground) -> None:
    """Rows of a table by their indices, with something added."""
    count, n, rows = g.extent(16, 64), g.extent(8, 48), g.extent(4, 24)
    table = g.input("table", count, n)
    index = g.growth.input("idx", (rows,), "int32", Interval(0.0, count - 1.0))
    found = g.growth.op("take", table, index, axis=0)
    if g.chance(0.6):
        g.growth.op("add", found, g.input("position", rows, n))


def image(g: Ground) -> None:
    """Pixels pooled, enlarged or resized."""
    side = g.extent(6, 16)
    x = g.input("x", g.extent(1, 3), g.extent(2, 6), side, side + g.growth.rng.choice((0, 0, 1)))
    names = ("max_pool2d", "avg_pool2d", "resize2d", "adaptive_avg_pool2d", "take")
    move(g.growth.rng.choice(names))(g.growth, x)


def votes(g: Ground) -> None:
    """The best of each row, counted, compared or looked up."""
    rows, n = g.extent(8, 48), g.extent(8, 64)
    x = g.input("x", rows, n)
    best = g.growth.op(g.growth.rng.choice(("argmax", "argmin")), x, axis=1)
    if g.chance(0.5):
        move("one_hot" if g.chance(0.5) else "less")(g.growth, best or x)


def alarms(g: Ground) -> None:
    """Rows in which something rare happens, or nothing does, told from the others."""
    rows, n = g.extent(12, 64), g.extent(4, 16)
    x = g.input("x", rows, n)
    rare = g.growth.op("greater", x, 0.75)
    if g.chance(0.4):
        rare = g.growth.op("logical_or", rare, g.growth.op("less", x, -0.875))
    if g.chance(0.5):
        found = g.growth.op("any", rare, axes=(1,), keepdims=True)
    else:
        found = g.growth.op("all", g.growth.op("logical_not", rare), axes=(1,), keepdims=True)
    if g.chance(0.7):
        g.growth.op("where", found, x, g.input("b", rows, n))


def normed(g: Ground) -> None:
    """A residual that is normalised, or channels that are."""
    if g.chance(0.5):
        rows, n = g.extent(4, 32), g.extent(16, 96)
        x = g.input("x", rows, n)
        total = g.growth.op("add", x, g.input("r", rows, n)) if g.chance(0.6) else x
        name = g.growth.rng.choice(("layer_norm", "rms_norm"))
        move(name)(g.growth, g.keep(total, x))
        return
    side = g.extent(4, 12)
    x = g.input("x", g.extent(1, 4), g.extent(2, 8) * 2, side, side)
    name = g.growth.rng.choice(("batch_norm", "group_norm", "instance_norm"))
    y = move(name)(g.growth, x)
    g.activation(y)


def loss(g: Ground) -> None:
    """How far two batches of rows are apart: squares, logarithms, angles."""
    rows, n = g.extent(8, 48), g.extent(8, 64)
    a, b = g.input("a", rows, n), g.input("b", rows, n)
    op = g.growth.op
    kind = g.growth.rng.choice(("square", "abs", "cosine", "entropy"))
    if kind == "cosine":
        top = op("sum", op("mul", a, b), axes=(1,))
        norms = [op("add", op("sum", op("square", v), axes=(1,)), 0.5) for v in (a, b)]
        op("mul", top, op("rsqrt", op("mul", *norms)))
    elif kind == "entropy":
        weighed = op("mul", op("softmax", b), op("log_softmax", a))
        op("neg", op("sum", weighed, axes=(1,)))
    else:
        op("mean", op(kind, op("sub", a, b)), axes=(1,) if g.chance(0.6) else ())


def statistics(g: Ground) -> None:
    """Rows summed up: moments, extremes, soft extremes, running sums."""
    x = g.input("x", *(g.extent(4, 24) for _ in range(g.growth.rng.choice((2, 3)))))
    names = ("sum", "mean", "max", "variance", "logsumexp", "softmax", "cumsum", "min")
    move(g.growth.rng.choice(names))(g.growth, x)


def mlp(g: Ground) -> None:
    """One to three layers, each with a bias and an activation, perhaps with a residual."""
    rows, n = g.extent(4, 32), g.extent(16, 64)
    x = g.input("x", rows, n)
    if g.chance(0.3):
        x = g.keep(move(g.growth.rng.choice(("layer_norm", "rms_norm")))(g.growth, x), x)
    start = x
    for _ in range(g.growth.rng.choice((1, 1, 2, 3))):
        k, out = g.growth.shape(x)[-1], n if g.chance(0.4) else g.extent(16, 64)
        if g.chance(0.5):
            y = g.growth.op("matmul", x, g.input("w", k, out, domain=weights(k)))
        else:
            y = g.growth.op("dense", x, g.input("w", out, k, domain=weights(k)))
        if g.chance(0.7):
            y = g.growth.op("add", y, g.input("bias", out))
        x = g.keep(g.activation(y), x)
    if g.growth.shape(x) == g.growth.shape(start) and x != start:
        g.growth.op("add", x, start)


def conv_block(g: Ground) -> None:
    """A convolution with bias or norm, an activation, perhaps a pool or a residual."""
    rank = g.growth.rng.choice((1, 2, 2, 2, 3))
    side = {1: (16, 64), 2: (6, 16), 3: (4, 7)}[rank]
    space = tuple(g.extent(*side) for _ in range(rank))
    channels = g.extent(2, 6) * 2
    x = g.input("x", g.extent(1, 3), channels, *space)
    kernel = g.growth.rng.choice((1, 3, 3))
    groups = channels if g.chance(0.2) else 1
    domain = weights(channels // groups * kernel**rank)
    out = channels if groups > 1 or g.chance(0.4) else g.extent(4, 12)
    w = g.input("w", out, channels // groups, *(kernel,) * rank, domain=domain)
    y = g.growth.op(
        f"conv{rank}d",
        x,
        w,
        stride=(g.growth.rng.choice((1, 1, 2)),) * rank,
        padding=(kernel // 2,) * rank,
        groups=groups,
    )
    if y is None:
        return
    if g.chance(0.4):
        y = g.keep(move(g.growth.rng.choice(("batch_norm", "group_norm")))(g.growth, y), y)
    elif g.chance(0.7):
        y = g.growth.op("add", y, g.input("bias", out, *(1,) * rank))
    y = g.activation(y)
    if y is not None and g.growth.shape(y) == g.growth.shape(x) and g.chance(0.6):
        g.growth.op("add", y, x)
    elif y is not None and g.chance(0.4):
        how = g.growth.rng.choice(("max", "avg"))
        move("global_avg_pool" if g.chance(0.3) else f"{how}_pool{rank}d")(g.growth, y)


def separable(g: Ground) -> None:
    """A kernel for each channel, then channels mixed at each point (Howard et al., 2017)."""
    channels, side = g.extent(2, 6) * 2, g.extent(6, 14)
    x = g.input("x", g.extent(1, 3), channels, side, side)
    depth = g.input("w", channels, 1, 3, 3, domain=weights(9))
    y = g.growth.op("conv2d", x, depth, padding=(1, 1), groups=channels)
    point = g.input("w", g.extent(4, 12), channels, 1, 1, domain=weights(channels))
    g.growth.op("conv2d", g.activation(y), point)


def attention(g: Ground) -> None:
    """Softmax of scaled products, perhaps masked, times values (Vaswani et al., 2017)."""
    batch = (g.extent(1, 3), g.extent(1, 4)) if g.chance(0.5) else (g.extent(1, 6),)
    rows, cols, size = g.extent(6, 24), g.extent(6, 24), g.extent(6, 24)
    q, k = g.input("q", *batch, rows, size), g.input("k", *batch, cols, size)
    swap = (*range(len(batch)), len(batch) + 1, len(batch))
    op = g.growth.op
    scale = float(f"{size**-0.5:.3g}")
    scores = op("mul", op("matmul", q, op("transpose", k, perm=swap)), scale)
    if g.chance(0.4):
        mask = g.growth.input("mask", (rows, cols), "bool")
        scores = op("where", mask, scores, -8.0)
    elif g.chance(0.4):
        scores = op("add", scores, g.input("bias", rows, cols))
    share = op("softmax", scores)
    op("matmul", share, g.input("val", *batch, cols, g.extent(6, 24)))


def gram(g: Ground) -> None:
    """Products of features with features, or a bilinear form."""
    rows, n = g.extent(6, 32), g.extent(6, 32)
    x = g.input("x", rows, n)
    if g.chance(0.5):
        g.growth.op("matmul", x, g.growth.op("transpose", x, perm=(1, 0)))
        return
    middle = g.growth.op("matmul", x, g.input("w", n, n, domain=weights(n)))
    g.growth.op("sum", g.growth.op("mul", middle, g.input("z", rows, n)), axes=(1,))


def deconv(g: Ground) -> None:
    """A transposed convolution that enlarges."""
    rank = g.growth.rng.choice((1, 2, 2))
    side = g.extent(12, 40) if rank == 1 else g.extent(4, 10)
    x = g.input("x", g.extent(1, 3), g.extent(2, 8), *(side,) * rank)
    g.activation(move(f"conv{rank}d_transpose")(g.growth, x))


def squeeze_excite(g: Ground) -> None:
    """Channels weighed by what a small network makes of their means (Hu et al., 2018)."""
    channels, side = g.extent(2, 6) * 2, g.extent(4, 12)
    n = g.extent(1, 4)
    x = g.input("x", n, channels, side, side)
    op, inner = g.growth.op, max(2, channels // 2)
    means = op("mean", x, axes=(2, 3))
    small = op("relu", op("dense", means, g.input("w", inner, channels, domain=weights(channels))))
    gate = op("sigmoid", op("dense", small, g.input("w", channels, inner, domain=weights(inner))))
    op("mul", x, op("reshape", gate, shape=(n, channels, 1, 1)))


def grouped_heads(g: Ground) -> None:
    """Group attention's products: a batch of matrices against fewer ones."""
    groups = g.growth.rng.choice((2, 4))
    heads_count = groups * g.growth.rng.choice(divisors(4, 4))
    rows, size = g.extent(6, 20), g.extent(6, 20)
    q = g.input("q", heads_count, rows, size)
    k = g.input("k", groups, size, rows)
    apart = g.growth.op("reshape", q, shape=(groups, heads_count // groups, rows, size))
    wide = g.growth.op("expand_dims", k, axes=(1,))
    g.growth.op("matmul", apart, wide)


THEMES: Mapping[Category, tuple[Theme, ...]] = {
    "elementwise": (anything, anything, gated, distance),
    "layout transform": (anything, heads, shuffle, joined),
    "logic intensive": (anything, masked, embedding, image, votes, alarms),
    "reduction": (anything, normed, normed, loss, statistics),
    "compute intensive": (
        mlp, mlp, conv_block, conv_block, separable, attention, gram, deconv, squeeze_excite,
        grouped_heads,
    ),
}  # fmt: skip
"""Category -> the beginnings that may lead to a graph of it."""

ANY_DTYPE = (anything, heads, joined, masked)
"""Themes that mean something for whole numbers, too."""
