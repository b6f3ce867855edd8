"""What an evaluation is to be: a user's choices, and those choices settled."""

import logging
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hpctc import __version__
from hpctc.core.codec import content_id
from hpctc.core.errors import UsageError
from hpctc.core.records import Pair, Task, Tier
from hpctc.core.run import About
from hpctc.core.suite import Suite
from hpctc.dataset import read
from hpctc.dataset.neighbours import Neighbours
from hpctc.decode import strategy as strategies
from hpctc.evaluate import sanitize
from hpctc.flow import ladder
from hpctc.models import model
from hpctc.models.base import Model, Sampling
from hpctc.native.compiler import Compiler, compiler
from hpctc.native.host import facts, tool_version
from hpctc.prompt import render
from hpctc.sandbox.process import cores

log = logging.getLogger(__name__)


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
    shots: int = 0
    """Examples in each prompt."""
    shots_from: str = "mini"
    """The dataset that they are taken from."""
    repair: int = 0
    """How often a model may repair an answer that is wrong."""
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
class Shots:
    """The examples that prompts show."""

    source: str
    """The dataset, as the user named it."""
    of: Mapping[str, Sequence[Pair]]
    """Task id -> its examples, in their order."""
    count: int
    """In each prompt, at most."""

    def about(self) -> dict[str, object]:
        """What ``run.json`` says of them."""
        chosen = {task: [pair.id for pair in pairs] for task, pairs in self.of.items()}
        return {"count": self.count, "from": self.source, "chosen": content_id("Shots", chosen)}


@dataclass(frozen=True)
class Plan:
    """:class:`How`, with all defaults settled and all names found."""

    suite: Suite
    tasks: tuple[Task, ...]
    model: Model
    samples: int
    sampling: Sampling
    shots: Shots | None
    repair: int
    """Repair turns, at most."""
    compiler: Compiler
    threads: tuple[int, ...]
    """Ascending; timed on each."""
    baselines: tuple[str, ...]
    tiers: tuple[Tier, ...]
    seconds: float
    jobs: int
    sandbox: str

    @property
    def wording(self) -> render.How:
        """What a prompt says of the build and the machine."""
        using = self.compiler
        build = f"{using.program} -std={using.std} {using.flags}"
        return render.How(build, self.most_threads)

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
        # Only where they are asked for: runs of before are continued, too.
        if self.shots:
            settings["shots"] = self.shots.about()
        if self.repair:
            settings["repair"] = self.repair
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
    chat = model(how.model)
    if (how.shots or how.repair) and not chat.converses:
        raise UsageError(
            f"{how.model} does not read its prompt",
            "--shots and --repair are for hf, http and replay; see 'hpctc models'",
        )
    return Plan(
        suite,
        tuple(tasks),
        chat,
        how.samples,
        Sampling(how.temperature, how.seed, _decoding(how)),
        _shots(tasks, how) if how.shots else None,
        how.repair,
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


def _shots(tasks: Sequence[Task], how: How) -> Shots:
    """Examples for every task; a dataset that has none for any of them is an error."""
    known = Neighbours(list(read.pairs(read.locate(how.shots_from))))
    of = {task.id: known.of(task.pair, how.shots) for task in tasks}
    if not any(of.values()):
        raise UsageError(
            f"{how.shots_from} has no pair that could be an example: all are too long, or compute "
            "what the tasks do",
            "name another dataset with --shots-from",
        )
    return Shots(how.shots_from, of, how.shots)
