"""A trail in one line: the Score."""

from collections.abc import Iterable

from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Score,
    Task,
    Timing,
    Verdict,
    VerdictClass,
)
from hpctc.score.ladder import best, rungs
from hpctc.score.trail import Trail, trails


def score(
    tasks: Iterable[Task],
    prompts: Iterable[Prompt],
    answers: Iterable[Answer],
    judged: tuple[Iterable[Candidate], Iterable[Build], Iterable[Verdict]],
    timings: Iterable[Timing],
) -> list[Score]:
    """One score a sample, in the order of the answers; each is walked back to its task by ids."""
    return [score_of(trail) for trail in trails(tasks, prompts, answers, judged, timings)]


def score_of(trail: Trail) -> Score:
    """The verdict, and the speedup over the best rung where the sample was right and timed."""
    outcome, reason = _outcome(trail)
    top = best(rungs(trail.timings)) if outcome == "correct" else None
    speed = top[1] if top else None
    return Score.make(
        of=trail.verdict.id,
        task=trail.task.id,
        name=trail.task.name,
        category=trail.task.pair.category,
        model=trail.answer.model,
        sample=trail.answer.sample,
        built=trail.build.ok,
        verdict=outcome,
        speedup=speed.value if speed else None,
        interval=(speed.low, speed.high) if speed else None,
        baseline=top[0] if top else next((t.baseline for t in trail.timings), ""),
        reason=reason,
        repairs=len(trail.turns) - 1,
        first=trail.turns[0].verdict.verdict if trail.before else None,
    )


def _outcome(trail: Trail) -> tuple[VerdictClass, str]:
    """What goes wrong in a timed call counts, before a problem that leaves the verdict alone."""
    wrong = [t for t in trail.timings if t.verdict != "correct"]
    problems = [t for t in trail.timings if t.problem]
    for timing in (*wrong, *problems):
        return timing.verdict, timing.problem
    return trail.verdict.verdict, trail.verdict.detail
