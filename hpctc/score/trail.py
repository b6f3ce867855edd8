"""One sample with all its records, joined by their ids from the score back to the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from hpctc.core.errors import CorruptRecord
from hpctc.core.records import Answer, Build, Candidate, Prompt, Record, Task, Timing, Verdict

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Trail:
    """What became of one sample of a task: its last turn, and behind it the turns before."""

    task: Task
    prompt: Prompt
    answer: Answer
    candidate: Candidate
    build: Build
    verdict: Verdict
    timings: tuple[Timing, ...] = ()
    """One for every baseline and thread count at which it was timed; none: it was not."""
    before: "Trail | None" = None
    """The turn that this one was to repair; None: this is the first turn."""

    @property
    def is_correct(self) -> bool:
        """Whether it was right, in the timed calls too."""
        return self.verdict.verdict == "correct" and all(
            t.verdict == "correct" for t in self.timings
        )

    @property
    def turns(self) -> "tuple[Trail, ...]":
        """All turns, the first one first."""
        return (*(self.before.turns if self.before else ()), self)


def trails(
    tasks: Iterable[Task],
    prompts: Iterable[Prompt],
    answers: Iterable[Answer],
    judged: tuple[Iterable[Candidate], Iterable[Build], Iterable[Verdict]],
    timings: Iterable[Timing],
) -> list[Trail]:
    """One a sample, in the order of the prompts; answers may have come in any.

    The records of a repair turn stand after those of the turn before.
    """
    task_of = {t.id: t for t in tasks}
    prompt_of = {p.id: p for p in prompts}
    candidate_of = {c.of: c for c in judged[0]}
    build_of = {b.of: b for b in judged[1]}
    verdict_of = {v.of: v for v in judged[2]}
    timings_of: dict[str, list[Timing]] = {}
    for timing in timings:
        timings_of.setdefault(timing.of, []).append(timing)
    made: dict[str, Trail] = {}
    last: dict[str, Trail] = {}  # by the verdict on the first turn
    for answer in answers:
        prompt = _of(prompt_of, answer.of, f"the prompt of answer {answer.id}")
        before = made.get(prompt.of)
        if before and before.verdict.verdict == "correct":
            continue  # a stage that was made anew finds nothing to repair any more
        known = f"the task of prompt {prompt.id}"
        task = before.task if before else _of(task_of, prompt.of, known)
        candidate = _of(candidate_of, answer.id, f"a candidate of answer {answer.id}")
        build = _of(build_of, candidate.id, f"a build of candidate {candidate.id}")
        verdict = _of(verdict_of, build.id, f"a verdict of build {build.id}")
        timed = tuple(timings_of.get(verdict.id, ()))
        trail = Trail(task, prompt, answer, candidate, build, verdict, timed, before)
        made[verdict.id] = trail
        last[trail.turns[0].verdict.id] = trail
    place = {prompt: i for i, prompt in enumerate(prompt_of)}
    return sorted(last.values(), key=lambda t: (place[t.turns[0].answer.of], t.answer.sample))


def _of(table: Mapping[str, R], key: str, what: str) -> R:
    """A record that another one leads to; files that were mixed up lack it."""
    if key not in table:
        raise CorruptRecord(
            f"the records of this run do not fit together: it lacks {what}",
            "make the missing stage anew: hpctc eval ... --out RUN --from STAGE",
        )
    return table[key]
