"""Selective scan, the recurrence of Mamba (Gu and Dao, arXiv 2312.00752, 2023).

``h[t] = exp(delta[t] A) h[t-1] + delta[t] u[t] B[t]`` and ``y[t] = C[t] . h[t] + D u[t]``, with u
and delta [batch, steps, width], A [width, states] negative, B and C [batch, steps, states].
"""

from typing import Any

from hpctc.families.base import Sizes, declare
from hpctc.families.tensor import Pen, Tensor

SHAPE = {
    "batch": (1, 2, 8, 32), "steps": (4, 8, 16), "width": (8, 32, 128, 512, 2048),
    "states": (4, 8, 16),
}  # fmt: skip
SOURCE = "Mamba, arXiv 2312.00752, 2023"


class _Inputs:
    """The parameters, with the terms that need no recurrence: [batch, steps, width, states]."""

    def __init__(self, pen: Pen, batch: int, steps: int, width: int, states: int) -> None:
        self.u = pen.input("u", batch, steps, width)
        delta = pen.input("delta", batch, steps, width, low=0.01, high=0.2)
        a = pen.input("a", width, states, low=-2.0, high=-0.1)
        b, c = (pen.input(name, batch, steps, states) for name in "bc")
        self.d = pen.input("d", width)
        self.decay = delta.view(batch, steps, width, 1) * a  # the logarithm of what stays
        fed = (delta * self.u).view(batch, steps, width, 1)
        self.fed = fed * b.view(batch, steps, 1, states)
        self.c = c.view(batch, steps, 1, states)

    def read(self, h: Tensor) -> Tensor:
        """The outputs of all states: [batch, steps, width]."""
        y: Tensor = (h * self.c).sum(axes=(-1,))
        return y + self.u * self.d


def _torch(t: Any, x: Any, sizes: Sizes) -> Any:
    decay = t.exp(x["delta"][..., None] * x["a"])
    fed = (x["delta"] * x["u"])[..., None] * x["b"][:, :, None]
    h, found = t.zeros_like(fed[:, 0]), []
    for step in range(sizes["steps"]):
        h = decay[:, step] * h + fed[:, step]
        found.append((h * x["c"][:, step, None]).sum(-1))
    return t.stack(found, 1) + x["u"] * x["d"]


@declare(
    name="scan.selective", doc="the selective scan, step by step", sizes=SHAPE, source=SOURCE,
    torch=_torch,
)  # fmt: skip
def selective(pen: Pen, batch: int, steps: int, width: int, states: int) -> Tensor:
    """The recurrence unrolled."""
    given = _Inputs(pen, batch, steps, width, states)
    kept = given.decay.exp().parts(steps, 1)
    fed = given.fed.parts(steps, 1)
    found = [fed[0]]
    for stay, enter in zip(kept[1:], fed[1:], strict=True):
        found.append(stay * found[-1] + enter)
    return given.read(pen.concat(found, axis=1))


@declare(
    name="scan.selective_sums", doc="the selective scan by prefix sums", sizes=SHAPE,
    source=SOURCE, like="scan.selective", torch=_torch,
)  # fmt: skip
def selective_sums(pen: Pen, batch: int, steps: int, width: int, states: int) -> Tensor:
    """``h[t] = P[t] sum of fed[s] / P[s]``, with P the running product of what stays.

    Right as long as P does not underflow: the steps are few and the decay is mild.
    """
    given = _Inputs(pen, batch, steps, width, states)
    logs = given.decay.cumsum(axis=1)
    return given.read(logs.exp() * (given.fed * (-logs).exp()).cumsum(axis=1))
