"""Is a task worth solving: do its suite's inputs tell wrong programs from right ones?

Mutants of the reference (:mod:`hpctc.evaluate.mutants`) are judged as any candidate. Those that
pass get further trials, of every distribution: what falls there was *missed* by the suite's own
inputs; what still passes computes the same as far as anybody can tell, and is *equivalent*. The
strength is the share of the others that the suite's own inputs tell apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import ClassVar

from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair, Record, Task
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Bench, in_order
from hpctc.evaluate.cases import Case, case, cases, inputs_of
from hpctc.evaluate.mutants import Mutant, mutants
from hpctc.evaluate.rebuilds import widened
from hpctc.evaluate.verify import judge
from hpctc.graph.meaning import DISTRIBUTIONS

FILE = "oracle.jsonl"
"""Beside a suite's tasks."""

MUTANTS = 24

CALL_SECONDS = 3.0
"""A mutant that has not come back then never ends."""

FURTHER_SEED = 1001
"""Of the trials for those that passed; no suite's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle(Record):
    """What the mutants of a task's reference said about its inputs."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "asked", "seeds", "distributions")
    of: str
    """The pair's id."""
    name: str
    asked: int
    seeds: tuple[int, ...]
    distributions: tuple[str, ...]
    killed: int = 0
    missed: tuple[str, ...] = ()
    """Mutants that only further trials told apart, in words."""
    equivalent: tuple[str, ...] = ()
    """Mutants that no trial tells apart."""
    strength: float | None = None
    """Share of the mutants that are not equivalent; None: there is no such mutant."""
    reason: str = ""
    """Why there is none."""


def oracle(pair: Pair, suite: Suite, bench: Bench, count: int = MUTANTS) -> Oracle:
    """Judge ``count`` mutants of a pair's C with the cases of ``suite``."""
    setup = bench.setup
    limits = replace(setup.limits, wall_seconds=min(CALL_SECONDS, setup.limits.wall_seconds))
    quick = replace(bench, setup=replace(setup, limits=limits), tiers=())
    about = {"of": pair.id, "name": pair.name, "asked": count, "seeds": suite.seeds}
    about["distributions"] = suite.distributions
    try:
        own = widened(pair, tuple(cases(pair, suite)), quick)
        if (told := judge(pair.c_code, pair, own, quick)).verdict != "correct":
            return Oracle.make(**about, reason=f"the reference is {told.verdict}: {told.detail}")
        chosen = list(islice(_built(pair, quick), count))
    except HpctcError as problem:
        return Oracle.make(**about, reason=problem.message)
    passed = [m for m, fell in _fall(chosen, pair, own, quick) if not fell]
    further = _further(pair, quick) if passed else ()
    missed = [str(m) for m, fell in _fall(passed, pair, further, quick) if fell]
    same = [str(m) for m in passed if str(m) not in missed]
    killed = len(chosen) - len(passed)
    differing = killed + len(missed)
    return Oracle.make(
        **about,
        killed=killed,
        missed=tuple(missed),
        equivalent=tuple(same),
        strength=round(killed / differing, 4) if differing else None,
        reason="" if differing else "its C has no mutant that computes something else",
    )


def oracles(
    tasks: Iterable[Task], suite: Suite, bench: Bench, count: int = MUTANTS
) -> Iterator[Oracle]:
    """One for every task, in order, ``bench.jobs`` at a time."""
    return in_order(lambda task: oracle(task.pair, suite, bench, count), tasks, bench.jobs)


def with_strength(suite: Suite, found: Sequence[Oracle]) -> Suite:
    """The suite with the strengths in its tasks; no id changes, neither theirs nor the suite's."""
    known = {o.of: o.strength for o in found}
    return replace(
        suite, tasks=tuple(replace(t, oracle_strength=known.get(t.of)) for t in suite.tasks)
    )


def _built(pair: Pair, bench: Bench) -> Iterator[Mutant]:
    """The mutants that compile, in the order that the pair's id draws."""
    return (m for m in mutants(pair.c_code, int(pair.id, 16)) if bench.compile(m.code).library)


def _fall(
    found: Sequence[Mutant], pair: Pair, known: Sequence[Case], bench: Bench
) -> Iterator[tuple[Mutant, bool]]:
    """Which of the mutants the cases tell from the original."""
    for mutant in found:
        yield mutant, judge(mutant.code, pair, known, bench).verdict != "correct"


def _further(pair: Pair, bench: Bench) -> tuple[Case, ...]:
    """A case of every distribution on which the reference itself passes."""
    made = (
        case(pair, inputs_of(pair, FURTHER_SEED, d), f"seed {FURTHER_SEED}, {d}")
        for d in DISTRIBUTIONS
    )
    return tuple(c for c in made if judge(pair.c_code, pair, [c], bench).verdict == "correct")


def path_of(suite: Path) -> Path:
    """Where a suite's oracles are listed."""
    return suite / FILE
