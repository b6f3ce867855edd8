"""The CUDA side of a pair: choose a schedule a step, collect the kernels, bind their arguments."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tvm_ffi
from tvm import s_tir

from hpctc.core.errors import HpctcError
from hpctc.core.records import Launch, Tensor
from hpctc.lower.cuda import measure
from hpctc.lower.cuda.clean import Title, clean
from hpctc.lower.cuda.guards import unwritten
from hpctc.lower.cuda.how import Cuda
from hpctc.lower.cuda.schedule import Scheduled, candidates
from hpctc.lower.cuda.source import Emitted, Unlaunchable, emit
from hpctc.lower.plan import Plan, Step
from hpctc.lower.relax.naming import free
from hpctc.native import cuda as compilers

log = logging.getLogger(__name__)


DEFAULT = Cuda()


REFUSALS = (Unlaunchable, RuntimeError)
"""What a candidate may raise where its schedule cannot be written as CUDA, so that the next one is
taken: :class:`Unlaunchable` is ours; a ``RuntimeError`` is TVM's own (``ScheduleError``,
``InternalError`` of a pass). Whatever else is raised is a mistake, and the graph's failure."""


class CudaError(HpctcError):
    """No schedule of a step can be written as CUDA."""


@dataclass(frozen=True)
class CudaSide:
    """What :func:`generate` makes of a plan."""

    code: str
    launches: tuple[Launch, ...]
    intermediates: tuple[Tensor, ...]
    """The plan's, and those between kernels of one step."""
    schedules: Mapping[str, str]
    """Step -> how it was scheduled."""


@dataclass(frozen=True)
class _Part:
    """The kernels of one PrimFunc; steps that share the function share them."""

    head: list[str]
    kernels: list[str]
    launches: tuple[Launch, ...]
    """Arguments are the function's parameters and ``scratch``, by name."""
    scratch: tuple[Tensor, ...]
    schedule: str


def generate(plan: Plan, how: Cuda = DEFAULT) -> CudaSide:
    """Schedule every step, emit it and write down its launches; the same input, the same text."""
    buffers = {t.name for t in (*plan.inputs, *plan.outputs, *plan.intermediates)}
    names: set[str] = set()
    parts: dict[Any, _Part] = {}
    launches: list[Launch] = []
    for step in plan.steps:
        part = parts.get(step.func)
        if part is None:
            part = parts[step.func] = _part(step, how, names, buffers)
        launches += _bound(part, step)
    scratch = [t for part in parts.values() for t in part.scratch]
    return CudaSide(
        code=_text(list(parts.values())),
        launches=tuple(launches),
        intermediates=(*plan.intermediates, *scratch),
        schedules={step.name: parts[step.func].schedule for step in plan.steps},
    )


def _text(parts: Sequence[_Part]) -> str:
    head = dict.fromkeys(line for part in parts for line in part.head)
    includes = [line for line in head if line.startswith("#include")]
    functions = [text for text in head if not text.startswith("#include")]
    blocks = ["\n".join(includes) + "\n"] if includes else []
    blocks += [text + "\n" for text in functions]
    blocks += [kernel for part in parts for kernel in part.kernels]
    return "\n".join(blocks)


def _bound(part: _Part, step: Step) -> list[Launch]:
    """A part's launches with the step's buffers as arguments."""
    own = [str(p.name) for p in step.func.params]
    buffers = dict(zip(own, step.args, strict=True))
    return [
        replace(launch, args=tuple(buffers.get(a, a) for a in launch.args))  # type: ignore[arg-type]
        for launch in part.launches
    ]


def _part(step: Step, how: Cuda, names: set[str], buffers: set[str]) -> _Part:
    """Schedule and emit one function; its kernels and scratch buffers get names of their own."""
    chosen, emitted = _choose(step, how)
    comments = _comments(step, emitted)
    titles: dict[str, Title] = {}
    for n, launch in enumerate(emitted.launches):
        suffix = f"_{n + 1}" if len(emitted.launches) > 1 else ""
        titles[launch.kernel] = Title(free(f"{step.name}{suffix}", names), comments[n])
    head, kernels = clean(emitted.text, titles)
    scratch = {t.name: free(t.name, buffers) for t in emitted.scratch}
    launches = tuple(
        replace(
            launch,
            kernel=titles[launch.kernel].name,
            args=tuple(scratch.get(a, a) if isinstance(a, str) else a for a in launch.args),
        )
        for launch in emitted.launches
    )
    renamed = tuple(replace(t, name=scratch[t.name]) for t in emitted.scratch)
    return _Part(head, kernels, launches, renamed, chosen.text)


def _choose(step: Step, how: Cuda) -> tuple[Scheduled, Emitted]:
    """The first candidate that can be emitted and, where that is asked for, does not spill."""
    second: tuple[Scheduled, Emitted] | None = None
    problems = []
    for candidate in _candidates(step, how):
        try:
            emitted = emit(candidate.func, step.name.removesuffix("_kernel"), how.arch)
            _keep_results(step, candidate, emitted)
        except REFUSALS as problem:
            problems.append(f"{candidate.text.partition(chr(10))[0]}: {str(problem)[:200]}")
            continue
        using = compilers.tool(emitted.text) if how.samples else None
        if using is None:
            return candidate, emitted
        built = compilers.compile_check(emitted.text, using, (how.arch,))
        if not built.ok:
            problems.append(f"{candidate.text.partition(chr(10))[0]}: {built.log[:200]}")
            continue
        if not built.spill_bytes:
            return candidate, emitted
        second = second or (candidate, emitted)
    if second is not None:
        return second
    raise CudaError(f"{step.name} has no CUDA schedule: {'; '.join(problems)}")


def _keep_results(step: Step, chosen: Scheduled, emitted: Emitted) -> None:
    """Refuse a schedule that lost stages, as dlight's Transpose does, or parts of a result."""
    given = {a for launch in emitted.launches for a in launch.args}
    results = [str(p.name) for p in step.func.params][-step.outputs :]
    if lost := [name for name in results if name not in given]:
        raise Unlaunchable(f"no kernel writes {', '.join(lost)}")
    if lost := unwritten(chosen.func, results):
        raise Unlaunchable(f"not all of {', '.join(lost)} is written")


def _candidates(step: Step, how: Cuda) -> Iterator[Scheduled]:
    if how.runner != "none" and (found := measure.tuned(step.func, how)) is not None:
        yield Scheduled(*found)
    yield from candidates(step.func, how)


def _comments(step: Step, emitted: Emitted) -> list[str]:
    """One line a kernel: the stages, what is read and what is written."""
    stages: dict[str, None] = {}

    def note(block: Any) -> None:
        if block.name_hint != "root":
            stages[str(block.name_hint)] = None

    tvm_ffi.structural_walk(step.func.body, (s_tir.SBlock, note), order="pre")
    params = [str(p.name) for p in step.func.params]
    reads, writes = params[: -step.outputs], params[-step.outputs :]
    line = f"{', '.join(stages)}: {', '.join(reads)} -> {', '.join(writes)}"
    count = len(emitted.launches)
    if count == 1:
        return [line]
    return [f"{line} (kernel {n} of {count})" for n in range(1, count + 1)]
