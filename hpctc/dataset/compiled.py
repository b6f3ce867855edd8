"""A C source of a pair, built and called on its trials between guard pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hpctc.core.records import Check, Pair
from hpctc.dataset.rejection import Rejection
from hpctc.dataset.trials import Trial, rounded
from hpctc.dataset.votes import judged
from hpctc.native.call import Array
from hpctc.native.compiler import Compiler
from hpctc.sandbox.arena import Arena
from hpctc.sandbox.compiling import jailed
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Candidate, Ended, Setup, cores


@dataclass(frozen=True, slots=True)
class Source:
    """One C text that claims to be what the pair's graph means."""

    side: str
    """``c`` or ``rules``."""
    words: str
    """What a rejection calls it."""
    code: str


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and with what C is built and run."""

    folder: Path
    runner: Path
    """The sandbox's program."""
    compiler: Compiler
    seconds: float
    """For one call; the compiler gets twice that."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A source that was right on every trial."""

    check: Check
    outputs: Sequence[Mapping[str, Array]]
    """By trial."""


def build(source: Source, bench: Bench) -> Path:
    """The shared object; a text that the compiler refuses is a :class:`Rejection`.

    It is built in the jail: a pair may come from anywhere, and a compiler reads what it is told to.
    """
    built = jailed(source.code, bench.compiler, bench.folder, bench.runner, 2 * bench.seconds)
    if built.library is None:
        reason = f"{bench.compiler.name} refuses {source.words}"
        raise Rejection("compile", reason, built.log[:500])
    return built.library


def run(pair: Pair, source: Source, library: Path, tried: Sequence[Trial], bench: Bench) -> Ran:
    """Call the library on every trial and compare; it is deleted afterwards."""
    setup = Setup(bench.runner, Limits(wall_seconds=bench.seconds), cores()[:2])
    inputs, outputs = Arena(pair.inputs, writable=False), Arena(pair.outputs, writable=True)
    worst, made = 0.0, []
    try:
        with inputs, outputs, Candidate(setup, library, pair.entry, inputs, outputs) as child:
            for turn, trial in enumerate(tried):
                _call(child, source, trial, turn, inputs, outputs)
                names = [t.name for t in outputs.tensors]
                got = {n: a.copy() for n, a in zip(names, outputs.arrays, strict=True)}
                worst = max(worst, judged(source.words, "compare", got, trial))
                made.append(got)
    finally:
        library.unlink(missing_ok=True)
    return Ran(
        Check(
            what=f"{source.side} == float64",
            seeds=tuple(t.seed for t in tried),
            max_error=rounded(worst),
            tolerance=rounded(max(t.right.tolerance for t in tried)),
            detail=f"{bench.compiler}; {', '.join(t.distribution for t in tried)}",
        ),
        made,
    )


def _call(
    child: Candidate, source: Source, trial: Trial, turn: int, inputs: Arena, outputs: Arena
) -> None:
    """Call once on a trial's inputs and poisoned outputs; what goes wrong is a rejection."""
    inputs.store([trial.inputs[t.name] for t in inputs.tensors])
    outputs.poison(turn)
    called = child.call()
    if isinstance(called, Ended):
        raise Rejection("run", f"{source.words} {called.failure}", f"{called.detail} ({trial})")
    if (trespass := outputs.trespass()) is not None:
        words = f"{source.words} writes beyond its outputs"
        raise Rejection("run", words, f"{trespass} ({trial})")


__all__ = ["Bench", "Ran", "Source", "build", "run"]
