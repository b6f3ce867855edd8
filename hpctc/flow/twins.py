"""Contamination twins of a suite's tasks: the same meaning in other words, each proven as any pair.

===========  ====================================================================================
``names``    every name that the CUDA chose is another one, and its comments are gone
``index``    blocks and threads are counted in two dimensions instead of one, or in one
``loops``    the kernels' loops run in another order
``block``    other schedules: one thread an element, blocks of another size
``fusion``   every operator has a kernel of its own
===========  ====================================================================================

The first three reword the text, the others are generated anew from the graph. The C, against which
answers are timed, stays the original's. A twin that does not compute the same is no twin: what
rewords tries its next wording, and where none is left there is no twin of that kind.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from hpctc.core import suite
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Launch, Pair, Task, Tensor
from hpctc.core.twins import kind_of, source_of
from hpctc.dataset.check import How, check
from hpctc.dataset.rejection import Rejected
from hpctc.graph.text import parse
from hpctc.lower import worker
from hpctc.lower.effort import Effort
from hpctc.lower.variant import Variant
from hpctc.sandbox.launcher import build as build_runner
from hpctc.syntax.disguise import WORDINGS, Worded

REGENERATED = ("block", "fusion")

KINDS = (*WORDINGS, *REGENERATED)

TRIED = 3
"""Wordings of one twin."""

SECONDS = 300.0
"""For all wordings of one twin."""

BLOCKS = (64, 128, 32)
"""Threads of a block in a ``block`` twin: the first with which the text is another one."""

HERE = "hpctc.flow.twins"
WARM = "hpctc.dataset.check:warm"
"""What the children need besides the lowering, so that it is loaded once."""


@dataclass(frozen=True, slots=True)
class Twin:
    """One twin, or why there is none."""

    of: str
    """The original task's name."""
    kind: str
    pair: Pair | None
    reason: str = ""


Watch = Callable[[str, int, Iterable[Twin]], Iterable[Twin]]


def twins(
    tasks: Sequence[Task], kinds: Sequence[str], jobs: int, watch: Watch | None = None
) -> list[Twin]:
    """The twins of all tasks, task by task; those that are twins themselves have none."""
    if unknown := [k for k in kinds if k not in KINDS]:
        raise UsageError(
            f"there is no twin of kind {unknown[0]!r}", f"there are: {', '.join(KINDS)}"
        )
    originals = [t for t in tasks if kind_of(t.pair.provenance) is None]
    asked = [(task, kind) for task in originals for kind in kinds]
    with tempfile.TemporaryDirectory(prefix="hpctc-") as scratch:
        how = How(Path(scratch), build_runner(Path(scratch)))
        workers = worker.Workers(jobs, SECONDS, preload=(*worker.LOWERING, HERE, WARM))
        with workers:
            found = (
                Twin(task.name, kind, None, made.reason)
                if isinstance(made, worker.Failure)
                else made
                for (task, kind), made in workers.map(partial(_make, how), asked, ordered=True)
            )
            return list(watch("twins", len(asked), found) if watch else found)


def suite_of(original: suite.Suite, name: str, made: Sequence[Twin], alone: bool) -> suite.Suite:
    """A suite of the twins, behind the originals unless they are to stand ``alone``.

    It has the original's settings, so both are judged alike.
    """
    found = [
        Task.make(of=t.pair.id, suite=name, name=t.pair.name, pair=t.pair)
        for t in made
        if t.pair is not None
    ]
    if not found:
        raise HpctcError(
            f"no task of {original.name} has a twin of these kinds",
            f"ask for others with --kind: {', '.join(KINDS)}",
        )
    kept = [] if alone else [
        Task.make(
            of=t.of, suite=name, name=t.name, pair=t.pair, oracle_strength=t.oracle_strength
        )
        for t in original.tasks
    ]  # fmt: skip
    return replace(
        original,
        name=name,
        description=f"contamination twins of {original.name}: {original.description}",
        tasks=(*kept, *found),
    )


@dataclass(frozen=True, slots=True)
class _Side:
    """Another CUDA side for a pair."""

    code: str
    launches: tuple[Launch, ...]
    intermediates: tuple[Tensor, ...]
    schedules: Mapping[str, str]


def _make(how: How, asked: tuple[Task, str]) -> Twin:
    """One twin: the work of one child."""
    task, kind = asked
    reason = "nothing in its CUDA can be said otherwise in this way"
    for side in islice(_sides(task.pair, kind), TRIED):
        candidate = _pair(task, kind, side)
        checked = check(candidate, how)
        if not isinstance(checked, Rejected):
            return Twin(task.name, kind, replace(candidate, checks=checked.checks))
        reason = f"{checked.reason}; {checked.detail}"
    return Twin(task.name, kind, None, reason)


def _sides(pair: Pair, kind: str) -> Iterator[_Side]:
    """What may be the CUDA of the twin, the one to prefer first."""
    if kind in WORDINGS:
        for worded in WORDINGS[kind](Worded(pair.cuda_code, pair.launches)):
            yield _Side(worded.code, worded.launches, pair.intermediates, pair.provenance.schedules)
        return
    for made in _generated(pair, kind):
        if made.cuda_code != pair.cuda_code:
            yield _Side(
                made.cuda_code, made.launches, made.intermediates, made.provenance.schedules
            )


def _generated(pair: Pair, kind: str) -> Iterator[Pair]:
    from hpctc.lower.pair import lower  # imports TVM, which only children need

    graph, effort = parse(pair.graph), Effort.parse("none")
    if kind == "block":
        for block in BLOCKS:
            yield lower(graph, effort, pair.provenance, variant=Variant(block=block, plain=True))
    elif len(graph.nodes) > 1:
        yield lower(graph, effort, pair.provenance, variant=Variant(group=1))


def _pair(task: Task, kind: str, side: _Side) -> Pair:
    """The original with another CUDA side."""
    old = task.pair
    schedules = {
        **{k: v for k, v in old.provenance.schedules.items() if k.startswith("c ")},
        **{k: v for k, v in side.schedules.items() if not k.startswith("c ")},
    }
    return old.remade(
        name=f"{task.name}.{kind}",
        cuda_code=side.code,
        launches=side.launches,
        intermediates=side.intermediates,
        checks=(),
        provenance=replace(
            old.provenance,
            source=source_of(kind),
            parents=(old.id,),
            rewrites=(),
            schedules=schedules,
        ),
    )
