"""Blocks of language models."""

from typing import Any

import numpy as np

from hpctc.families.attention import attend, below_diagonal, scores
from hpctc.families.base import Sizes, Tables, declare, float32
from hpctc.families.blocks.layers import in_heads, joined, layer_norm, linear, rms_norm
from hpctc.families.blocks.vision import self_attention
from hpctc.families.tensor import Pen, Tensor

TEXT = {"batch": (1, 2), "seq": (8, 32, 128, 256, 512), "heads": (2, 4, 8), "dim": (8, 32, 64)}


def causal_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of every position to the earlier ones and itself."""
    return below_diagonal(scores(q, k)).softmax(axis=-1) @ v


@declare(
    name="blocks.gpt2", doc="causal attention and a perceptron, layer norms before each",
    sizes=TEXT, published={"batch": 1, "seq": 1024, "heads": 12, "dim": 64}, source="GPT-2, 2019",
)  # fmt: skip
def gpt2(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """A decoder block."""
    width = heads * dim
    x = pen.input("x", batch, seq, width)
    parts = linear(layer_norm(x, "1"), "qkv", 3 * width).parts(3, 2)
    x = x + linear(joined(causal_attention(*(in_heads(p, heads) for p in parts))), "proj", width)
    return x + linear(linear(layer_norm(x, "2"), "up", 4 * width).gelu_tanh(), "down", width)


@declare(
    name="blocks.bert", doc="attention and a perceptron, layer norms after each", sizes=TEXT,
    published={"batch": 1, "seq": 512, "heads": 12, "dim": 64}, source="BERT, 2019",
)  # fmt: skip
def bert(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """An encoder block."""
    x = pen.input("x", batch, seq, heads * dim)
    x = layer_norm(x + self_attention(x, heads), "1")
    h = linear(linear(x, "up", 4 * heads * dim).gelu(), "down", heads * dim)
    return layer_norm(x + h, "2")


def rotary_tables(sizes: Sizes) -> Tables:
    """Cosines and sines of position times frequency, [seq, dim] (RoFormer, 2021)."""
    half = sizes["dim"] // 2
    angle = np.outer(np.arange(sizes["seq"]), 10000.0 ** -(np.arange(half) / half))
    return {
        "cos": float32(np.tile(np.cos(angle), 2)), "sin": float32(np.tile(np.sin(angle), 2))
    }  # fmt: skip


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding: pairs of elements half the width apart are turned by their position."""
    left, right = x.parts(2, 3)
    return x * cos + x.pen.concat([-right, left], axis=3) * sin


def _torch_rotary(t: Any, x: Any, sizes: Sizes) -> Any:
    pair = t.complex(*x["x"].chunk(2, -1))
    half = sizes["dim"] // 2
    turned = pair * t.complex(x["cos"][:, :half], x["sin"][:, :half])
    return t.cat((turned.real, turned.imag), -1)


@declare(
    name="blocks.rotary", doc="queries or keys turned by their positions",
    sizes={**TEXT, "seq": (8, 32, 128, 512, 2048), "heads": (2, 4, 8, 16)},
    source="RoFormer, 2021", tables=rotary_tables, torch=_torch_rotary,
)  # fmt: skip
def rotary(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """The embedding alone."""
    x = pen.input("x", batch, heads, seq, dim)
    return rotated(x, pen.input("cos", seq, dim), pen.input("sin", seq, dim))


@declare(
    name="blocks.llama", doc="rotary grouped-query attention and a gated perceptron, rms norms",
    sizes={**TEXT, "share": (1, 2), "inner": (32, 64, 256)},
    published={"batch": 1, "seq": 128, "heads": 8, "dim": 64, "share": 1, "inner": 1376},
    source="Llama, 2023", tables=rotary_tables,
)  # fmt: skip
def llama(  # noqa: PLR0913  the sizes
    pen: Pen, batch: int, seq: int, heads: int, dim: int, share: int, inner: int
) -> Tensor:
    """A decoder block; ``share`` heads of queries read one head of keys and values."""
    width, groups = heads * dim, heads // share
    x = pen.input("x", batch, seq, width)
    cos, sin = pen.input("cos", seq, dim), pen.input("sin", seq, dim)
    h = rms_norm(x, "1")
    q = rotated(in_heads(linear(h, "q", width, bias=False), heads), cos, sin)
    k = rotated(in_heads(linear(h, "k", groups * dim, bias=False), groups), cos, sin)
    v = in_heads(linear(h, "v", groups * dim, bias=False), groups)
    if share > 1:
        k, v = (each.repeat(repeats=share, axis=1) for each in (k, v))
    x = x + linear(joined(causal_attention(q, k, v)), "o", width, bias=False)
    return x + swiglu(rms_norm(x, "2"), inner)


def swiglu(x: Tensor, inner: int) -> Tensor:
    """``(silu(x W) * x V) U`` (GLU Variants Improve Transformer, 2020)."""
    gate = linear(x, "gate", inner, bias=False).silu()
    return linear(gate * linear(x, "up", inner, bias=False), "down", x.shape[-1], bias=False)


ROWS = {"rows": (8, 64, 256, 512), "width": (16, 128, 512), "inner": (32, 256, 1024)}


@declare(
    name="blocks.swiglu", doc="(silu(x W) * x V) U", sizes=ROWS,
    source="GLU Variants Improve Transformer, 2020",
)  # fmt: skip
def swiglu_block(pen: Pen, rows: int, width: int, inner: int) -> Tensor:
    """The perceptron of Llama."""
    return swiglu(pen.input("x", rows, width), inner)


@declare(
    name="blocks.geglu", doc="(gelu(x W) * x V) U", sizes=ROWS,
    source="GLU Variants Improve Transformer, 2020",
)  # fmt: skip
def geglu(pen: Pen, rows: int, width: int, inner: int) -> Tensor:
    """The perceptron of T5 v1.1 and Gemma; both halves from one product."""
    gate, up = linear(pen.input("x", rows, width), "both", 2 * inner, bias=False).parts(2, 1)
    return linear(gate.gelu_tanh() * up, "down", width, bias=False)


RANKS = {**ROWS, "rank": (4, 8, 16)}


@declare(
    name="blocks.lora", doc="x W + s (x A) B: a frozen product and a low-rank change", sizes=RANKS,
    source="LoRA, 2021",
)  # fmt: skip
def lora(pen: Pen, rows: int, width: int, inner: int, rank: int) -> Tensor:
    """Adapter beside the product, as in training."""
    x, w, a, b = _lora(pen, rows, width, inner, rank)
    return x @ w + x @ a @ b * (16 / rank)


@declare(
    name="blocks.lora_merged", doc="x (W + s A B): the change folded into the weights",
    sizes=RANKS, source="LoRA, 2021", like="blocks.lora",
)  # fmt: skip
def lora_merged(pen: Pen, rows: int, width: int, inner: int, rank: int) -> Tensor:
    """Adapter folded in, as in serving."""
    x, w, a, b = _lora(pen, rows, width, inner, rank)
    return x @ (w + a @ b * (16 / rank))


def _lora(
    pen: Pen, rows: int, width: int, inner: int, rank: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    x, w = pen.input("x", rows, width), pen.weight("w", width, inner)
    return x, w, pen.weight("a", width, rank), pen.weight("b", rank, inner)


@declare(
    name="blocks.cross_attention", doc="a sequence attends to another",
    sizes={**TEXT, "other": (6, 77)},
    source="Attention Is All You Need, 2017",
)  # fmt: skip
def cross_attention(pen: Pen, batch: int, seq: int, heads: int, dim: int, other: int) -> Tensor:
    """As a decoder reads its encoder, or an image its caption."""
    width = heads * dim
    x, memory = pen.input("x", batch, seq, width), pen.input("memory", batch, other, width)
    q = in_heads(linear(layer_norm(x, "1"), "q", width), heads)
    k, v = (in_heads(p, heads) for p in linear(memory, "kv", 2 * width).parts(2, 2))
    return x + linear(joined(attend(q, k, v)), "proj", width)


@declare(
    name="blocks.alibi", doc="causal attention with a penalty that grows with distance",
    sizes=TEXT, source="ALiBi, 2021",
    tables=lambda sizes: {
        "slope": float32(2.0 ** -np.arange(1, sizes["heads"] + 1)).reshape(-1, 1, 1),
        "distance": float32(np.arange(sizes["seq"]) - np.arange(sizes["seq"])[:, None]),
    },
)  # fmt: skip
def alibi(pen: Pen, batch: int, seq: int, heads: int, dim: int) -> Tensor:
    """Slopes differ by head; there are no embeddings of positions."""
    q, k, v = (pen.input(name, batch, heads, seq, dim) for name in "qkv")
    slope = pen.input("slope", heads, 1, 1, low=0, high=1)
    distance = pen.input("distance", seq, seq, low=-seq, high=seq)
    return below_diagonal(scores(q, k) + slope * distance).softmax(axis=-1) @ v


@declare(
    name="blocks.head", doc="the logarithm of the probability of a given next token",
    sizes={"rows": (8, 32, 128), "width": (16, 64, 256), "words": (64, 1024, 8192)},
    source="Attention Is All You Need, 2017",
)  # fmt: skip
def head(pen: Pen, rows: int, width: int, words: int) -> Tensor:
    """The output layer and the loss of each position."""
    logits = linear(rms_norm(pen.input("x", rows, width), "n"), "head", words, bias=False)
    token = pen.index("token", rows, 1, below=words)
    y: Tensor = logits.log_softmax(axis=-1).gather_elements(token, axis=1)
    return -y
