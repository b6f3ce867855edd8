"""What there is to show of a pair, and of the answers to it in a run, part by part."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hpctc.core import jsonl
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Launch,
    Pair,
    Prompt,
    Record,
    Score,
    Task,
    Tensor,
    Verdict,
)
from hpctc.native.call import prototype

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of what is shown."""

    title: str
    text: str
    language: str = "text"
    """For the colours: a name that pygments knows."""


def sections(pair: Pair) -> Iterator[Section]:
    """What there is to show of a pair, in the order in which one reads it."""
    yield Section("graph", pair.graph)
    yield Section("signature", prototype(pair.entry, pair.inputs, pair.outputs) + ";", "c")
    yield Section("buffers", "\n".join(_buffers(pair)))
    yield Section("CUDA", pair.cuda_code, "cuda")
    yield Section("launches", "\n".join(_launch(n) for n in pair.launches), "cuda")
    yield Section("C", pair.c_code, "c")
    yield Section("checks", "\n".join(_checks(pair)) or "nothing was checked")
    yield Section("provenance", "\n".join(_provenance(pair)))


def _buffers(pair: Pair) -> Iterator[str]:
    for role, tensors in (
        ("in", pair.inputs),
        ("out", pair.outputs),
        ("between", pair.intermediates),
    ):
        for tensor in tensors:
            yield f"{role:8}{_tensor(tensor)}"


def _tensor(tensor: Tensor) -> str:
    extents = ", ".join(map(str, tensor.shape))
    domain = f" in [{tensor.domain[0]:g}, {tensor.domain[1]:g}]" if tensor.domain else ""
    return f"{tensor.name}: {tensor.dtype}[{extents}]{domain}"


def _launch(launch: Launch) -> str:
    grid, block = (", ".join(map(str, e)) for e in (launch.grid, launch.block))
    shared = f", {launch.shared_bytes}" if launch.shared_bytes else ""
    arguments = ", ".join(map(str, launch.args))
    return f"{launch.kernel}<<<dim3({grid}), dim3({block}){shared}>>>({arguments});"


def _checks(pair: Pair) -> Iterator[str]:
    for check in pair.checks:
        words = [check.what]
        if check.max_error is not None:
            words.append(f"largest error {check.max_error:.2g}")
        if check.tolerance is not None:
            words.append(f"tolerance {check.tolerance:.2g}")
        if check.seeds:
            words.append(f"seeds {', '.join(map(str, check.seeds))}")
        if check.detail:
            words.append(check.detail)
        yield "; ".join(words)


def _provenance(pair: Pair) -> Iterator[str]:
    of = pair.provenance
    yield f"id        {pair.id}"
    yield f"source    {of.source}, effort {of.effort}"
    yield f"work      {pair.flops:,} operations, {pair.bytes:,} bytes"
    if of.seed is not None:
        yield f"seed      {of.seed}"
    for parent in of.parents:
        yield f"parent    {parent}"
    for rewrite in of.rewrites:
        yield f"rewrite   {rewrite}"
    if of.variant is not None:
        yield f"variant   {of.variant}"
    for kernel, schedule in of.schedules.items():
        first, *more = schedule.strip().splitlines() or [""]
        yield f"schedule  {kernel}: {first}" + (f" ... ({len(more)} more lines)" if more else "")
    for tool, version in of.tools.items():
        yield f"tool      {tool} {version}"


def attempts(run: Path, task: Task) -> Iterator[Section]:
    """The answers to a task in a run folder: the C that was found, and what became of it.

    An answer that repairs another one stands behind it, with the number of its turn.
    """
    prompts = {r.id: r for r in _stage(run, "prompts", Prompt)}
    candidates = {r.of: r for r in _stage(run, "candidates", Candidate)}
    builds = {r.of: r for r in _stage(run, "builds", Build)}
    verdicts = {r.of: r for r in _stage(run, "verdicts", Verdict)}
    scores = {r.of: r for r in _stage(run, "scores", Score)}
    mine = {task.id}  # and the verdicts on its answers: a repair is asked of one of them
    for answer in _stage(run, "answers", Answer):
        prompt = prompts.get(answer.of)
        candidate = candidates.get(answer.id)
        if prompt is None or prompt.of not in mine or candidate is None:
            continue
        build = builds.get(candidate.id)
        verdict = verdicts.get(build.id) if build else None
        score = scores.get(verdict.id) if verdict else None
        mine |= {verdict.id} if verdict else set()
        turn = f", turn {len(prompt.history) + 1}" if prompt.history else ""
        words = _outcome(candidate, build, verdict, score)
        yield Section(
            f"answer {answer.sample} of {answer.model}{turn}: {words}", candidate.source or "", "c"
        )


def _stage(run: Path, stage: str, kind: type[R]) -> Iterator[R]:
    path = run / f"{stage}.jsonl"
    return jsonl.read(path, kind) if path.is_file() else iter(())


def _outcome(
    candidate: Candidate, build: Build | None, verdict: Verdict | None, score: Score | None
) -> str:
    """How far an answer came, in words."""
    if candidate.source is None:
        return candidate.reason
    if verdict is None:
        return "not judged yet" if build is None or build.ok else "it does not build"
    if score is not None and score.speedup is not None:
        return f"{verdict.verdict}, {score.speedup:.2f} times as fast as {score.baseline}"
    return f"{verdict.verdict} {verdict.detail}".strip()
