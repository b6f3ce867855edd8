"""Whether a pair deserves to be one: its C is right, its CUDA complete, its task not empty.

The C is compiled as it ships and called in a child process between guard pages, with read-only
inputs and poisoned outputs; every output is compared with the graph's float64 meaning under the
tolerance that the meaning itself gives. Programs that compute nothing must fail the same
comparison. One more run goes through the sanitizers. The CUDA side is held against the same meaning
in the emulator (:mod:`hpctc.dataset.device`) and as what the rule transpiler makes of it, and all
sides are held against each other (:mod:`hpctc.dataset.votes`).
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hpctc.core.errors import HpctcError
from hpctc.core.records import Check, Pair
from hpctc.dataset.admission import MIMICS, vacuous
from hpctc.dataset.compiled import Bench, Source, build, run
from hpctc.dataset.device import Demand, device_checks
from hpctc.dataset.rejection import Rejected, Rejection
from hpctc.dataset.sanitize import sanitize
from hpctc.dataset.trials import Trial, trials
from hpctc.dataset.votes import Votes
from hpctc.graph.text import parse
from hpctc.native.compiler import compiler

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
    """Compile, emulate and transpile the CUDA."""
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


def warm() -> None:
    """Load what every check needs: a process that forks its checkers does it once for all of them.

    The grammar of the transpiler alone takes most of a second.
    """
    from hpctc.emulate import toolchain
    from hpctc.syntax.parse import parse as parse_cuda
    from hpctc.transpile import transpile_pair  # noqa: F401

    parse_cuda("void f(void) {}")
    if shutil.which("g++") is not None:
        toolchain.precompiled(asan=False)
    compiler("gcc")


def check(pair: Pair, how: How, lap: Lap = lambda stage: None) -> Checked | Rejected:
    """Verify one pair; a rejection is a result, not an error."""
    try:
        return _check(pair, how, lap)
    except Rejection as problem:
        return problem.rejected


def _check(pair: Pair, how: How, lap: Lap) -> Checked:
    tried = trials(parse(pair.graph))
    votes = Votes(tried)
    _admit(pair, tried)
    lap("admission")
    made = [
        _compiled(pair, Source("c", "the C", pair.c_code), tried, votes, how, lap),
        Check(what="empty programs fail", detail="; ".join(MIMICS)),
    ]
    made += _sanitized(pair, tried[0], how)
    lap("sanitize")
    device, figures = device_checks(pair, votes, how.cuda, how.runner)
    lap("cuda")
    if how.cuda != "off":
        source = Source("rules", "the transpiled CUDA", _transpiled(pair))
        lap("transpile")
        device += [
            _compiled(pair, source, votes.trials, votes, how, lap),
            votes.agreement(),
        ]
    return Checked((*made, *device), figures)


def _admit(pair: Pair, tried: Sequence[Trial]) -> None:
    if (what := vacuous(parse(pair.graph), tried)) is not None:
        raise Rejection("admission", what.reason, what.detail)


def _compiled(
    pair: Pair, source: Source, tried: Sequence[Trial], votes: Votes, how: How, lap: Lap
) -> Check:
    """Build a C text, call it on the trials, compare and let it vote."""
    bench = Bench(how.folder, how.runner, compiler(how.compiler), how.seconds)
    library = build(source, bench)
    lap("compile")
    ran = run(pair, source, library, tried, bench)
    for outputs in ran.outputs[: len(votes.trials)]:
        votes.cast(source.side, outputs)
    lap("run")
    return ran.check


def _transpiled(pair: Pair) -> str:
    from hpctc.transpile import transpile_pair  # loads a grammar, which most importers never need

    try:
        return transpile_pair(pair)
    except HpctcError as problem:
        raise Rejection("transpile", "the CUDA cannot be transpiled", str(problem)) from None


def _sanitized(pair: Pair, trial: Trial, how: How) -> Iterator[Check]:
    if pair.flops > SANITIZABLE:
        return
    inputs = [trial.inputs[t.name] for t in pair.inputs]
    if (words := sanitize(pair, inputs, how.folder, how.runner, 2 * how.seconds)) is not None:
        raise Rejection("run", "a sanitizer objects to the C", words)
    yield Check(what="asan+ubsan", seeds=(trial.seed,), detail="gcc -O1")
