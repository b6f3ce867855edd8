"""Two candidates of one task, called beside each other again: what ``hpctc regress --live`` plays.

The C of both lies in the runs' records; it is built anew with the run's own compiler and flags. A
round starts both in processes of their own and lets them take turns as in any timing, inputs and
outputs watched; who sits in the candidate's seat changes from round to round.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hpctc.core.errors import HpctcError
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Score,
    Task,
    Timing,
    Verdict,
)
from hpctc.core.run import About, read_stage
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import case, inputs_of
from hpctc.evaluate.match import Match, Outcome
from hpctc.evaluate.seat import Seat
from hpctc.evaluate.series import busy
from hpctc.native.compiler import compiler
from hpctc.native.host import facts
from hpctc.sandbox import launcher
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores
from hpctc.score import Trail, trails

OTHER = "other"


@dataclass(frozen=True)
class Duel:
    """One sample of a task in both runs."""

    name: str
    old: Trail
    new: Trail

    @property
    def label(self) -> str:
        """How a round's timing names its baseline, before the number."""
        return f"candidate {self.old.candidate.id}"

    def is_round(self, timing: Timing) -> bool:
        """Whether a timing is a round of this duel."""
        return timing.of == self.new.verdict.id and timing.baseline.startswith(f"{self.label}, ")


def duels(before: Path, after: Path) -> Iterator[Duel]:
    """The samples that are right in both runs and whose C is not the same, in the old order."""
    old, new = _by_sample(before), _by_sample(after)
    for key, first in old.items():
        second = new.get(key)
        if second is None or not (first.is_correct and second.is_correct):
            continue
        if first.candidate.source != second.candidate.source:
            name, sample = key
            yield Duel(name if sample == 0 else f"{name} #{sample}", first, second)


def bench(about: About, folder: Path) -> Bench:
    """A bench like the one on which a run was made."""
    settings = about.settings
    return Bench(
        Setup(launcher.build(folder), Limits(), cores(int(settings["threads"]))),
        compiler(str(settings["compiler"])),
        folder,
    )


def rounds(
    duel: Duel, on: Bench, case_of: tuple[int, str], seconds: float, first: int = 0
) -> Iterator[Timing]:
    """Rounds without end from number ``first``, on the inputs of a seed and distribution.

    The baseline is the old candidate, and names its round. A side that fails makes a timing with a
    problem; its verdict is the new candidate's, so it is not correct only where that one failed.
    """
    pair, (seed, distribution) = duel.new.task.pair, case_of
    base = inputs_of(pair, seed, distribution)
    libraries = [_library(side, duel.name, on) for side in (duel.new, duel.old)]
    for turn in count(first):
        with ExitStack() as opened:
            # The new candidate sits first in even rounds.
            mine, other = (
                opened.enter_context(Seat(on.setup, libraries[(turn + place) % 2], pair))
                for place in (0, 1)
            )
            match = Match(
                mine,
                {OTHER: other},
                lambda values: case(pair, values, "a timed call"),
                _tolerance(duel),
                len(on.setup.cores),
                f"seed {seed}, {distribution}",
                cold_rounds=0,
                starts=(1, 1),
            )
            yield _timing(duel, match.play(base, seconds), turn, len(on.setup.cores))


def _timing(duel: Duel, outcome: Outcome, turn: int, threads: int) -> Timing:
    new_first = turn % 2 == 0
    problem = outcome.problem or outcome.dropped.get(OTHER, "")
    columns = [outcome.series.candidate, outcome.series.rungs.get(OTHER, [])]
    mine, theirs = ([], []) if problem else columns if new_first else reversed(columns)
    seat = "the new candidate" if new_first else "the old candidate"
    blamed = outcome.verdict != "correct"
    return Timing.make(
        of=duel.new.verdict.id,
        baseline=f"{duel.label}, round {turn}",
        threads=threads,
        candidate_ns=tuple(c.child_ns for c in mine),
        baseline_ns=tuple(c.child_ns for c in theirs),
        candidate_busy_ns=busy(mine),
        baseline_busy_ns=busy(theirs),
        host=facts(),
        verdict=outcome.verdict if new_first else "correct",
        problem=problem and f"{seat if blamed else 'a round'} failed: {problem}",
    )


def _tolerance(duel: Duel) -> float:
    return max(t.verdict.tolerance or 0.0 for t in (duel.old, duel.new))


def _library(side: Trail, name: str, on: Bench) -> Path:
    built = on.compile(side.candidate.source or "")
    if built.library is None:
        raise HpctcError(f"{name} was built before, and cannot be built now: {built.log[:400]}")
    return built.library


def _by_sample(run: Path) -> Mapping[tuple[str, int], Trail]:
    found = trails(
        read_stage(run, "tasks", Task),
        read_stage(run, "prompts", Prompt),
        read_stage(run, "answers", Answer),
        (
            read_stage(run, "candidates", Candidate),
            read_stage(run, "builds", Build),
            read_stage(run, "verdicts", Verdict),
        ),
        read_stage(run, "timings", Timing),
    )
    right = {s.of for s in read_stage(run, "scores", Score) if s.verdict == "correct"}
    return {(t.task.name, t.answer.sample): t for t in found if t.verdict.id in right}
