"""Attention: ``softmax(q k^T / sqrt(d)) v`` (Vaswani et al., 2017), and ways to compute it.

Shapes are [batch, heads, positions, width]. A masked score is :data:`~hpctc.families.tensor.FAR`,
whose exponential is 0 in float32.
"""

import math
from typing import Any

import numpy as np

from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import FAR, Pen, Tensor

SHAPE = {"batch": (1, 2), "heads": (2, 4, 8), "seq": (16, 64, 128, 256, 512), "dim": (8, 32, 64)}
VASWANI = "Attention Is All You Need, 2017"


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of every position to every position."""
    return scores(q, k).softmax(axis=-1) @ v


def scores(q: Tensor, k: Tensor) -> Tensor:
    """``q k^T / sqrt(d)``: [..., queries, keys]."""
    return q @ k.turned() * (1 / math.sqrt(q.shape[-1]))


def below_diagonal(x: Tensor, offset: int = 0) -> Tensor:
    """Scores with :data:`FAR` where a key is later than its query, ``offset`` positions ahead."""
    return x.tril(k=offset) + x.filled(FAR).triu(k=offset + 1)


def _qkv(pen: Pen, batch: int, heads: int, seq: int, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (pen.input(name, batch, heads, seq, dim) for name in "qkv")
    return q, k, v


def _torch(**options: Any) -> Any:
    return lambda t, x, sizes: t.nn.functional.scaled_dot_product_attention(
        x["q"], x["k"], x["v"], **options
    )


@declare(
    name="attention.naive", doc="softmax(q k^T / sqrt(d)) v", sizes=SHAPE, source=VASWANI,
    torch=_torch(),
)  # fmt: skip
def naive(pen: Pen, batch: int, heads: int, seq: int, dim: int) -> Tensor:
    """All scores at once."""
    return attend(*_qkv(pen, batch, heads, seq, dim))


@declare(
    name="attention.causal", doc="attention to earlier positions only", sizes=SHAPE,
    source=VASWANI, torch=_torch(is_causal=True),
)  # fmt: skip
def causal(pen: Pen, batch: int, heads: int, seq: int, dim: int) -> Tensor:
    """All scores at once, the later ones masked."""
    q, k, v = _qkv(pen, batch, heads, seq, dim)
    return below_diagonal(scores(q, k)).softmax(axis=-1) @ v


def causal_tile(sizes: Sizes) -> dict[str, np.ndarray[Any, Any]]:
    """The one mask: [2M, 2M], 1 where a key is not later than its query, else 0."""
    return {"mask": np.tri(2 * sizes["tile"], dtype=np.float32)}


def _whole(sizes: Sizes) -> Sizes:
    return {
        "batch": sizes["batch"], "heads": sizes["heads"], "dim": sizes["dim"],
        "seq": sizes["tile"] * sizes["inner"] * sizes["outer"],
    }  # fmt: skip


@declare(
    name="attention.tiled", doc="causal attention in two levels of tiles, every mask cut from one",
    sizes={
        "batch": (1, 2), "heads": (2, 4, 8), "outer": (2, 4), "inner": (2, 3),
        "tile": (4, 16, 32, 64), "dim": (8, 32, 64),
    },
    source="FastAttention, arXiv 2410.16663, 2024", like="attention.causal", alike=_whole,
    tables=causal_tile, torch=_torch(is_causal=True),
)  # fmt: skip
def tiled(  # noqa: PLR0913  the sizes
    pen: Pen, batch: int, heads: int, outer: int, inner: int, tile: int, dim: int
) -> Tensor:
    """Queries in tiles of M; keys in outer blocks of ``inner`` tiles, softmax kept running.

    The mask of a tile of queries and a tile of keys depends on their distance alone, so it is a
    slice of one [2M, 2M] mask; the S x S mask is never stored. Tiles that lie wholly in the future
    are left out, tiles wholly in the past need no mask.
    """
    seq = tile * inner * outer
    q, k, v = _qkv(pen, batch, heads, seq, dim)
    mask = pen.input("mask", 2 * tile, 2 * tile, low=0, high=1)
    rows = []
    for begin in range(0, seq, tile):
        queries = q.cut(2, begin, begin + tile)
        state: _Running | None = None
        for block in range(0, begin + tile, tile * inner):
            end = min(block + tile * inner, begin + tile)
            seen = pen.concat(
                [
                    _masked(scores(queries, k.cut(2, key, key + tile)), mask, begin - key)
                    for key in range(block, end, tile)
                ],
                axis=3,
            )
            state = _Running.step(state, seen, v.cut(2, block, end))
        assert state is not None
        rows.append(state.result())
    return pen.concat(rows, axis=2)


def _masked(x: Tensor, mask: Tensor, distance: int) -> Tensor:
    """Scores of a tile whose first query is ``distance`` positions after its first key."""
    tile = x.shape[-1]
    if distance >= tile:
        return x
    row, column = max(0, distance), max(0, -distance)
    piece = mask.cut(0, row, row + tile).cut(1, column, column + tile)
    return piece.greater(0.5).where(x, x.filled(FAR))


class _Running:
    """Softmax kept over blocks of keys (Milakov and Gimelshein, 2018)."""

    def __init__(self, top: Tensor, total: Tensor, mix: Tensor) -> None:
        self.top, self.total, self.mix = top, total, mix

    @staticmethod
    def step(before: "_Running | None", x: Tensor, v: Tensor) -> "_Running":
        """Take in the scores of a further block and its values."""
        top = x.max(axes=(-1,), keepdims=True)
        if before is not None:
            top = before.top.maximum(top)
        share = (x - top).exp()
        total, mix = share.sum(axes=(-1,), keepdims=True), share @ v
        if before is None:
            return _Running(top, total, mix)
        fade = (before.top - top).exp()
        return _Running(top, before.total * fade + total, before.mix * fade + mix)

    def result(self) -> Tensor:
        """The mean of the values. The largest score counts 1, so the total is at least 1."""
        return self.mix / self.total.maximum(1.0)


GROUPED = {
    "batch": (1, 2), "groups": (2, 4), "share": (2, 4), "seq": (16, 64, 128, 256),
    "dim": (8, 32, 64),
}  # fmt: skip
GQA = "GQA: Training Generalized Multi-Query Transformer Models, 2023"


def _grouped(
    pen: Pen, batch: int, groups: int, share: int, seq: int, dim: int
) -> tuple[Tensor, Tensor, Tensor]:
    q = pen.input("q", batch, groups * share, seq, dim)
    k, v = (pen.input(name, batch, groups, seq, dim) for name in "kv")
    return q, k, v


@declare(
    name="attention.grouped", doc="several heads of queries share keys and values, repeated",
    sizes=GROUPED, source=GQA, torch=_torch(enable_gqa=True),
)  # fmt: skip
def grouped(pen: Pen, batch: int, groups: int, share: int, seq: int, dim: int) -> Tensor:
    """Keys and values are repeated for every head that reads them."""
    q, k, v = _grouped(pen, batch, groups, share, seq, dim)
    return attend(q, k.repeat(repeats=share, axis=1), v.repeat(repeats=share, axis=1))


@declare(
    name="attention.grouped_rows", doc="several heads of queries share keys and values, in place",
    sizes=GROUPED, source=GQA, like="attention.grouped", torch=_torch(enable_gqa=True),
)  # fmt: skip
def grouped_rows(pen: Pen, batch: int, groups: int, share: int, seq: int, dim: int) -> Tensor:
    """The heads of a group are further rows of one product: nothing is repeated."""
    q, k, v = _grouped(pen, batch, groups, share, seq, dim)
    made = attend(q.view(batch, groups, share * seq, dim), k, v)
    return made.view(batch, groups * share, seq, dim)


@declare(
    name="attention.decode", doc="one new position against a cache of keys and values",
    sizes={
        "batch": (1, 2, 4), "heads": (2, 8), "past": (31, 127, 511, 1023), "dim": (8, 32, 64),
    },
    source=VASWANI,
    torch=lambda t, x, sizes: (
        t.nn.functional.scaled_dot_product_attention(
            x["q"], t.cat((x["keys"], x["k"]), 2), t.cat((x["values"], x["v"]), 2)
        ),
        t.cat((x["keys"], x["k"]), 2),
        t.cat((x["values"], x["v"]), 2),
    ),
)  # fmt: skip
def decode(pen: Pen, batch: int, heads: int, past: int, dim: int) -> tuple[Tensor, Tensor, Tensor]:
    """The result and the grown cache."""
    q, k, v = _qkv(pen, batch, heads, 1, dim)
    keys = pen.concat([pen.input("keys", batch, heads, past, dim), k], axis=2)
    values = pen.concat([pen.input("values", batch, heads, past, dim), v], axis=2)
    return attend(q, keys, values), keys, values


@declare(
    name="attention.decode_split", doc="one new position, the cache read in two halves",
    sizes={
        "batch": (1, 2, 4), "heads": (2, 8), "half": (16, 64, 256, 512, 1024, 4096),
        "dim": (8, 32, 64),
    },
    source="Flash-Decoding, 2023", torch=_torch(),
)  # fmt: skip
def decode_split(pen: Pen, batch: int, heads: int, half: int, dim: int) -> Tensor:
    """Each half of the keys has a softmax of its own; the two are joined afterwards."""
    q = pen.input("q", batch, heads, 1, dim)
    k, v = (pen.input(name, batch, heads, 2 * half, dim) for name in "kv")
    state: _Running | None = None
    for keys, values in zip(k.parts(2, 2), v.parts(2, 2), strict=True):
        state = _Running.step(state, scores(q, keys), values)
    assert state is not None
    return state.result()
