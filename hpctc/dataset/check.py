"""Whether a pair deserves to be one: its C is right, its CUDA complete, its task not empty.

The C is compiled as it ships and called in a child process between guard pages, with read-only
inputs and poisoned outputs; every output is compared with the graph's float64 meaning under the
tolerance that the meaning itself gives. Programs that compute nothing must fail the same
comparison. One more run goes through the sanitizers. The CUDA must be launchable from the record,
and must compile where there is a compiler for it.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hpctc.core.errors import MissingTool
from hpctc.core.records import Check, Pair
from hpctc.dataset.admission import MIMICS, vacuous
from hpctc.dataset.folder import Stage
from hpctc.dataset.launches import problems
from hpctc.dataset.sanitize import sanitize
from hpctc.dataset.trials import Trial, error, first_wrong, trials
from hpctc.graph.text import parse
from hpctc.native import cuda
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
    cuda: str = "auto"
    """Compile the CUDA: ``auto`` where a compiler is there, ``off``, ``require``."""
    compiler: str = "gcc"
    seconds: float = 30.0
    """For one call of the C; a compiler gets twice that."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A pair that passed."""

    checks: tuple[Check, ...]
    figures: Mapping[str, float] = field(default_factory=dict)
    """What this host's run and compilers measured."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A pair that did not pass: where, and why."""

    stage: Stage
    reason: str
    """Without figures."""
    detail: str = ""


class _Rejection(Exception):
    """Carries a rejection out of the stages."""

    def __init__(self, stage: Stage, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.rejected = Rejected(stage, reason, detail)


Lap = Callable[[str], None]
"""Told the name of a stage when it is over."""


def check(pair: Pair, how: How, lap: Lap = lambda stage: None) -> Checked | Rejected:
    """Verify one pair; a rejection is a result, not an error."""
    try:
        return _check(pair, how, lap)
    except _Rejection as problem:
        return problem.rejected


def _check(pair: Pair, how: How, lap: Lap) -> Checked:
    tried = trials(parse(pair.graph))
    _admit(pair, tried)
    lap("admission")
    _launchable(pair)
    made = [
        _run(pair, tried, how, lap),
        Check(what="empty programs fail", detail="; ".join(MIMICS)),
    ]
    made += _sanitized(pair, tried[0], how)
    lap("sanitize")
    made.append(Check(what="launches are complete"))
    compiled, figures = _cuda(pair, how)
    lap("cuda")
    return Checked((*made, compiled), figures)


def _admit(pair: Pair, tried: Sequence[Trial]) -> None:
    if (what := vacuous(parse(pair.graph), tried)) is not None:
        raise _Rejection("admission", what.reason, what.detail)


def _launchable(pair: Pair) -> None:
    if found := problems(pair):
        raise _Rejection("cuda", "the launches are not complete", "; ".join(found[:3]))


def _run(pair: Pair, tried: Sequence[Trial], how: How, lap: Lap) -> Check:
    """Build the C, call it on every trial, compare."""
    using = compiler(how.compiler)
    built = using.build(pair.c_code, how.folder, 2 * how.seconds)
    lap("compile")
    if built.library is None:
        raise _Rejection("compile", f"{using.name} refuses the C", built.log[:500])
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
        max_error=_rounded(worst),
        tolerance=_rounded(max(t.right.tolerance for t in tried)),
        detail=f"{using}; {', '.join(t.distribution for t in tried)}",
    )


def _call(child: Candidate, trial: Trial, turn: int, inputs: Arena, outputs: Arena) -> float:
    """Call on one trial and compare; the largest error."""
    inputs.store([trial.inputs[t.name] for t in inputs.tensors])
    outputs.poison(turn)
    called = child.call()
    if isinstance(called, Ended):
        raise _Rejection("run", f"the C {called.failure}", f"{called.detail} ({trial})")
    if (trespass := outputs.trespass()) is not None:
        raise _Rejection("run", "the C writes beyond its outputs", f"{trespass} ({trial})")
    worst = 0.0
    for tensor, got in zip(outputs.tensors, outputs.arrays, strict=True):
        found = error(tensor.name, got, trial)
        if not found <= trial.right.tolerance:
            detail = f"{first_wrong(tensor.name, got, trial)} ({trial})"
            raise _Rejection("compare", "the C computes something else", detail)
        worst = max(worst, found)
    return worst


def _sanitized(pair: Pair, trial: Trial, how: How) -> Iterator[Check]:
    if pair.flops > SANITIZABLE:
        return
    inputs = [trial.inputs[t.name] for t in pair.inputs]
    if (words := sanitize(pair, inputs, how.folder, 2 * how.seconds)) is not None:
        raise _Rejection("run", "a sanitizer objects to the C", words)
    yield Check(what="asan+ubsan", seeds=(trial.seed,), detail="gcc -O1")


def _cuda(pair: Pair, how: How) -> tuple[Check, dict[str, float]]:
    """Compile the CUDA where that was asked for and is possible; else say that it was not."""
    if how.cuda == "off":
        return Check(what="cuda not compiled", detail="it was not asked for"), {}
    if (using := cuda.tool(pair.cuda_code)) is None:
        if how.cuda == "require":
            raise MissingTool(
                "there is neither NVRTC nor nvcc to compile CUDA with",
                "pip install 'hpctc[cuda]', or --cuda-check auto",
            )
        return Check(what="cuda not compiled", detail="there was neither NVRTC nor nvcc"), {}
    built = cuda.compile_check(pair.cuda_code, using, seconds=4 * how.seconds)
    if not built.ok:
        raise _Rejection("cuda", "the CUDA does not compile", built.log[:500])
    figures = {"registers": float(built.registers), "spill_bytes": float(built.spill_bytes)}
    return Check(what="cuda compiles", detail=f"{using}, {' '.join(cuda.ARCHS)}"), figures


def _threads() -> int:
    return min(2, len(os.sched_getaffinity(0)))


def _rounded(value: float) -> float:
    """Two digits: more would differ between hosts whose arithmetic is equally right."""
    return float(f"{value:.1e}")
