"""Drafts from a smaller model of the same vocabulary, for which cheap drafters draft in turn.

How it works is in :mod:`hpctc.decode.drafting`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.decode.base import Drafter, Foreseer, Strategy, Target
from hpctc.decode.drafting import Drafting
from hpctc.decode.together import Staged, Together

BY = ("compiler", "lookup")
"""Who drafts for a drafting model that stands alone."""


@dataclass(frozen=True)
class DraftModel(Strategy):
    """Another model's text, ``most`` tokens of it at most, and what else may come."""

    name: ClassVar[str] = "draft"
    about: ClassVar[str] = "a smaller model of the same vocabulary, for which others draft"
    model: str
    """The spec text of the drafting model."""
    most: int = 20
    adapt: bool = True
    """Whether the draft is shorter where that promises more tokens a second."""
    by: tuple[str, ...] | None = None
    """Spec texts of the strategies that draft for the model, ``[]`` for none; if not given,
    ``compiler`` and ``lookup``, and in a cascade its other members."""

    @property
    def needs(self) -> frozenset[str]:
        """A model, and what those that draft for it need."""
        return frozenset({"model"}).union(*(member.needs for member in self._by()))

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Load the drafting model; open those that draft for it."""
        cheap = Together([member.open(target, load) for member in self._by()])
        for member, drafter in zip(self._by(), cheap.members, strict=True):
            if not isinstance(drafter, Foreseer):
                raise UsageError(
                    f"{member.name} cannot draft for {self.model}: it never looks ahead of a text",
                    "name some that do: draft{model=...,by=[compiler,lookup]}",
                )
        return Staged(target, cheap, [self.beside(target, load, cheap, free=False)])

    def beside(
        self, target: Target, load: Callable[[str], Target], by: Foreseer, free: bool
    ) -> Drafting:
        """Load the drafting model; see :class:`Drafting`."""
        model = load(self.model)
        if model.vocab != target.vocab:
            raise UsageError(
                f"{self.model} has {model.vocab:,} tokens and the target {target.vocab:,}",
                "a draft model must share the target's vocabulary",
            )
        return Drafting(target, model, by, self.most, self.adapt, free)

    def _by(self) -> list[Strategy]:
        from hpctc.decode import strategy

        return [strategy(text) for text in (BY if self.by is None else self.by)]
