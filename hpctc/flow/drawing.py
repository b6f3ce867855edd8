"""A suite without weak tasks: drawn, measured by mutants, drawn again without what was weak.

The oracle is slow (seconds a task) and asked only about pairs that would be tasks. What it said
stays in the suite's folder, so the same command goes on where it was interrupted.
"""

from collections.abc import Callable
from pathlib import Path

from hpctc.core import suite
from hpctc.evaluate.oracle import MUTANTS
from hpctc.flow.oracle import Watch, measure, weak

Make = Callable[[frozenset[str]], suite.Suite]
"""Writes a suite to its folder, without the pairs of these ids."""


def draw_strong(
    make: Make,
    out: Path,
    least: float,
    jobs: int = 1,
    mutants: int = MUTANTS,
    watch: Watch | None = None,
) -> suite.Suite:
    """Let ``make`` write suites to ``out`` until every task's strength is ``least`` or more.

    It ends: every round rules out a pair, or is the last. Where no pair is left to replace one,
    ``make`` raises; what was measured is kept.
    """
    known: frozenset[str] = frozenset()
    while True:
        made = make(known)
        tasks = {task.of for task in made.tasks}
        if not tasks & weak(out, made, least, mutants):  # what was known before needs no measuring
            measure(out, mutants, jobs, watch=watch)
        known = weak(out, made, least, mutants)
        if not tasks & known:
            return suite.load(str(out))
