"""Moves of the operators that move elements, join and cut, gather and resize."""

import math

from hpctc.graph.ir import Interval
from hpctc.rewrite.growth.moves import MOVES, Move
from hpctc.rewrite.growth.shaped import divisors, ranked
from hpctc.rewrite.growth.state import Growth


def _transpose(growth: Growth, x: str) -> str | None:
    rank = len(growth.shape(x))
    if rank < 2:
        return None
    perm = list(range(rank))
    while perm == sorted(perm):
        growth.rng.shuffle(perm)
    return growth.op("transpose", x, perm=tuple(perm))


def _reshape(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if len(shape) >= 2 and rng.random() < 0.6:
        at = rng.randrange(len(shape) - 1)
        return growth.op(
            "reshape", x, shape=(*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :])
        )
    cuts = [(a, d) for a, n in enumerate(shape) for d in divisors(n, n - 1)]
    if not cuts or len(shape) > 4:
        return None
    at, d = rng.choice(cuts)
    return growth.op("reshape", x, shape=(*shape[:at], shape[at] // d, d, *shape[at + 1 :]))


def _broadcast_to(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    wide = tuple(growth.rng.choice((2, 3, 4, 8)) if n == 1 else n for n in shape)
    if wide == shape:
        wide = (growth.rng.choice((2, 3, 4)), *shape)
    return growth.op("broadcast_to", x, shape=wide)


def _concat(growth: Growth, x: str) -> str | None:
    shape, dtype, rng = growth.shape(x), growth.dtype(x), growth.rng
    if not shape:
        return None
    axis = rng.randrange(len(shape))

    def fits(other: tuple[int, ...]) -> bool:
        rest = [n for i, n in enumerate(other) if i != axis]
        return len(other) == len(shape) and rest == [n for i, n in enumerate(shape) if i != axis]

    other = growth.some(lambda v: v.type.dtype == dtype and fits(v.type.shape))
    if other is None or other == x:
        extra = (*shape[:axis], rng.randint(1, 4), *shape[axis + 1 :])
        other = growth.input("z", extra, dtype)
    return growth.op("concat", x, other, axis=axis)


def _stack(growth: Growth, x: str) -> str | None:
    kind = growth.live[x].type
    other = growth.some(lambda v: v.type == kind and v is not growth.live[x])
    if other is None:
        other = growth.input("z", kind.shape, kind.dtype)
    return growth.op("stack", x, other, axis=growth.rng.randint(0, len(kind.shape)))


def _split(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    cuts = [(a, d) for a, n in enumerate(shape) for d in divisors(n, 4)]
    if not cuts:
        return None
    axis, parts = rng.choice(cuts)
    made = growth.ops("split", x, parts=parts, axis=axis)
    if made is None:
        return None
    # All parts must be read: fold them into one value.
    value: str | None = made[0]
    for part in made[1:]:
        how = rng.choice(("add", "mul", "maximum", "sub"))
        if growth.dtype(x) == "bool":
            how = "logical_xor"
        value = growth.op(how, value, part)
    return value


def _pad(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if not shape:
        return None
    before, after = ([rng.choice((0, 0, 1, 2)) for _ in shape] for _ in range(2))
    after[-1] = max(after[-1], 1)
    value = rng.choice((0.0, 0.0, 1.0))
    return growth.op("pad", x, before=tuple(before), after=tuple(after), value=value)


def _slice(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    if not shape or max(shape) < 3:
        return None
    begin, end, step = [], [], []
    for n in shape:
        low = rng.randint(0, n // 3) if n > 2 else 0
        high = n - (rng.randint(0, n // 4) if n > 3 else 0)
        begin.append(low)
        end.append(high)
        step.append(2 if high - low > 3 and rng.random() < 0.3 else 1)
    return growth.op("slice", x, begin=tuple(begin), end=tuple(end), step=tuple(step))


def _flip(growth: Growth, x: str) -> str | None:
    axes = [a for a, n in enumerate(growth.shape(x)) if n > 1]
    if not axes:
        return None
    return growth.op("flip", x, axes=tuple(sorted(growth.rng.sample(axes, 1))))


def _squeeze(growth: Growth, x: str) -> str | None:
    axes = [a for a, n in enumerate(growth.shape(x)) if n == 1]
    return growth.op("squeeze", x, axes=(growth.rng.choice(axes),)) if axes else None


def _expand_dims(growth: Growth, x: str) -> str | None:
    rank = len(growth.shape(x))
    return None if rank > 4 else growth.op("expand_dims", x, axes=(growth.rng.randint(0, rank),))


def _tile(growth: Growth, x: str) -> str | None:
    shape = growth.shape(x)
    if not shape:
        return None
    at = growth.rng.randrange(len(shape))
    return growth.op("tile", x, reps=tuple(2 if i == at else 1 for i in range(len(shape))))


def _repeat(growth: Growth, x: str) -> str | None:
    rank = len(growth.shape(x))
    if not rank:
        return None
    axis = growth.rng.randrange(rank)
    return growth.op("repeat", x, repeats=growth.rng.choice((2, 3)), axis=axis)


def _roll(growth: Growth, x: str) -> str | None:
    axes = [a for a, n in enumerate(growth.shape(x)) if n > 1]
    if not axes:
        return None
    axis = growth.rng.choice(axes)
    shift = growth.rng.randint(1, growth.shape(x)[axis] - 1)
    return growth.op("roll", x, shift=shift, axis=axis)


def _depth_to_space(growth: Growth, x: str) -> str | None:
    return growth.op("depth_to_space", x, block=2) if growth.shape(x)[1] % 4 == 0 else None


def _upsample(growth: Growth, x: str) -> str | None:
    return growth.op("upsample2d", x, scale=growth.rng.choice(((2, 2), (1, 2), (3, 3))))


def _resize(growth: Growth, x: str) -> str | None:
    size = tuple(growth.rng.randint(max(2, n // 2), 2 * n) for n in growth.shape(x)[2:])
    return growth.op("resize2d", x, size=size, method=growth.rng.choice(("nearest", "linear")))


def _triangle(name: str) -> Move:
    def triangle(growth: Growth, x: str) -> str | None:
        if len(growth.shape(x)) < 2 or min(growth.shape(x)[-2:]) < 2:
            return None
        return growth.op(name, x, k=growth.rng.choice((0, 0, 1, -1)))

    return triangle


def _take(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    axes = [a for a, n in enumerate(shape) if n > 1]
    if not axes:
        return None
    axis = rng.choice((axes[0], rng.choice(axes)))
    rows = growth.input(
        "idx", (rng.choice((3, 5, 8, 16)),), "int32", Interval(0.0, shape[axis] - 1.0)
    )
    return growth.op("take", x, rows, axis=axis)


def _gather_elements(growth: Growth, x: str) -> str | None:
    shape, rng = growth.shape(x), growth.rng
    axes = [a for a, n in enumerate(shape) if n > 1]
    if not axes:
        return None
    axis = rng.choice(axes)
    wanted = (*shape[:axis], max(2, shape[axis] // 2), *shape[axis + 1 :])
    index = growth.input("idx", wanted, "int32", Interval(0.0, shape[axis] - 1.0))
    return growth.op("gather_elements", x, index, axis=axis)


def _one_hot(growth: Growth, x: str) -> str | None:
    live = growth.live[x]
    if live.type.dtype != "int32" or live.interval.low < 0 or live.interval.high > 63:
        if math.prod(live.type.shape) > 64:
            return None
        depth = growth.rng.choice((4, 8, 16))
        x = growth.input("label", live.type.shape[:1], "int32", Interval(0.0, depth - 1.0))
        return growth.op("one_hot", x, depth=depth)
    return growth.op("one_hot", x, depth=int(live.interval.high) + 1)


MOVES.update(
    {
        "transpose": _transpose,
        "reshape": _reshape,
        "broadcast_to": _broadcast_to,
        "concat": _concat,
        "stack": _stack,
        "split": _split,
        "pad": _pad,
        "slice": _slice,
        "flip": _flip,
        "squeeze": _squeeze,
        "expand_dims": _expand_dims,
        "tile": _tile,
        "repeat": _repeat,
        "roll": _roll,
        "depth_to_space": ranked(4, _depth_to_space),
        "space_to_depth": ranked(4, lambda growth, x: growth.op("space_to_depth", x, block=2)),
        "upsample2d": ranked(4, _upsample),
        "resize2d": ranked(4, _resize),
        "tril": _triangle("tril"),
        "triu": _triangle("triu"),
        "take": _take,
        "gather_elements": _gather_elements,
        "one_hot": _one_hot,
    }
)
