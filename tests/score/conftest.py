"""Scores and trails made of nothing but what a figure is computed from."""

from collections.abc import Callable, Sequence

import pytest

from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Launch,
    Pair,
    Prompt,
    Provenance,
    Score,
    Task,
    Timing,
    Verdict,
    VerdictClass,
)
from hpctc.score import Trail

Rung = tuple[str, int, Sequence[int], Sequence[int]]
"""Baseline, threads, the candidate's times, the baseline's times."""

MakeScore = Callable[..., Score]
MakeTrail = Callable[..., Trail]


@pytest.fixture
def score() -> MakeScore:
    """``score(name, verdict, speedup, sample)``; the interval is 10 % to either side."""

    def make(
        name: str,
        verdict: VerdictClass,
        speed: float | None = None,
        sample: int = 0,
        reason: str = "",
    ) -> Score:
        return Score.make(
            of=f"{name}{sample}",
            task=name,
            name=name,
            category="reduction" if name.startswith("r") else "elementwise",
            model="m",
            sample=sample,
            built=verdict != "not built",
            verdict=verdict,
            speedup=speed,
            interval=None if speed is None else (round(0.9 * speed, 9), round(1.1 * speed, 9)),
            reason=reason,
        )

    return make


def task_of(name: str, kernels: int = 1, flops: int = 0, nbytes: int = 1) -> Task:
    pair = Pair.make(
        name=name,
        category="elementwise",
        graph=f"graph {name}",
        c_code="",
        cuda_code="",
        entry=name,
        launches=(Launch(kernel="k", grid=(1, 1, 1), block=(1, 1, 1), shared_bytes=0, args=()),)
        * kernels,
        inputs=(),
        outputs=(),
        flops=flops,
        bytes=nbytes,
        provenance=Provenance(source="test"),
    )
    return Task.make(of=pair.id, suite="s", name=name, pair=pair)


@pytest.fixture
def task() -> Callable[..., Task]:
    return task_of


@pytest.fixture
def trail() -> MakeTrail:
    """``trail(name, *rungs, verdict=...)``: one sample and the times taken of it."""

    def make(
        name: str,
        *rungs: Rung,
        verdict: VerdictClass = "correct",
        problem: tuple[VerdictClass, str] | None = None,
        sample: int = 0,
    ) -> Trail:
        task = task_of(name)
        prompt = Prompt.make(of=task.id, template="t", text="?")
        answer = Answer.make(of=prompt.id, model="m", sample=sample, text="!")
        candidate = Candidate.make(of=answer.id, source="void f(void) {}")
        build = Build.make(of=candidate.id, compiler="gcc", ok=verdict != "not built")
        judged = Verdict.make(of=build.id, verdict=verdict)
        timings = tuple(
            Timing.make(
                of=judged.id,
                baseline=baseline,
                threads=threads,
                candidate_ns=tuple(mine),
                baseline_ns=tuple(theirs),
                **({"verdict": problem[0], "problem": problem[1]} if problem else {}),
            )
            for baseline, threads, mine, theirs in rungs
        )
        return Trail(task, prompt, answer, candidate, build, judged, timings)

    return make
