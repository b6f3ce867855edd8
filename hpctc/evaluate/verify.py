"""Whether a build computes what its task's graph means, on every seed and distribution."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from threading import Lock

from hpctc.core.records import Build, Pair, Verdict, VerdictClass
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Attempt, Bench, in_order
from hpctc.evaluate.cases import Case, cases
from hpctc.evaluate.compare import difference
from hpctc.evaluate.seat import Seat
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.process import Ended


@dataclass(frozen=True, slots=True)
class Finding:
    """What running a library showed."""

    verdict: VerdictClass
    detail: str = ""
    max_error: float | None = None
    jail: tuple[str, ...] = ()


def verify(attempts: Iterable[Attempt], suite: Suite, bench: Bench) -> Iterator[Verdict]:
    """One verdict an attempt, in order; attempts at one task share its cases when adjacent."""

    def with_cases() -> Iterator[tuple[Attempt, Shared]]:
        for _, group in groupby(attempts, key=lambda a: a.task.id):
            shared: Shared | None = None
            for attempt in group:
                shared = shared or Shared(attempt.task.pair, suite)
                yield attempt, shared

    return in_order(lambda work: _verdict(*work, suite, bench), with_cases(), bench.jobs)


class Shared:
    """The cases of a task, made when first asked for, by one of the threads that need them."""

    def __init__(self, pair: Pair, suite: Suite) -> None:
        self._make = partial(cases, pair, suite)
        self._lock = Lock()
        self._known: tuple[Case, ...] | None = None

    def get(self) -> tuple[Case, ...]:
        """The cases; slow the first time."""
        with self._lock:
            if self._known is None:
                self._known = tuple(self._make())
            return self._known


def _verdict(attempt: Attempt, shared: Shared, suite: Suite, bench: Bench) -> Verdict:
    assert attempt.build is not None
    finding = _unbuilt(attempt, attempt.build)
    known: tuple[Case, ...] = ()
    if finding is None:
        known = shared.get()
        finding = judge(attempt.candidate.source or "", attempt.task.pair, known, bench)
    return Verdict.make(
        of=attempt.build.id,
        verdict=finding.verdict,
        detail=finding.detail,
        seeds=suite.seeds,
        max_error=finding.max_error,
        tolerance=max((case.right.tolerance for case in known), default=None),
        jail=finding.jail,
    )


def _unbuilt(attempt: Attempt, build: Build) -> Finding | None:
    if attempt.answer.text is None:
        return Finding("abstained", attempt.answer.reason)
    if attempt.candidate.source is None:
        return Finding("not found", attempt.candidate.reason)
    if not build.ok:
        return Finding("not built", _first_error(build.log))
    return None


def judge(source: str, pair: Pair, known: Sequence[Case], bench: Bench) -> Finding:
    """Run ``source`` on all cases in one child; the first failure ends it."""
    library = bench.compile(source).library
    if library is None:
        return Finding("not built", "it was built before, and cannot be built again")
    worst = 0.0
    with Seat(bench.setup, library, pair) as seat:
        for turn, case in enumerate(known):
            finding = run_case(seat, case, turn)
            if finding.verdict != "correct":
                return finding
            worst = max(worst, finding.max_error or 0.0)
        return Finding("correct", "", worst, seat.child.layers)


def run_case(seat: Seat, case: Case, turn: int) -> Finding:
    """Call once on a case and compare; ``turn`` chooses the poison of the outputs."""
    outcome = seat.call(case.inputs, turn)
    outputs, layers = seat.outputs, seat.child.layers
    if isinstance(outcome, Ended):
        return Finding(outcome.failure, outcome.detail, None, layers)
    if (where := outputs.trespass()) is not None:
        return Finding("wrong", where, None, layers)
    return replace(compared(outputs, case), jail=layers)


def compared(outputs: Arena, case: Case) -> Finding:
    """Hold what lies in ``outputs`` against what is right."""
    worst = 0.0
    for tensor, got in zip(outputs.tensors, outputs.arrays, strict=True):
        expected, undecided = case.right.outputs[tensor.name], case.right.undecided[tensor.name]
        found = difference(tensor.name, got, expected, case.right.tolerance, undecided)
        worst = max(worst, found.max_error)
        if found.wrong:
            count = f"{found.wrong:,} of {got.size:,} elements differ"
            return Finding("wrong", f"{found.first} ({count}; {case.name})", worst)
    return Finding("correct", "", worst)


def _first_error(log: str) -> str:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line or "undefined reference" in line]
    return (errors or lines or ["the compiler gave no reason"])[0][:300]
