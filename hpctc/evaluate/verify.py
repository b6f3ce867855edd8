"""Whether a build computes what its task's graph means, on every seed and distribution.

In this order, until something fails: calls on all cases, with arrays that end at a guard page; one
call with arrays that begin at one; one of a build with AddressSanitizer and UBSan; one of a build
with ThreadSanitizer (:mod:`hpctc.evaluate.sanitize`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Lock

from hpctc.core.records import Build, Pair, Scene, Tier, Verdict, VerdictClass
from hpctc.core.suite import Suite
from hpctc.evaluate.bench import Attempt, Bench, in_order
from hpctc.evaluate.cases import Case, cases
from hpctc.evaluate.compare import difference
from hpctc.evaluate.rebuilds import widened
from hpctc.evaluate.sanitize import PASSED, THREADS, WATCHERS, Watcher, examine
from hpctc.evaluate.seat import Seat
from hpctc.sandbox.arena import Arena, Flush
from hpctc.sandbox.process import Ended


@dataclass(frozen=True, slots=True)
class Finding:
    """What running a library showed."""

    verdict: VerdictClass
    detail: str = ""
    max_error: float | None = None
    jail: tuple[str, ...] = ()
    tiers: tuple[Tier, ...] = ()
    scene: Scene | None = None


def verify(attempts: Iterable[Attempt], suite: Suite, bench: Bench) -> Iterator[Verdict]:
    """One verdict an attempt, in order; attempts at one task share its cases when adjacent."""

    def with_cases() -> Iterator[tuple[Attempt, Shared]]:
        for _, group in groupby(attempts, key=lambda a: a.task.id):
            shared: Shared | None = None
            for attempt in group:
                shared = shared or Shared(attempt.task.pair, suite, bench)
                yield attempt, shared

    return in_order(lambda work: _verdict(*work, suite, bench), with_cases(), bench.jobs)


class Shared:
    """The cases of a task, made when first asked for, by one of the threads that need them."""

    def __init__(self, pair: Pair, suite: Suite, bench: Bench) -> None:
        self._pair, self._suite, self._bench = pair, suite, bench
        self._lock = Lock()
        self._known: tuple[Case, ...] | None = None

    def get(self) -> tuple[Case, ...]:
        """The cases; slow the first time."""
        with self._lock:
            if self._known is None:
                made = tuple(cases(self._pair, self._suite))
                self._known = widened(self._pair, made, self._bench)
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
        tiers=finding.tiers,
        scene=finding.scene,
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
    """Put ``source`` through all tiers; the first failure ends it."""
    library = bench.compile(source).library
    if library is None:
        return Finding("not built", "it was built before, and cannot be built again")
    threads = len(bench.setup.cores)
    found = Finding("correct")
    flushes: tuple[Flush, ...] = ("end", "start")
    for flush in flushes:
        with Seat(bench.setup, library, pair, flush) as seat:
            for turn, case in enumerate(known if flush == "end" else known[:1]):
                finding = replace(run_case(seat, case, turn), tiers=("calls",))
                if finding.verdict != "correct":
                    calls = tuple(c.name for c in known[: turn + 1])
                    scene = Scene(
                        tier="calls",
                        calls=calls,
                        flush=flush,
                        threads=threads,
                        tolerance=case.right.tolerance,
                    )
                    return _refined(replace(finding, scene=scene), source, pair, case, bench)
                worst = max(found.max_error or 0.0, finding.max_error or 0.0)
                found = replace(finding, max_error=worst)
    for watcher in WATCHERS:
        if watcher.tier in bench.tiers and known:
            found = _watched(watcher, found, source, pair, known[0], bench)
            if found.verdict != "correct":
                break
    return found


def _watched(
    watcher: Watcher, found: Finding, source: str, pair: Pair, case: Case, bench: Bench
) -> Finding:
    """One tier more: what a sanitizer finds replaces the verdict; what it leaves open, nothing."""
    report = examine(watcher, source, pair, case, bench)
    if report == PASSED:
        return replace(found, tiers=(*found.tiers, watcher.tier))
    if isinstance(report, str):
        return found
    threads = max(THREADS, len(bench.setup.cores))
    scene = Scene(tier=watcher.tier, calls=(case.name,), threads=threads)
    tiers = (*found.tiers, watcher.tier)
    return replace(found, verdict=report.verdict, detail=report.detail, tiers=tiers, scene=scene)


def _refined(finding: Finding, source: str, pair: Pair, case: Case, bench: Bench) -> Finding:
    """A crash in words: a sanitizer may say that, where and how it left its arrays."""
    if finding.verdict != "crashed" or "sanitizers" not in bench.tiers:
        return finding
    told = _watched(WATCHERS[0], finding, source, pair, case, bench)
    return told if told.verdict == "out-of-bounds" else finding


def run_case(seat: Seat, case: Case, turn: int) -> Finding:
    """Call once on a case and compare; ``turn`` chooses the poison of the outputs."""
    outcome = seat.call(case.inputs, turn)
    outputs, layers = seat.outputs, seat.child.layers
    if isinstance(outcome, Ended):
        return Finding(outcome.failure, outcome.detail, None, layers)
    if (where := outputs.trespass()) is not None:
        return Finding("out-of-bounds", where, None, layers)
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
