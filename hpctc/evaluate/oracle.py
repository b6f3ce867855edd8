"""Is a task worth solving: do its suite's inputs tell wrong programs from right ones?

Mutants of the reference (:mod:`hpctc.evaluate.mutants`) are judged as any candidate. Those that
pass get further trials, of every distribution: what falls there was *missed* by the suite's own
inputs; what still passes computes the same as far as anybody can tell, and is *equivalent*. The
strength is the share of the others that the suite's own inputs tell apart.

Before a mutant counts as missed, it gets what an answer would get besides: the tolerance that legal
rebuilds explain, and AddressSanitizer. A mutant that leaves an array of its own reads what happens
to lie there, so that no input tells it apart every time, and the sanitizer always does.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar

from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair, Record, Task
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Bench, in_order
from hpctc.evaluate.cases import Case, case, cases, inputs_of
from hpctc.evaluate.mutants import Mutant, mutants
from hpctc.evaluate.rebuilds import widened
from hpctc.evaluate.sanitize import available
from hpctc.evaluate.verify import judge
from hpctc.graph.meaning import DISTRIBUTIONS

FILE = "oracle.jsonl"
"""Beside a suite's tasks."""

MUTANTS = 24

CALL_SECONDS = 3.0
"""A mutant that has not come back then never ends."""

FURTHER_SECONDS = 30.0
"""One that did come back on the suite's own cases is only slowed down by others."""

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
    quick, patient = _hurried(bench, CALL_SECONDS), _hurried(bench, FURTHER_SECONDS)
    about = {"of": pair.id, "name": pair.name, "asked": count, "seeds": suite.seeds}
    about["distributions"] = suite.distributions
    try:
        own = widened(pair, tuple(cases(pair, suite)), quick)
        if (told := judge(pair.c_code, pair, own, quick)).verdict != "correct":
            return Oracle.make(**about, reason=f"the reference is {told.verdict}: {told.detail}")
        chosen = list(islice(_built(pair, quick), count))
    except HpctcError as problem:
        return Oracle.make(**about, reason=problem.message)
    passed, killed = _parted(chosen, pair, own, quick)
    same, fell = _told_apart(passed, pair, patient)
    missed, caught = _parted(fell, pair, own[:1], _sanitized(patient))
    noticed = len(killed) + len(caught)
    differing = noticed + len(missed)
    return Oracle.make(
        **about,
        killed=noticed,
        missed=tuple(map(str, missed)),
        equivalent=tuple(map(str, same)),
        strength=round(noticed / differing, 4) if differing else None,
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


def _parted(
    found: Sequence[Mutant], pair: Pair, known: Sequence[Case], bench: Bench
) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants that pass on these cases, and those that do not."""
    passed: list[Mutant] = []
    fell: list[Mutant] = []
    for mutant in found:
        right = judge(mutant.code, pair, known, bench).verdict == "correct"
        (passed if right else fell).append(mutant)
    return passed, fell


def _told_apart(
    found: Sequence[Mutant], pair: Pair, bench: Bench
) -> tuple[list[Mutant], list[Mutant]]:
    """The mutants that compute the same on further trials, and those that do not.

    What falls is tried once more under what rounding explains at the most: a sum of equal terms
    drifts by more than the graph shows, and a busy host may have been too slow.
    """
    if not found:
        return [], []
    further = tuple(_further(pair, bench))
    same, fell = _parted(found, pair, further, bench)
    if fell:
        again, fell = _parted(fell, pair, widened(pair, further, bench), bench)
        same += again
    return same, fell


def _further(pair: Pair, bench: Bench) -> Iterator[Case]:
    """A case of every distribution on which the reference itself passes."""
    for distribution in DISTRIBUTIONS:
        inputs = inputs_of(pair, FURTHER_SEED, distribution)
        made = case(pair, inputs, f"seed {FURTHER_SEED}, {distribution}")
        if judge(pair.c_code, pair, [made], bench).verdict == "correct":
            yield made


def _hurried(bench: Bench, seconds: float) -> Bench:
    """The bench with so many seconds a call at the most, and plain calls alone."""
    limits = replace(bench.setup.limits, wall_seconds=seconds)
    return replace(bench, setup=replace(bench.setup, limits=limits), tiers=())


def _sanitized(bench: Bench) -> Bench:
    """The bench with AddressSanitizer behind the calls, where the compiler has it."""
    return replace(bench, tiers=("sanitizers",) if available() else ())
