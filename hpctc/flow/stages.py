"""The stages of one evaluation: each makes what its file lacks.

A stage is given the records of one turn and gives back what was made of them. Its file holds all
turns one after the other: a turn begins when the one before has its last verdict, so a run that was
killed finds the turns in the files as it left them, and goes on in the one that it was in.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Record,
    Task,
    Timing,
    Verdict,
)
from hpctc.core.run import Done, Run
from hpctc.evaluate.bench import Attempt, Bench
from hpctc.evaluate.building import build
from hpctc.evaluate.timing import How as Against
from hpctc.evaluate.timing import time_all
from hpctc.evaluate.verify import verify
from hpctc.flow import ladder
from hpctc.flow.plan import Plan
from hpctc.flow.roofs import roofs
from hpctc.models.base import Question, ask, in_order
from hpctc.prompt import extract, render
from hpctc.prompt.repair import Turn, is_repairable, repairs
from hpctc.sandbox import launcher
from hpctc.sandbox.layers import choose
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores

R = TypeVar("R", bound=Record)

Watch = Callable[[str, int, Iterable[Any]], Iterator[Any]]
"""Shows progress: a stage's name, how many records it is to make, the records as they come."""


def quiet(_stage: str, _count: int, records: Iterable[R]) -> Iterator[R]:
    """The :data:`Watch` that shows nothing."""
    return iter(records)


class Stages:
    """The stages in the order of the road, and what they remember of the records behind them."""

    def __init__(self, run: Run, plan: Plan, watch: Watch) -> None:
        self.run = run
        self.plan = plan
        self.turn = 0
        """How many repair turns were begun."""
        self._watch = watch
        folder = run.folder.resolve() / "build"
        runner = launcher.build(folder)
        self.bench = Bench(
            Setup(
                runner,
                Limits(wall_seconds=plan.suite.call_seconds),
                cores(plan.most_threads),
                layers=choose(plan.sandbox, runner),
            ),
            plan.compiler,
            folder,
            plan.jobs,
            plan.tiers,
        )
        self._task: dict[str, Task] = {}
        """What a prompt may be ``of``, a task or a verdict -> the task."""
        self._prompt: dict[str, Prompt] = {}
        self._attempts: dict[str, Attempt] = {}
        """Candidate id, then build id, then verdict id -> what is known of the attempt."""

    def questions(self, tasks: list[Task]) -> list[Question]:
        """Tasks in words, each as often as samples are wanted."""
        self._task.update({t.id: t for t in tasks})
        plan = self.plan
        shots = plan.shots.of if plan.shots else None
        made = self._landed(
            "prompts",
            Prompt,
            tasks,
            lambda done: render.prompts(_missing(tasks, done), plan.wording, shots),
        )
        self._prompt.update({p.id: p for p in made})
        return ask(made, plan.samples)

    def repairs(self, verdicts: list[Verdict]) -> list[Question]:
        """Begin the next turn, if there is one: what to ask about the answers that are wrong.

        Each keeps its sample.
        """
        if self.turn == self.plan.repair:
            return []
        self.turn += 1
        wrong: list[Verdict] = []
        for verdict in verdicts:
            attempt = self._attempts[verdict.id]
            if is_repairable(attempt.answer, verdict):
                self._task[verdict.id] = attempt.task
                wrong.append(verdict)

        def work(done: Done) -> Iterator[Prompt]:
            turns = (self._turn(verdict) for verdict in _missing(wrong, done))
            return repairs(turns, self.plan.wording)

        made = self._landed("prompts", Prompt, wrong, work)
        self._prompt.update({p.id: p for p in made})
        return [Question(p, self._attempts[p.of].answer.sample) for p in made]

    def answers(self, questions: list[Question]) -> list[Answer]:
        """What the model says."""
        model, sampling = self.plan.model, self.plan.sampling

        def work(done: Done) -> Iterator[Answer]:
            missing = [q for q in questions if self._answer_id(q) not in done.ids]
            answers = model.answer(missing, self._task, sampling)
            yield from self._watched("answers", len(missing), answers)

        made = self._landed("answers", Answer, [q.prompt for q in questions], work)
        return in_order(questions, made)

    def candidates(self, answers: list[Answer]) -> list[Candidate]:
        """The C in the answers."""
        task_of = {a.of: self._task[self._prompt[a.of].of] for a in answers}
        entries = {prompt: task.pair.entry for prompt, task in task_of.items()}
        found = self._landed(
            "candidates",
            Candidate,
            answers,
            lambda done: extract.candidates(_missing(answers, done), entries),
        )
        by_answer = {a.id: a for a in answers}
        for candidate in found:
            answer = by_answer[candidate.of]
            self._attempts[candidate.id] = Attempt(task_of[answer.of], answer, candidate)
        return found

    def builds(self, candidates: list[Candidate]) -> list[Build]:
        """The candidates compiled."""

        def work(done: Done) -> Iterator[Build]:
            missing = [self._attempts[c.id] for c in _missing(candidates, done)]
            yield from self._watched("builds", len(missing), build(missing, self.bench))

        made = self._landed("builds", Build, candidates, work)
        for one in made:
            a = self._attempts[one.of]
            self._attempts[one.id] = Attempt(a.task, a.answer, a.candidate, one)
        return made

    def verdicts(self, builds: list[Build]) -> list[Verdict]:
        """The builds run and compared."""

        def work(done: Done) -> Iterator[Verdict]:
            missing = [self._attempts[b.id] for b in _missing(builds, done)]
            judged = verify(missing, self.plan.suite, self.bench)
            yield from self._watched("verdicts", len(missing), judged)

        made = self._landed("verdicts", Verdict, builds, work)
        for one in made:
            self._attempts[one.id] = self._attempts[one.of]
        return made

    def timings(self, verdicts: list[Verdict]) -> list[Timing]:
        """The correct ones timed beside their ladder; none when there is no time for it."""
        correct = [v for v in verdicts if v.verdict == "correct" and self.plan.seconds > 0]

        plan = self.plan
        each = len(plan.baselines) * len(plan.threads)

        def work(done: Done) -> Iterator[Timing]:
            missing = [(self._attempts[v.id], v) for v in _missing(correct, done, each)]
            with ladder.Ladder(plan.baselines) as rungs:
                how = Against(rungs.rungs, plan.threads, plan.seconds, roofs(self.run.folder))
                timed = time_all(missing, plan.suite, self.bench, how)
                yield from self._watched("timings", each * len(missing), timed)

        return self._landed("timings", Timing, correct, work)

    def _answer_id(self, asked: Question) -> str:
        """The id that the answer to a question has, whatever it will say."""
        model = str(self.plan.model)
        return Answer.make(of=asked.prompt.id, model=model, sample=asked.sample, text=None).id

    def _turn(self, verdict: Verdict) -> Turn:
        attempt = self._attempts[verdict.id]
        assert attempt.build is not None
        return Turn(self._prompt[attempt.answer.of], attempt.answer, attempt.build, verdict)

    def _landed(
        self,
        stage: str,
        kind: type[R],
        sources: Sequence[Record],
        work: Callable[[Done], Iterable[R]],
    ) -> list[R]:
        """Land a stage; of what its file then holds, that which was made of ``sources``."""
        mine = {source.id for source in sources}
        return [r for r in self.run.land(stage, kind, work) if getattr(r, "of", None) in mine]

    def _watched(self, stage: str, count: int, records: Iterable[R]) -> Iterator[R]:
        return self._watch(stage + f" {self.turn + 1}" * bool(self.turn), count, records)


def _missing(records: Iterable[R], done: Done, each: int = 1) -> list[R]:
    """The records of which a stage has made fewer than ``each``."""
    return [r for r in records if done[r.id] < each]
