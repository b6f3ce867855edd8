"""Several draft sources at once: the pass looks at what promises most, whoever proposed it.

Every member learns from each pass how far it may be believed, in this text and in others, also
where its draft was not in the pass (:mod:`hpctc.decode.chances`). Its drafts carry these chances;
merged to one tree, the likeliest part is kept that the device has time for. A member that drafts
with a model begins with the tree of the others, where a pass of it promises more than that tree as
it is (:mod:`hpctc.decode.drafting`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.decode.base import Drafter, Strategy, Target
from hpctc.decode.draft import DraftModel
from hpctc.decode.together import Staged, Together


@dataclass(frozen=True)
class Cascade(Strategy):
    """The tree of all members' drafts; a model is asked where it promises more than they do."""

    name: ClassVar[str] = "cascade"
    about: ClassVar[str] = "picks from several draft sources by their measured acceptance"
    members: tuple[str, ...] = ("compiler", "lookup")
    """Spec texts of strategies."""

    @property
    def needs(self) -> frozenset[str]:
        """What any member needs."""
        cheap, models = self._members()
        return frozenset({"model"} if models else ()).union(*(member.needs for member in cheap))

    def _members(self) -> tuple[list[Strategy], list[DraftModel]]:
        """Those that draft by themselves, and those that draft with a model."""
        from hpctc.decode import strategy

        found = [strategy(text) for text in self.members]
        models = [member for member in found if isinstance(member, DraftModel)]
        return [member for member in found if not isinstance(member, DraftModel)], models

    def open(self, target: Target, load: Callable[[str], Target]) -> Drafter:
        """Open every member."""
        found, models = self._members()
        if not self.members or any(isinstance(member, Cascade) for member in found):
            raise UsageError(
                f"a cascade of {', '.join(self.members) or 'nothing'}",
                "name strategies that draft: cascade{members=[compiler,lookup]}",
            )
        if any(model.by is not None for model in models):
            raise UsageError(
                f"a cascade of {', '.join(self.members)}: its other members draft for the model",
                "leave its 'by' out, or name draft{model=...,by=[...]} alone",
            )
        cheap = Together([member.open(target, load) for member in found])
        return Staged(target, cheap, [m.beside(target, load, cheap, free=True) for m in models])
