"""The rungs of the baseline ladder: for each pair the C to be beaten, wherever it comes from."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Pair
from hpctc.evaluate.beside import Torch
from hpctc.evaluate.rung import DEFAULT, RUNGS, Rung, Source
from hpctc.lower.worker import Failure, Workers
from hpctc.models.null import without_openmp

NAIVE_SECONDS = 60.0
"""For lowering a graph without any schedule."""


def named(text: str | None) -> tuple[str, ...]:
    """The rungs of ``reference,null``; None: the default ones; an unknown one is an error."""
    if text is None:
        return DEFAULT
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for name in names:
        if name not in RUNGS:
            raise UsageError(f"there is no baseline {name!r}", f"there are {', '.join(RUNGS)}")
    if not names:
        raise UsageError("no baseline was named", f"there are {', '.join(RUNGS)}")
    return names


class Ladder:
    """Makes the rungs of a pair, in the order of ``names``; made once a pair."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._made: dict[str, tuple[Rung, ...]] = {}
        # Lowering runs in children: TVM may crash, and this process needs none of it.
        self._workers = Workers(jobs=1, seconds=NAIVE_SECONDS)
        self._makers: dict[str, Callable[[Pair], Rung]] = {
            "reference": lambda pair: Source("reference", pair.c_code),
            "naive": self._naive,
            "null": lambda pair: Source("null", without_openmp(pair.c_code)),
            "rules": _rules,
            "torch": lambda _pair: Torch(),
        }

    def rungs(self, pair: Pair) -> Sequence[Rung]:
        """The rungs of ``pair``; slow the first time."""
        if pair.id not in self._made:
            self._made[pair.id] = tuple(self._makers[name](pair) for name in self.names)
        return self._made[pair.id]

    def close(self) -> None:
        """End what helped to make them."""
        self._workers.close()

    def _naive(self, pair: Pair) -> Rung:
        ((_, made),) = self._workers.map(naive_c, [pair.graph])
        if isinstance(made, Failure):
            return Source("naive", None, f"the graph does not lower: {made.reason}")
        return Source("naive", made)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _rules(pair: Pair) -> Rung:
    from hpctc.transpile import transpile_pair

    try:
        return Source("rules", transpile_pair(pair))
    except HpctcError as problem:
        return Source("rules", None, str(problem))


def naive_c(graph: str) -> str:
    """C of a graph as it stands there: a serial nest of loops for every operator."""
    from hpctc.graph.text import parse
    from hpctc.lower.c.unit import print_unit
    from hpctc.lower.relax import plan

    made = plan(parse(graph), group=1)
    return print_unit(made, [step.func for step in made.steps])
