"""The one place where tokens are accepted, greedy or sampled.

A node is accepted when it is what the target says in its place. Greedy, that is its likeliest
token. Sampled, it is the token that the target draws with the randomness of this place, which does
not depend on the draft (Daliri, Musco and Suresh, 2024, call that drafter-invariant): a proposed
token x is accepted with its probability p(x), and the text is the same whoever drafted, also where
the length of drafts follows from how busy the machine is.
"""

from typing import Protocol

import torch
from torch import Tensor

from hpctc.decode.base import ROOT, Draft, Step


class Choose(Protocol):
    """What the target says, by its logits; called once for each settled token, in order."""

    def __call__(self, row: Tensor) -> int:
        """The token for logits ``[vocab]``; forbidden tokens are ``-inf``."""
        ...


def greedy(row: Tensor) -> int:
    """The likeliest token; the first of equals."""
    return int(row.argmax())


class Sampled:
    """Draw from ``softmax(logits / temperature)`` with a generator of its own.

    By the Gumbel-max trick: the token with the largest sum of logit and noise. Noise is drawn for
    the whole vocabulary at every place, so that rounding in the logits (another batch, another
    shape of the pass) changes the token only where two sums are all but equal.
    """

    def __init__(self, temperature: float, seed: int) -> None:
        if temperature <= 0:
            raise ValueError("a temperature is above 0; greedy decoding has none")
        self.temperature = temperature
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, row: Tensor) -> int:
        """See :class:`Choose`."""
        uniform = torch.rand(len(row), generator=self.random, dtype=torch.float64)
        noise = -(-uniform.log()).log()
        return int((row.double() / self.temperature + noise).argmax())


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
        choose: What the target says: :func:`greedy`, or :class:`Sampled`.
        constraint: Restricts every choice; it is advanced over what is settled.
        ends: Tokens after which nothing comes: the walk stops there.
    """
    path: list[int] = []
    node = ROOT
    while True:
        row = logits[node + 1]
        if constraint is not None and (mask := constraint.allowed()) is not None:
            row = row.masked_fill(~mask, -torch.inf)
        token = choose(row)
        if constraint is not None:
            constraint.advance(token)
        foreseen = [n for n in draft.children.get(node, ()) if draft.tokens[n] == token]
        if not foreseen or token in ends:
            return Step(draft, tuple(path), token, logits)
        node = foreseen[0]
        path.append(node)


__all__ = ["Choose", "Constraint", "Sampled", "greedy", "verify"]
