"""One sample with all its records, joined by their ids from the score back to the graph."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpctc.core.records import Answer, Build, Candidate, Prompt, Task, Timing, Verdict


@dataclass(frozen=True)
class Trail:
    """What became of one answer to one task."""

    task: Task
    prompt: Prompt
    answer: Answer
    candidate: Candidate
    build: Build
    verdict: Verdict
    timings: tuple[Timing, ...] = ()
    """One for every baseline and thread count at which it was timed; none: it was not."""

    @property
    def is_correct(self) -> bool:
        """Whether it was right, in the timed calls too."""
        return self.verdict.verdict == "correct" and all(
            t.verdict == "correct" for t in self.timings
        )


def trails(
    tasks: Iterable[Task],
    prompts: Iterable[Prompt],
    answers: Iterable[Answer],
    judged: tuple[Iterable[Candidate], Iterable[Build], Iterable[Verdict]],
    timings: Iterable[Timing],
) -> list[Trail]:
    """One a sample, in the order of the answers."""
    task_of = {t.id: t for t in tasks}
    prompt_of = {p.id: p for p in prompts}
    candidate_of = {c.of: c for c in judged[0]}
    build_of = {b.of: b for b in judged[1]}
    verdict_of = {v.of: v for v in judged[2]}
    timings_of: dict[str, list[Timing]] = {}
    for timing in timings:
        timings_of.setdefault(timing.of, []).append(timing)
    found = []
    for answer in answers:
        prompt = prompt_of[answer.of]
        candidate = candidate_of[answer.id]
        build = build_of[candidate.id]
        verdict = verdict_of[build.id]
        timed = tuple(timings_of.get(verdict.id, ()))
        found.append(Trail(task_of[prompt.of], prompt, answer, candidate, build, verdict, timed))
    return found


def samples_of(found: Sequence[Trail]) -> dict[str, list[Trail]]:
    """Task id -> its samples."""
    by_task: dict[str, list[Trail]] = {}
    for trail in found:
        by_task.setdefault(trail.task.id, []).append(trail)
    return by_task
