"""The pairs of one graph while they are made: a variant with the code of another one is none.

Another block size means nothing to a kernel of 32 threads, and another grouping nothing to
operators that were never joined; that shows only when the code is written.
"""

from functools import cached_property

from hpctc.core.records import Launch, Pair
from hpctc.dataset.folder import Failure
from hpctc.flow.work import Item
from hpctc.syntax.tokens import normal, tokens

DOUBLE = "a variant has the code of another"
"""Why such a variant gives no pair, as failures are counted."""


class Siblings:
    """Meets the outcomes in the order of the work list, in which a graph's variants follow it."""

    def __init__(self) -> None:
        self._known: list[_Written] = []

    def meet(self, item: Item, outcome: Pair | Failure) -> str | None:
        """The name of the earlier sibling that has the same code, if there is one."""
        if item.provenance.variant is None:
            self._known.clear()
        if not isinstance(outcome, Pair):
            return None
        mine = _Written(outcome)
        for other in self._known:
            if other.code == mine.code:
                return other.pair.name
        self._known.append(mine)
        return None


class _Written:
    """A pair, and what its code says, read when there is another one to compare it with."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair

    @cached_property
    def code(self) -> tuple[str, str, list[tuple[object, ...]]]:
        """Both sources token by token but for the names that were chosen, and the launches."""
        cuda, c = (normal(tokens(text)) for text in (self.pair.cuda_code, self.pair.c_code))
        return cuda, c, [_shape(launch) for launch in self.pair.launches]


def _shape(launch: Launch) -> tuple[object, ...]:
    return launch.grid, launch.block, launch.shared_bytes, launch.args
