"""One rung of the baseline ladder: how what a candidate is measured against is put on the bench.

=============  ====================================================================================
``reference``  the pair's C
``naive``      the graph operator by operator: a serial nest of loops each, unscheduled, unfused
``null``       the pair's C without its OpenMP pragmas: what the compiler alone makes of it
``rules``      the pair's CUDA through the rule-based transpiler
``torch``      PyTorch on the CPU, eager, where it has every operator of the graph
=============  ====================================================================================

All C is built with the candidate's compiler and flags and runs in the same jail.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.match import Side
from hpctc.evaluate.seat import Seat

RUNGS = ("reference", "naive", "null", "rules", "torch")

DEFAULT = ("reference", "naive", "null", "rules")
"""What needs nothing but the compiler."""


class Rung(Protocol):
    """A baseline of one pair."""

    @property
    def name(self) -> str:
        """As in :data:`RUNGS`."""

    def open(self, pair: Pair, bench: Bench, opened: ExitStack) -> Side | str:
        """Start it, to be ended with ``opened``; or why this pair has no such rung."""


@dataclass(frozen=True)
class Source:
    """A rung that is C."""

    name: str
    code: str | None
    reason: str = ""
    """Why there is no code."""

    def open(self, pair: Pair, bench: Bench, opened: ExitStack) -> Side | str:
        """Build it and load it in a child."""
        if self.code is None:
            return self.reason
        built = bench.compile(self.code)
        if built.library is None:
            return f"the {self.name} does not build: {built.log[:200]}"
        return opened.enter_context(Seat(bench.setup, built.library, pair))
