"""Workloads that are mostly normalisation."""

from typing import Any

from hpctc.families.attention import scores
from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import Pen, Tensor

SHAPE = {"rows": (8, 64, 512, 2048), "width": (16, 128, 512, 2048)}
SANDWICH = "CogView (sandwich normalisation), 2021"
DROPPED = "Root Mean Square Layer Normalization, 2019"


def _sandwich_torch(t: Any, x: Any, sizes: Sizes) -> Any:
    norm = t.nn.functional.layer_norm
    width = (sizes["width"],)
    h = norm(x["x"], width, x["g1"], x["b1"])
    h = t.nn.functional.gelu(h * x["scale"])
    return x["x"] + norm(h, width, x["g2"], x["b2"])


@declare(
    name="norms.sandwich", doc="x + norm(gelu(norm(x) * scale))", sizes=SHAPE, source=SANDWICH,
    torch=_sandwich_torch,
)  # fmt: skip
def sandwich(pen: Pen, rows: int, width: int) -> Tensor:
    """Two layer norms by the operator."""
    x, scale, weights = _sandwich(pen, rows, width)
    g1, b1, g2, b2 = weights
    return x + (x.layer_norm(g1, b1) * scale).gelu().layer_norm(g2, b2)


@declare(
    name="norms.sandwich_moments", doc="x + norm(gelu(norm(x) * scale)), norms from two moments",
    sizes=SHAPE, source=SANDWICH, like="norms.sandwich", torch=_sandwich_torch,
)  # fmt: skip
def sandwich_moments(pen: Pen, rows: int, width: int) -> Tensor:
    """Layer norms spelled out: mean, variance, reciprocal root."""
    x, scale, weights = _sandwich(pen, rows, width)
    g1, b1, g2, b2 = weights
    return x + _norm((_norm(x, g1, b1) * scale).gelu(), g2, b2)


def _sandwich(pen: Pen, rows: int, width: int) -> tuple[Tensor, Tensor, list[Tensor]]:
    x, scale = pen.input("x", rows, width), pen.scale("scale", width)
    weights = [pen.scale("g1", width), pen.weight("b1", width),
               pen.scale("g2", width), pen.weight("b2", width)]  # fmt: skip
    return x, scale, weights


def _norm(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    centred = x - x.mean(axes=(-1,), keepdims=True)
    spread = centred.square().mean(axes=(-1,), keepdims=True)
    return centred * (spread + 1e-5).rsqrt() * gamma + beta


@declare(
    name="norms.residual_rms", doc="h = x + r; h and rms_norm(h) * weight, fused in decoders",
    sizes=SHAPE, source=DROPPED,
    torch=lambda t, x, sizes: (
        x["x"] + x["r"],
        t.nn.functional.rms_norm(x["x"] + x["r"], (sizes["width"],), x["weight"], 1e-5),
    ),
)  # fmt: skip
def residual_rms(pen: Pen, rows: int, width: int) -> tuple[Tensor, Tensor]:
    """The sum is needed again, so both are returned."""
    h = pen.input("x", rows, width) + pen.input("r", rows, width)
    return h, h.rms_norm(pen.scale("weight", width))


def _qk_torch(t: Any, x: Any, sizes: Sizes) -> Any:
    q, k = (
        t.nn.functional.rms_norm(x[name], (sizes["dim"],), x[f"g{name}"], 1e-5) for name in "qk"
    )
    return t.nn.functional.scaled_dot_product_attention(q, k, x["v"])


@declare(
    name="norms.query_key", doc="attention of normalised queries and keys",
    sizes={"batch": (1, 2), "heads": (2, 8), "seq": (16, 64, 128, 256, 512), "dim": (8, 32, 64)},
    source="Scaling Vision Transformers to 22 Billion Parameters, 2023", torch=_qk_torch,
)  # fmt: skip
def query_key(pen: Pen, batch: int, heads: int, seq: int, dim: int) -> Tensor:
    """Root mean square norms of every head before the scores."""
    q, k, v = (pen.input(name, batch, heads, seq, dim) for name in "qkv")
    q, k = q.rms_norm(pen.scale("gq", dim)), k.rms_norm(pen.scale("gk", dim))
    return scores(q, k).softmax(axis=-1) @ v
