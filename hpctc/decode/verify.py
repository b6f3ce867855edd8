"""The one place where tokens are accepted, greedy or sampled.

Greedy: a node is accepted when it is the target's own choice. Sampled: speculative sampling over a
tree (Leviathan et al., 2023; SpecInfer, Miao et al., 2024), after which every token has exactly the
target's distribution, whatever was proposed.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from hpctc.decode.base import ROOT, Draft, Step


class Choose(Protocol):
    """A way to accept: greedy or sampled."""

    def __call__(
        self, row: Tensor, tokens: Sequence[int], drawn: Tensor | None
    ) -> tuple[int | None, int]:
        """Which of the proposed ``tokens`` is accepted, and else which token comes instead.

        Args:
            row: Logits ``[vocab]`` of the place; forbidden tokens are ``-inf``.
            tokens: What the draft proposes for it, in order.
            drawn: ``[len(tokens), vocab]`` the distributions that they were drawn from; None:
                they were chosen outright.

        Returns:
            The index of the accepted one (None: none is) and the token itself.
        """
        ...


def greedy(row: Tensor, tokens: Sequence[int], drawn: Tensor | None) -> tuple[int | None, int]:
    """The likeliest token; the first of equals."""
    best = int(row.argmax())
    return (tokens.index(best) if best in tokens else None), best


class Sampled:
    """Draw from ``softmax(logits / temperature)`` with a generator of its own."""

    def __init__(self, temperature: float, seed: int) -> None:
        if temperature <= 0:
            raise ValueError("a temperature is above 0; greedy decoding has none")
        self.temperature = temperature
        self.random = torch.Generator().manual_seed(seed)

    def __call__(
        self, row: Tensor, tokens: Sequence[int], drawn: Tensor | None
    ) -> tuple[int | None, int]:
        """Accept x with min(1, p(x) / q(x)); where refused go on with the rest of p."""
        p = torch.softmax(row.double() / self.temperature, dim=-1)
        for index, token in enumerate(tokens):
            q = drawn[index].double() if drawn is not None else None
            chance = float(p[token]) if q is None else float(p[token] / q[token].clamp_min(1e-300))
            if float(torch.rand((), generator=self.random, dtype=torch.float64)) < chance:
                return index, token
            if q is None:
                p = p.clone()
                p[token] = 0.0
            else:
                p = (p - q).clamp_min(0.0)
            total = p.sum()
            if not total > 0:  # the proposals were all that could come
                p = torch.softmax(row.double() / self.temperature, dim=-1)
                break
            p = p / total
        return None, int(torch.multinomial(p, 1, generator=self.random))


class Constraint(Protocol):
    """Which tokens may come next; it only ever walks settled tokens."""

    def allowed(self) -> Tensor | None:
        """A bool mask ``[vocab]``; None: everything may."""
        ...

    def advance(self, token: int) -> None:
        """A token was settled."""
        ...


def verify(
    logits: Tensor,
    draft: Draft,
    choose: Choose,
    constraint: Constraint | None = None,
    ends: frozenset[int] = frozenset(),
) -> Step:
    """Walk the draft as far as the target goes along.

    Args:
        logits: ``[1 + len(draft), vocab]``, see :meth:`hpctc.decode.base.Target.score`.
        draft: What was proposed.
        choose: How tokens are accepted.
        constraint: Restricts every choice; it is advanced over what is settled.
        ends: Tokens after which nothing comes: the walk stops there.
    """
    path: list[int] = []
    node = ROOT
    while True:
        row = logits[node + 1]
        if constraint is not None and (mask := constraint.allowed()) is not None:
            row = row.masked_fill(~mask, -torch.inf)
        nodes = draft.children.get(node, [])
        drawn = draft.probabilities[nodes] if draft.probabilities is not None else None
        index, token = choose(row, [draft.tokens[n] for n in nodes], drawn)
        if constraint is not None:
            constraint.advance(token)
        if index is None or token in ends:
            return Step(draft, tuple(path), token, logits)
        node = nodes[index]
        path.append(node)


__all__ = ["Choose", "Constraint", "Sampled", "greedy", "verify"]
