"""Moves of the operators that look at shapes: reductions, norms, products, windows, layout."""

import math
import random
from collections.abc import Callable

from hpctc.graph.ir import Interval
from hpctc.graph.op import FLOATS
from hpctc.rewrite.growth.moves import MOVES, Move
from hpctc.rewrite.growth.state import Growth


def weights(fan: int) -> Interval:
    """The domain of weights of which ``fan`` products are added up: results stay near one."""
    bound = float(f"{min(1.0, 1.7 / math.sqrt(fan)):.2g}")
    return Interval(-bound, bound)


def divisors(n: int, most: int) -> list[int]:
    """The divisors of ``n`` from 2 to ``most``."""
    return [d for d in range(2, min(n, most) + 1) if n % d == 0]


def some_axes(rng: random.Random, rank: int) -> tuple[int, ...]:
    """At least one axis of ``rank``; often the last."""
    if rank == 1 or rng.random() < 0.4:
        return (rank - 1,)
    return tuple(sorted(rng.sample(range(rank), rng.randint(1, rank))))


MOST_FACTORS = 16
"""In a grown product: of more, nothing is left or everything overflows."""


def _reduce(name: str) -> Move:
    def reduce(growth: Growth, x: str) -> str | None:
        shape = growth.shape(x)
        if not shape:
            return None
        axes = some_axes(growth.rng, len(shape))
        count = math.prod(shape[a] for a in axes)
        if count < 2 or (name == "prod" and count > MOST_FACTORS):
            return None
        return growth.op(name, x, axes=axes, keepdims=growth.rng.random() < 0.4)

    return reduce


def _quantify(name: str) -> Move:
    """Any or all along one short axis: of many truth values the answer would be known."""

    def quantify(growth: Growth, x: str) -> str | None:
        extents = [(n, a) for a, n in enumerate(growth.shape(x)) if n > 1]
        if not extents:
            return None
        keep = growth.rng.random() < 0.4
        return growth.op(name, x, axes=(min(extents)[1],), keepdims=keep)

    return quantify


ALONG = ("softmax", "fast_softmax", "log_softmax", "cumsum", "cumprod", "argmax", "argmin")


def _along(name: str) -> Move:
    def along(growth: Growth, x: str) -> str | None:
        shape = growth.shape(x)
        most = MOST_FACTORS if name == "cumprod" else math.inf
        axes = [a for a, n in enumerate(shape) if 1 < n <= most]
        if not axes:
            return None
        axis = axes[-1] if growth.rng.random() < 0.5 else growth.rng.choice(axes)
        return growth.op(name, x, axis=axis)

    return along


def _norm(name: str, least: int) -> Move:
    """A norm with a new scale and shift; ``least`` is the smallest rank it is grown at."""

    def norm(growth: Growth, x: str) -> str | None:
        shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
        if len(shape) < least:
            return None
        extents = (
            shape[1:2] if name in ("group_norm", "instance_norm", "batch_norm") else shape[-1:]
        )
        scale, spread = Interval(0.5, 1.5), Interval(0.5, 1.5)
        args = [x, growth.input("gamma", extents, dtype, scale)]
        if name != "rms_norm":
            args.append(growth.input("beta", extents, dtype))
        if name == "batch_norm":
            args.append(growth.input("mean", extents, dtype, Interval(-0.5, 0.5)))
            args.append(growth.input("var", extents, dtype, spread))
        if name == "group_norm":
            return growth.op(name, *args, groups=rng.choice([1, *divisors(shape[1], 8)]))
        return growth.op(name, *args)

    return norm


def _matmul(growth: Growth, x: str) -> str | None:
    shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
    if len(shape) < 2 or dtype not in FLOATS:
        return None
    k = shape[-1]
    other = growth.some(
        lambda v: (
            v.type.dtype == dtype
            and len(v.type.shape) >= 2
            and v.type.shape[-2] == k
            and v.type.shape[:-2] in ((), shape[:-2])
        ),
    )
    if other is None or rng.random() < 0.6:
        batch = shape[:-2] if rng.random() < 0.3 else ()
        other = growth.input("w", (*batch, k, extent(rng, k)), dtype, weights(k))
    return growth.op("matmul", x, other)


def _dense(growth: Growth, x: str) -> str | None:
    shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
    if not shape:
        return None
    domain = weights(shape[-1]) if dtype in FLOATS else None
    return growth.op(
        "dense", x, growth.input("w", (extent(rng, shape[-1]), shape[-1]), dtype, domain)
    )


def extent(rng: random.Random, near: int) -> int:
    """A new extent in the neighbourhood of another."""
    wanted = float(near * 2.0 ** rng.uniform(-1, 1))
    return max(2, round(wanted / 4) * 4 if wanted > 8 else round(wanted))


def _conv(rank: int) -> Move:
    def conv(growth: Growth, x: str) -> str | None:
        shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
        if len(shape) != rank + 2:
            return None
        kernel = tuple(rng.choice([k for k in (1, 3, 3, 5) if k <= n]) for n in shape[2:])
        same = rng.random() < 0.7
        dilation = (2,) * rank if rng.random() < 0.15 else (1,) * rank
        padding = tuple(d * (k // 2) if same else 0 for k, d in zip(kernel, dilation, strict=True))
        stride = (2,) * rank if rng.random() < 0.25 else (1,) * rank
        channels = shape[1]
        groups = channels if rng.random() < 0.25 else 1
        if groups == 1 and rng.random() < 0.2:
            groups = rng.choice([1, *divisors(channels, 4)])
        out = channels if groups > 1 else extent(rng, channels)
        inner = channels // groups
        domain = weights(inner * math.prod(kernel))
        w = growth.input("w", (out, inner, *kernel), dtype, domain)
        return growth.op(
            f"conv{rank}d", x, w, stride=stride, padding=padding, dilation=dilation, groups=groups
        )

    return conv


def _transposed_conv(rank: int) -> Move:
    def conv(growth: Growth, x: str) -> str | None:
        shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
        if len(shape) != rank + 2:
            return None
        kernel, stride = rng.choice((2, 3, 4)), rng.choice((1, 2))
        padding = rng.randint(0, (kernel - 1) // 2)
        extra = rng.randint(0, stride - 1)
        domain = weights(shape[1] * kernel**rank // stride**rank)
        w = growth.input("w", (shape[1], extent(rng, shape[1]), *(kernel,) * rank), dtype, domain)
        return growth.op(
            f"conv{rank}d_transpose",
            x,
            w,
            stride=(stride,) * rank,
            padding=(padding,) * rank,
            output_padding=(extra,) * rank,
        )

    return conv


def _pool(how: str, rank: int) -> Move:
    def pool(growth: Growth, x: str) -> str | None:
        shape, rng = growth.shape(x), growth.rng
        if len(shape) != rank + 2 or min(shape[2:]) < 2:
            return None
        kernel = rng.choice([k for k in (2, 2, 3) if k <= min(shape[2:])])
        attrs = {
            "kernel": (kernel,) * rank,
            "stride": (rng.choice((1, kernel)),) * rank,
            "padding": (rng.choice((0, 0, kernel // 2)),) * rank,
        }
        if how == "avg" and rng.random() < 0.3:
            return growth.op(f"avg_pool{rank}d", x, **attrs, count_include_pad=True)
        return growth.op(f"{how}_pool{rank}d", x, **attrs)

    return pool


def _adaptive(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if len(shape) != 4:
        return None
    return growth.op(
        "adaptive_avg_pool2d",
        x,
        size=tuple(growth.rng.randint(1, max(1, n - 1)) for n in shape[2:]),
    )


def _global(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    return growth.op("global_avg_pool", x) if math.prod(shape[2:]) > 1 else None


RANKS = {
    **{f"{name}{r}d": r + 2 for name in ("conv", "max_pool", "avg_pool") for r in (1, 2, 3)},
    **{f"conv{r}d_transpose": r + 2 for r in (1, 2)},
    **dict.fromkeys(
        ("adaptive_avg_pool2d", "depth_to_space", "space_to_depth", "upsample2d", "resize2d"), 4
    ),
}
"""Operators that take one rank only."""


def lifted(growth: Growth, x: str, rank: int) -> str | None:
    """``x`` with one axis folded into two, or two into one, if that makes the rank."""
    shape = growth.shape(x)
    if len(shape) == rank:
        return x
    if len(shape) == rank + 1:
        return growth.op("reshape", x, shape=(shape[0], shape[1] * shape[2], *shape[3:]))
    cuts = [(a, d) for a, n in enumerate(shape) for d in divisors(n, n // 2) if n // d > 1]
    if len(shape) != rank - 1 or not cuts:
        return None
    axis, d = growth.rng.choice(cuts)
    return growth.op("reshape", x, shape=(*shape[:axis], shape[axis] // d, d, *shape[axis + 1 :]))


def ranked(rank: int, move: Callable[[Growth, str], str | None]) -> Move:
    """A move for values of one rank only."""
    return lambda growth, x: move(growth, x) if len(growth.shape(x)) == rank else None


MOVES.update(
    {
        **{
            n: _reduce(n)
            for n in (
                "sum", "mean", "prod", "max", "min", "variance", "logsumexp",
            )
        },
        **{n: _along(n) for n in ALONG},
        **{n: _norm(n, 3) for n in ("group_norm", "instance_norm")},
        **{n: _norm(n, 2) for n in ("layer_norm", "rms_norm", "batch_norm")},
        **{f"conv{r}d": _conv(r) for r in (1, 2, 3)},
        **{f"conv{r}d_transpose": _transposed_conv(r) for r in (1, 2)},
        **{f"{how}_pool{r}d": _pool(how, r) for how in ("max", "avg") for r in (1, 2, 3)},
        **{n: _quantify(n) for n in ("any", "all")},
        "matmul": _matmul,
        "dense": _dense,
        "adaptive_avg_pool2d": _adaptive,
        "global_avg_pool": _global,
    }
)  # fmt: skip
