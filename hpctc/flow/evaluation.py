"""CUDA in, scores out: one model answers one suite."""

import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from hpctc import __version__, score
from hpctc.core import jsonl
from hpctc.core.errors import UsageError
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Prompt,
    Record,
    Score,
    Task,
    Tier,
    Timing,
    Verdict,
)
from hpctc.core.run import About, Done, Run
from hpctc.core.suite import Suite
from hpctc.decode import strategy as strategies
from hpctc.evaluate import sanitize
from hpctc.evaluate.bench import Attempt, Bench
from hpctc.evaluate.building import build
from hpctc.evaluate.timing import How as Against
from hpctc.evaluate.timing import time_all
from hpctc.evaluate.verify import verify
from hpctc.flow import ladder
from hpctc.flow.roofs import roofs
from hpctc.models import model
from hpctc.models.base import Model, Question, Sampling, ask
from hpctc.native.compiler import Compiler, compiler
from hpctc.native.host import facts, tool_version
from hpctc.prompt import extract, render
from hpctc.sandbox import launcher
from hpctc.sandbox.layers import choose
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)

Watch = Callable[[str, int, Iterable[Any]], Iterator[Any]]
"""Shows progress: a stage's name, how many records it is to make, the records as they come."""


@dataclass(frozen=True)
class How:
    """What a user chooses for an evaluation."""

    model: str
    samples: int = 1
    temperature: float = 0.0
    """0: greedy; only a language model has any use for it."""
    seed: int = 0
    strategy: str = ""
    """How a local language model decodes; empty: one token a pass."""
    limit: int | None = None
    only: str = "*"
    compiler: str = "gcc"
    threads: tuple[int, ...] | None = None
    """Each is timed; the most of them are used for checking. None: what the suite says, or all
    cores where there are fewer."""
    baselines: str | None = None
    """``reference,null``: the rungs beside which candidates are timed; None: the usual ones."""
    checks: str | None = None
    """``sanitizers,race`` or ``none``; None: all that the host has."""
    seconds: float | None = None
    """For timing one candidate; 0: nothing is timed; None: what the suite says."""
    jobs: int = 1
    sandbox: str = "jail"
    """How much isolation a host must give, see :data:`hpctc.sandbox.layers.LEVELS`."""


@dataclass(frozen=True)
class Plan:
    """:class:`How`, with all defaults settled and all names found."""

    suite: Suite
    tasks: tuple[Task, ...]
    model: Model
    samples: int
    sampling: Sampling
    compiler: Compiler
    threads: tuple[int, ...]
    """Ascending; timed on each."""
    baselines: tuple[str, ...]
    tiers: tuple[Tier, ...]
    seconds: float
    jobs: int
    sandbox: str

    @property
    def most_threads(self) -> int:
        """On how many a candidate is checked, and timed for the headline."""
        return max(self.threads)

    def about(self) -> About:
        """What ``run.json`` says."""
        settings = {
            "suite": self.suite.name,
            "suite_id": self.suite.id,
            "tasks": [t.name for t in self.tasks],
            "model": str(self.model),
            "model_content": self.model.fingerprint(),
            "samples": self.samples,
            "temperature": self.sampling.temperature,
            "seed": self.sampling.seed,
            "strategy": self.sampling.strategy,
            "compiler": str(self.compiler),
            "flags": self.compiler.flags,
            "threads": self.most_threads,
            "timed_threads": list(self.threads),
            "seconds": self.seconds,
            "seeds": list(self.suite.seeds),
            "distributions": list(self.suite.distributions),
            "baseline": ",".join(self.baselines),
            "checks": list(self.tiers),
            "call_seconds": self.suite.call_seconds,
            "sandbox": self.sandbox,
        }
        versions = {
            "hpctc": __version__,
            "python": platform.python_version(),
            self.compiler.program: tool_version(self.compiler.program) or "unknown",
        }
        return About(settings, facts(), versions)


def plan(suite: Suite, how: How) -> Plan:
    """Settle the defaults; what cannot be done on this machine is an error here, not later."""
    tasks = [t for t in suite.tasks if fnmatchcase(t.name, how.only)][: how.limit]
    if not tasks:
        raise UsageError(
            f"no task of {suite.name} is named {how.only!r}",
            f"it has {', '.join(t.name for t in suite.tasks[:6])}, ...",
        )
    threads = how.threads or (min(suite.threads, len(cores(None))),)
    if how.threads is None and threads[0] < suite.threads:
        log.warning("%s asks for %d threads; this host has %d", suite.name, suite.threads, *threads)
    cores(max(threads))
    return Plan(
        suite,
        tuple(tasks),
        model(how.model),
        how.samples,
        Sampling(how.temperature, how.seed, _decoding(how)),
        compiler(how.compiler),
        tuple(sorted(set(threads))),
        ladder.named(how.baselines),
        sanitize.named(how.checks),
        suite.seconds if how.seconds is None else how.seconds,
        how.jobs,
        how.sandbox,
    )


def _decoding(how: How) -> str:
    """The strategy's text, checked: a wrong one is an error before anything is loaded."""
    if not how.strategy:
        return ""
    if not model(how.model).decodes:
        raise UsageError(
            f"{how.model} does not decode here, so it cannot be told how",
            "--strategy is for hf{path=...}",
        )
    return str(strategies(how.strategy))


def quiet(_stage: str, _count: int, records: Iterable[R]) -> Iterator[R]:
    """The :data:`Watch` that shows nothing."""
    return iter(records)


def evaluate_suite(run: Run, plan: Plan, watch: Watch = quiet) -> list[Score]:
    """The whole road from tasks to scores, every stage landed in ``run``."""
    stages = Stages(run, plan, watch)
    tasks = run.land("tasks", Task, lambda _: plan.tasks)
    prompts = stages.prompts(tasks)
    answers = stages.answers(prompts, tasks)
    candidates = stages.candidates(answers, prompts)
    builds = stages.builds(candidates)
    verdicts = stages.verdicts(builds)
    timings = stages.timings(verdicts)
    scores = score.score(tasks, prompts, answers, (candidates, builds, verdicts), timings)
    jsonl.write(run.path("scores"), scores)
    return scores


class Stages:
    """The stages of one evaluation; each does what its file lacks and gives back all of it."""

    def __init__(self, run: Run, plan: Plan, watch: Watch) -> None:
        self.run = run
        self.plan = plan
        self.watch = watch
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
        self._attempts: dict[str, Attempt] = {}
        """Candidate id, then build id, then verdict id -> what is known of the attempt."""

    def prompts(self, tasks: list[Task]) -> list[Prompt]:
        """Tasks in words."""
        using = self.plan.compiler
        how = render.How(f"{using.program} -std={using.std} {using.flags}", self.plan.most_threads)
        return self.run.land(
            "prompts", Prompt, lambda done: render.prompts(_missing(tasks, done), how)
        )

    def answers(self, prompts: list[Prompt], tasks: list[Task]) -> list[Answer]:
        """What the model says."""
        known = {t.id: t for t in tasks}
        sampling = self.plan.sampling

        def work(done: Done) -> Iterator[Answer]:
            every = ask(prompts, self.plan.samples)
            missing = [q for q in every if self._answer_id(q) not in done.ids]
            answers = self.plan.model.answer(missing, known, sampling)
            yield from self.watch("answers", len(missing), answers)

        return self.run.land("answers", Answer, work)

    def _answer_id(self, asked: Question) -> str:
        """The id that the answer to a question has, whatever it will say."""
        model = str(self.plan.model)
        return Answer.make(of=asked.prompt.id, model=model, sample=asked.sample, text=None).id

    def candidates(self, answers: list[Answer], prompts: list[Prompt]) -> list[Candidate]:
        """The C in the answers."""
        known = {t.id: t for t in self.plan.tasks}
        task_of = {p.id: known[p.of] for p in prompts}
        entries = {prompt: task.pair.entry for prompt, task in task_of.items()}
        found = self.run.land(
            "candidates",
            Candidate,
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
            yield from self.watch("builds", len(missing), build(missing, self.bench))

        made = self.run.land("builds", Build, work)
        for one in made:
            a = self._attempts[one.of]
            self._attempts[one.id] = Attempt(a.task, a.answer, a.candidate, one)
        return made

    def verdicts(self, builds: list[Build]) -> list[Verdict]:
        """The builds run and compared."""

        def work(done: Done) -> Iterator[Verdict]:
            missing = [self._attempts[b.id] for b in _missing(builds, done)]
            judged = verify(missing, self.plan.suite, self.bench)
            yield from self.watch("verdicts", len(missing), judged)

        made = self.run.land("verdicts", Verdict, work)
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
                yield from self.watch("timings", each * len(missing), timed)

        return self.run.land("timings", Timing, work)


S = TypeVar("S", bound=Record)


def _missing(records: Iterable[S], done: Done, each: int = 1) -> list[S]:
    """The records of which a stage has made fewer than ``each``."""
    return [r for r in records if done[r.id] < each]
