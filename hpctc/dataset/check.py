"""Whether a pair deserves to be one: its C is right, its CUDA complete, its task not empty.

The C is compiled as it ships and called in a child process between guard pages, with read-only
inputs and poisoned outputs; every output is compared with the graph's float64 meaning under the
tolerance that the meaning itself gives. Programs that compute nothing must fail the same
comparison. One more run goes through the sanitizers. The CUDA side is held against the same meaning
(:mod:`hpctc.dataset.device`).
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hpctc.core.records import Check, Pair
from hpctc.dataset.admission import MIMICS, vacuous
from hpctc.dataset.device import Demand, device_checks
from hpctc.dataset.rejection import Rejected, Rejection
from hpctc.dataset.sanitize import sanitize
from hpctc.dataset.trials import Trial, error, first_wrong, rounded, trials
from hpctc.graph.text import parse
from hpctc.native.compiler import compiler
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Candidate, Ended, Setup, cores

SANITIZABLE = 2_000_000_000
"""Operations above which a run under the sanitizers would take too long."""


@dataclass(frozen=True, slots=True)
class How:
    """With what pairs are checked."""

    folder: Path
    """Scratch."""
    runner: Path
    """The sandbox's program."""
    cuda: Demand = "auto"
    """Compile and emulate the CUDA."""
    compiler: str = "gcc"
    seconds: float = 30.0
    """For one call of the C; a compiler gets twice that."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A pair that passed."""

    checks: tuple[Check, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    """What this host's run and compilers measured."""


Lap = Callable[[str], None]
"""Told the name of a stage when it is over."""


def check(pair: Pair, how: How, lap: Lap = lambda stage: None) -> Checked | Rejected:
    """Verify one pair; a rejection is a result, not an error."""
    try:
        return _check(pair, how, lap)
    except Rejection as problem:
        return problem.rejected


def _check(pair: Pair, how: How, lap: Lap) -> Checked:
    tried = trials(parse(pair.graph))
    _admit(pair, tried)
    lap("admission")
    made = [
        _run(pair, tried, how, lap),
        Check(what="empty programs fail", detail="; ".join(MIMICS)),
    ]
    made += _sanitized(pair, tried[0], how)
    lap("sanitize")
    device, figures = device_checks(pair, tried, how.cuda)
    lap("cuda")
    return Checked((*made, *device), figures)


def _admit(pair: Pair, tried: Sequence[Trial]) -> None:
    if (what := vacuous(parse(pair.graph), tried)) is not None:
        raise Rejection("admission", what.reason, what.detail)


def _run(pair: Pair, tried: Sequence[Trial], how: How, lap: Lap) -> Check:
    """Build the C, call it on every trial, compare."""
    using = compiler(how.compiler)
    built = using.build(pair.c_code, how.folder, 2 * how.seconds)
    lap("compile")
    if built.library is None:
        raise Rejection("compile", f"{using.name} refuses the C", built.log[:500])
    setup = Setup(how.runner, Limits(wall_seconds=how.seconds), cores(_threads()))
    worst = 0.0
    inputs, outputs = Arena(pair.inputs, writable=False), Arena(pair.outputs, writable=True)
    try:
        with inputs, outputs, Candidate(setup, built.library, pair.entry, inputs, outputs) as child:
            for turn, trial in enumerate(tried):
                worst = max(worst, _call(child, trial, turn, inputs, outputs))
    finally:
        built.library.unlink(missing_ok=True)
    lap("run")
    return Check(
        what="c == float64",
        seeds=tuple(t.seed for t in tried),
        max_error=rounded(worst),
        tolerance=rounded(max(t.right.tolerance for t in tried)),
        detail=f"{using}; {', '.join(t.distribution for t in tried)}",
    )


def _call(child: Candidate, trial: Trial, turn: int, inputs: Arena, outputs: Arena) -> float:
    """Call on one trial and compare; the largest error."""
    inputs.store([trial.inputs[t.name] for t in inputs.tensors])
    outputs.poison(turn)
    called = child.call()
    if isinstance(called, Ended):
        raise Rejection("run", f"the C {called.failure}", f"{called.detail} ({trial})")
    if (trespass := outputs.trespass()) is not None:
        raise Rejection("run", "the C writes beyond its outputs", f"{trespass} ({trial})")
    worst = 0.0
    for tensor, got in zip(outputs.tensors, outputs.arrays, strict=True):
        found = error(tensor.name, got, trial)
        if not found <= trial.right.tolerance:
            detail = f"{first_wrong(tensor.name, got, trial)} ({trial})"
            raise Rejection("compare", "the C computes something else", detail)
        worst = max(worst, found)
    return worst


def _sanitized(pair: Pair, trial: Trial, how: How) -> Iterator[Check]:
    if pair.flops > SANITIZABLE:
        return
    inputs = [trial.inputs[t.name] for t in pair.inputs]
    if (words := sanitize(pair, inputs, how.folder, 2 * how.seconds)) is not None:
        raise Rejection("run", "a sanitizer objects to the C", words)
    yield Check(what="asan+ubsan", seeds=(trial.seed,), detail="gcc -O1")


def _threads() -> int:
    return min(2, len(os.sched_getaffinity(0)))
