"""Moves of the operators that sort, address, pack bits, trade axes and transform."""

import math

from hpctc.graph import ops
from hpctc.graph.ir import Interval
from hpctc.graph.op import FLOATS
from hpctc.rewrite.growth.moves import MOVES, Move, fitted
from hpctc.rewrite.growth.shaped import RANKS, divisors, extent, ranked, weights
from hpctc.rewrite.growth.state import Growth

SCALE = Interval(0.5, 1.5)


def _flatten(growth: Growth, x: str) -> str | None:
    rank = len(growth.shape(x))
    return growth.op("flatten", x, axis=growth.rng.randrange(1, rank)) if rank > 2 else None


def _reorg(growth: Growth, x: str) -> str | None:
    return growth.op("reorg", x, stride=2)


def _batch_to_space(growth: Growth, x: str) -> str | None:
    if growth.shape(x)[0] % 2 == 0:
        block = growth.rng.choice(((2, 1), (1, 2), (2, 2)))
        return growth.op("batch_to_space_nd", x, block=block, before=(0, 0), after=(0, 0))
    return None


def _space_to_batch(growth: Growth, x: str) -> str | None:
    block = growth.rng.choice(((2, 2), (1, 2), (2, 1)))
    after = tuple(-n % b for n, b in zip(growth.shape(x)[1:3], block, strict=True))
    return growth.op("space_to_batch_nd", x, block=block, before=(0, 0), after=after)


def _pack(growth: Growth, x: str) -> str | None:
    blocks = divisors(growth.shape(x)[1], 16)
    return growth.op("pack_nchwc", x, block=growth.rng.choice(blocks)) if blocks else None


def _dilate(growth: Growth, x: str) -> str | None:
    rank = len(growth.shape(x))
    if not rank:
        return None
    strides = [1] * rank
    strides[growth.rng.randrange(rank)] = 2
    return growth.op("dilate", x, strides=tuple(strides))


def _mirror_pad(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if not shape or shape[-1] < 3:
        return None
    before, after = ([rng.choice((0, 1)) if n > 2 else 0 for n in shape] for _ in range(2))
    after[-1] = 2
    mode = rng.choice(("symmetric", "reflect"))
    return growth.op("mirror_pad", x, before=tuple(before), after=tuple(after), mode=mode)


def _sorted(name: str, flag: str) -> Move:
    def move(growth: Growth, x: str) -> str | None:
        axes = [a for a, n in enumerate(growth.shape(x)) if n > 2]
        if not axes:
            return None
        axis = axes[-1] if growth.rng.random() < 0.7 else growth.rng.choice(axes)
        attrs = {"axis": axis, flag: growth.rng.random() < 0.5}
        if "topk" in name:
            attrs["k"] = growth.rng.randint(2, max(2, growth.shape(x)[axis] // 2))
        return growth.op(name, x, **attrs)

    return move


def _gather_nd(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if not shape or shape[0] < 2:
        return None
    count = rng.randint(1, min(2, len(shape)))
    last = min(shape[:count]) - 1.0
    index = growth.input("idx", (count, rng.choice((3, 8, 16))), "int32", Interval(0.0, last))
    return growth.op("gather_nd", x, index)


def _scatter_nd(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if not shape or shape[0] < 2:
        return None
    points = rng.choice((3, 5, 8))
    index = growth.input("idx", (1, points), "int32", Interval(0.0, shape[0] - 1.0))
    updates = growth.input("u", (points, *shape[1:]), growth.dtype(x))
    return growth.op("scatter_nd", x, index, updates, mode=rng.choice(("update", "add")))


def _unravel(growth: Growth, x: str) -> str | None:
    high = growth.live[x].interval.high
    if growth.dtype(x) != "int32" or growth.live[x].interval.low < 0 or not 4 <= high < 4096:
        x = growth.input("idx", (growth.rng.choice((8, 16, 32)),), "int32", Interval(0.0, 29.0))
        high = 29.0
    wide = growth.rng.choice((2, 3, 5))
    return growth.op("unravel_index", x, shape=(math.ceil((high + 1) / wide), wide))


def _sequence_mask(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if len(shape) < 2 or shape[1] < 3:
        return None
    lengths = growth.input("lengths", shape[:1], "int32", Interval(1.0, float(shape[1])))
    return growth.op("sequence_mask", x, lengths)


def _set_diagonal(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if len(shape) < 2 or min(shape[-2:]) < 2:
        return None
    diagonal = growth.input("d", (*shape[:-2], min(shape[-2:])), growth.dtype(x))
    return growth.op("matrix_set_diag", x, diagonal)


def _fifo(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if not shape:
        return None
    axis = growth.rng.randrange(len(shape))
    longer = (*shape[:axis], shape[axis] + growth.rng.randint(1, 4), *shape[axis + 1 :])
    return growth.op("fifo_buffer", x, growth.input("queue", longer, growth.dtype(x)), axis=axis)


def _resize3d(growth: Growth, x: str) -> str | None:
    size = tuple(growth.rng.randint(max(2, n // 2), 2 * n) for n in growth.shape(x)[2:])
    return growth.op("resize3d", x, size=size, method=growth.rng.choice(("nearest", "linear")))


def _grid_sample(growth: Growth, x: str) -> str | None:
    batch, _, *space = growth.shape(x)
    size = tuple(extent(growth.rng, n) for n in space)
    grid = growth.input("grid", (batch, 2, *size), growth.dtype(x), Interval(-1.25, 1.25))
    padding = growth.rng.choice(("zeros", "border"))
    return growth.op(
        "grid_sample", x, grid, padding=padding, align_corners=growth.rng.random() < 0.5
    )


def _correlation(growth: Growth, x: str) -> str | None:
    other = growth.input("b", growth.shape(x), growth.dtype(x))
    return growth.op("correlation", x, other, reach=growth.rng.choice((1, 2)))


def _dft(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if not shape or shape[-1] < 3:
        return None
    im = growth.input("im", shape, growth.dtype(x))
    parts = growth.ops("dft", x, im, inverse=growth.rng.random() < 0.5)
    if parts is None:
        return None
    real, imaginary = (growth.op("square", part) for part in parts)  # a power spectrum
    return growth.op("add", real, imaginary)


def _scale_shift(name: str, axes: tuple[int, ...]) -> Move:
    def move(growth: Growth, x: str) -> str | None:
        shape = tuple(growth.shape(x)[a] for a in axes)
        scale = growth.input("gamma", shape, growth.dtype(x), SCALE)
        return growth.op(name, x, scale, growth.input("beta", shape, growth.dtype(x)))

    return move


def _prelu(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if len(shape) < 2:
        return None
    axis = growth.rng.choice((1, len(shape) - 1))
    slope = growth.input("alpha", (shape[axis],), growth.dtype(x), Interval(0.0, 0.5))
    return growth.op("prelu", x, slope, axis=axis)


def _lrn(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if len(shape) < 2 or shape[1] < 3:
        return None
    return growth.op("lrn", x, size=growth.rng.choice((3, 5)), alpha=growth.rng.choice((0.5, 1.0)))


def _batch_matmul(growth: Growth, x: str) -> str | None:
    batch, rows, columns = growth.shape(x)
    turned, other = growth.rng.random() < 0.3, growth.rng.random() < 0.6
    k = rows if turned else columns
    n = extent(growth.rng, k)
    domain = weights(k) if growth.dtype(x) in FLOATS else None
    w = growth.input("w", (batch, n, k) if other else (batch, k, n), growth.dtype(x), domain)
    return growth.op("batch_matmul", x, w, transpose_a=turned, transpose_b=other)


def _sparse_dense(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if not shape or shape[-1] < 4:
        return None
    kept = max(2, shape[-1] // 4)
    size = (extent(growth.rng, shape[-1]), kept)
    values = growth.input("w", size, growth.dtype(x), weights(kept))
    columns = growth.input("idx", size, "int32", Interval(0.0, shape[-1] - 1.0))
    return growth.op("sparse_dense", x, values, columns)


def _binary_dense(growth: Growth, _x: str) -> str | None:
    rng, words = growth.rng, growth.rng.choice((2, 4, 8))
    domain = Interval(0.0, 255.0)
    x = growth.input("words", (rng.choice((4, 8)), words), "int32", domain)
    w = growth.input("w", (rng.choice((6, 12)), words), "int32", domain)
    return growth.op("binary_dense", x, w, bits=8)


def _shift(name: str) -> Move:
    return lambda growth, x: growth.op(name, x, bits=growth.rng.choice((1, 1, 2)))


def _bitpack(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    words = divisors(shape[-1], 16) if shape else []
    x_or_none = fitted(growth, x, ops.get("bitpack").domain_of(0)) if words else None
    return growth.op("bitpack", x_or_none, planes=2, word=growth.rng.choice(words or [1]))


def _nll_loss(growth: Growth, x: str) -> str | None:
    rows, classes = growth.shape(x)
    if min(rows, classes) < 2:
        return None
    target = growth.input("label", (rows,), "int32", Interval(0.0, classes - 1.0))
    weight = growth.input("weight", (classes,), growth.dtype(x), SCALE)
    how = growth.rng.choice(("mean", "sum", "none"))
    return growth.op("nll_loss", x, target, weight, reduction=how)


def _adaptive(growth: Growth, x: str) -> str | None:
    size = tuple(growth.rng.randint(1, max(1, n - 1)) for n in growth.shape(x)[2:])
    return growth.op("adaptive_max_pool2d", x, size=size)


def _global(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    return growth.op("global_max_pool", x) if math.prod(shape[2:]) > 1 else None


OF_RANK: dict[str, tuple[int, Move]] = {
    "reorg": (4, _reorg),
    "batch_to_space_nd": (4, _batch_to_space),
    "space_to_batch_nd": (4, _space_to_batch),
    "pack_nchwc": (4, _pack),
    "unpack_nchwc": (5, lambda growth, x: growth.op("unpack_nchwc", x)),
    "resize3d": (5, _resize3d),
    "grid_sample": (4, _grid_sample),
    "correlation": (4, _correlation),
    "scale_shift_nchw": (4, _scale_shift("scale_shift_nchw", (1,))),
    "scale_shift_nchwc": (5, _scale_shift("scale_shift_nchwc", (1, 4))),
    "batch_matmul": (3, _batch_matmul),
    "nll_loss": (2, _nll_loss),
    "adaptive_max_pool2d": (4, _adaptive),
}

RANKS.update({name: rank for name, (rank, _) in OF_RANK.items()})

MOVES.update({name: ranked(rank, move) for name, (rank, move) in OF_RANK.items()})
MOVES.update(
    {
        "flatten": _flatten,
        "dilate": _dilate,
        "mirror_pad": _mirror_pad,
        "sort": _sorted("sort", "descending"),
        "argsort": _sorted("argsort", "descending"),
        "topk": _sorted("topk", "largest"),
        "argtopk": _sorted("argtopk", "largest"),
        "gather_nd": _gather_nd,
        "scatter_nd": _scatter_nd,
        "unravel_index": _unravel,
        "sequence_mask": _sequence_mask,
        "matrix_set_diag": _set_diagonal,
        "fifo_buffer": _fifo,
        "dft": _dft,
        "prelu": _prelu,
        "lrn": _lrn,
        "sparse_dense": _sparse_dense,
        "binary_dense": _binary_dense,
        "left_shift": _shift("left_shift"),
        "right_shift": _shift("right_shift"),
        "bitpack": _bitpack,
        "global_max_pool": _global,
        "shape": lambda growth, x: None,  # no input matters to it
    }
)
