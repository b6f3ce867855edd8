"""Mixtures of experts: a router sends every token to one or a few small networks.

Outrageously Large Neural Networks (2017); Switch Transformers (2021). Tokens are [tokens, width];
the experts' weights [experts, width, inner] and [experts, inner, width].
"""

from typing import Any

from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import Pen, Tensor

SHAPE = {
    "tokens": (8, 32, 128, 256, 512), "width": (8, 32, 64, 128, 256),
    "inner": (16, 64, 128, 256, 512), "experts": (4, 8),
}  # fmt: skip
SWITCH = "Switch Transformers, 2021"
SHAZEER = "Outrageously Large Neural Networks, 2017"


class _Inputs:
    """The parameters, and how much each expert is wanted: [tokens, experts]."""

    def __init__(self, pen: Pen, tokens: int, width: int, inner: int, experts: int) -> None:
        self.x = pen.input("x", tokens, width)
        self.share: Tensor = (self.x @ pen.input("router", width, experts)).softmax(axis=-1)
        self.up = pen.weight("up", experts, width, inner)
        self.down = pen.weight("down", experts, inner, width)

    def mixed(self, weight: Tensor) -> Tensor:
        """All experts on all tokens, summed by their weights [tokens, experts]."""
        tokens, experts = weight.shape
        every = (self.x.view(1, *self.x.shape) @ self.up).silu() @ self.down
        return (every * weight.turned().view(experts, tokens, 1)).sum(axes=(0,))


def _torch(count: int) -> Any:
    def run(t: Any, x: Any, sizes: Sizes) -> Any:
        share = t.softmax(x["x"] @ x["router"], -1)
        best, at = share.topk(count, -1)
        if count > 1:
            best = best / best.sum(-1, keepdim=True)
        y = t.zeros_like(x["x"])
        for expert in range(sizes["experts"]):
            rows, place = t.where(at == expert)
            made = t.nn.functional.silu(x["x"][rows] @ x["up"][expert]) @ x["down"][expert]
            y.index_add_(0, rows, made * best[rows, place, None])
        return y

    return run


@declare(
    name="experts.switch", doc="each token to its best expert, all experts computed", sizes=SHAPE,
    source=SWITCH, torch=_torch(1),
)  # fmt: skip
def switch(pen: Pen, tokens: int, width: int, inner: int, experts: int) -> Tensor:
    """Dense dispatch: the mask is a one-hot row a token."""
    given = _Inputs(pen, tokens, width, inner, experts)
    chosen = given.share.argmax(axis=-1).one_hot(depth=experts)
    return given.mixed(given.share * chosen)


@declare(
    name="experts.switch_gathered", doc="each token to its best expert, whose weights are gathered",
    sizes={**SHAPE, "experts": (4, 8, 32, 64)}, source=SWITCH, like="experts.switch",
    torch=_torch(1),
)  # fmt: skip
def switch_gathered(pen: Pen, tokens: int, width: int, inner: int, experts: int) -> Tensor:
    """Sparse dispatch: every token multiplies with the weights of its own expert."""
    given = _Inputs(pen, tokens, width, inner, experts)
    best = given.share.argmax(axis=-1)
    up, down = (w.take(best, axis=0) for w in (given.up, given.down))
    made = (given.x.view(tokens, 1, width) @ up).silu() @ down
    return made.view(tokens, width) * given.share.max(axes=(-1,), keepdims=True)


@declare(
    name="experts.top2", doc="each token to its two best experts, their shares made to sum to 1",
    sizes=SHAPE, source=SHAZEER, torch=_torch(2),
)  # fmt: skip
def top2(pen: Pen, tokens: int, width: int, inner: int, experts: int) -> Tensor:
    """The mask is the sum of two one-hot rows a token."""
    given = _Inputs(pen, tokens, width, inner, experts)
    chosen = given.share.argtopk(k=2).one_hot(depth=experts).sum(axes=(1,))
    kept = given.share * chosen
    # Two shares of the best sum to at least 2 / experts.
    total = kept.sum(axes=(-1,), keepdims=True).maximum(1 / experts)
    return given.mixed(kept / total)
