"""A language model that is a table: the next token's logits follow from the last few tokens.

It stands in for weights wherever decoding itself is looked at: every row is exact, a tree is scored
by walking it, and nothing is kept between passes, so nothing can be kept wrongly.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from hpctc.decode.base import Ask, Key
from hpctc.decode.cost import Cost, Fixed


class Table:
    """``order`` tokens decide; ``sharpness`` spreads the logits; the ``seed`` is the model.

    A pass costs the same for one token and for many, if no other ``cost`` is given.
    """

    def __init__(
        self,
        vocab: int = 32,
        order: int = 2,
        sharpness: float = 2.0,
        seed: int = 0,
        cost: Cost | None = None,
    ) -> None:
        self.vocab = vocab
        self.order = order
        self.sharpness = sharpness
        self.seed = seed
        self.passes = 0
        self.cost = cost or Fixed()
        self._row = lru_cache(maxsize=100_000)(self._drawn)

    def score(self, asks: Sequence[Ask]) -> list[Tensor]:
        """See :meth:`hpctc.decode.base.Target.score`."""
        self.passes += 1
        return [self._scored(ask) for ask in asks]

    def close(self, key: Key) -> None:
        """Nothing is kept."""

    def row(self, text: Sequence[int]) -> Tensor:
        """The logits ``[vocab]`` of the token after a text."""
        return self._row(tuple(text[-self.order :]))

    def _scored(self, ask: Ask) -> Tensor:
        texts = [list(ask.settled)]
        for node in range(len(ask.draft)):
            path = [ask.draft.tokens[n] for n in ask.draft.ancestors(node)]
            texts.append([*ask.settled, *path])
        return torch.stack([self.row(text) for text in texts])

    def _drawn(self, context: tuple[int, ...]) -> Tensor:
        digest = hashlib.sha256(repr((self.seed, context)).encode()).digest()
        random = torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))
        return self.sharpness * torch.randn(self.vocab, generator=random)


__all__ = ["Table"]
