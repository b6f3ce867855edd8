"""All about one task: what was asked, what every run answered, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from hpctc.core.records import Pair, Score, Task, Tensor, Timing
from hpctc.regress.judge import Change
from hpctc.report.code import Blocks
from hpctc.report.differences import Differences
from hpctc.report.plots import times
from hpctc.report.reading import Series
from hpctc.score import Estimate, Trail
from hpctc.score.ladder import rungs
from hpctc.score.similarity import Similarity, similarity
from hpctc.score.summary import difficulty, task_speedups

ASKED = "task"
"""The group of texts that are not a run's."""

GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Text:
    """A source that can be put beside another one."""

    title: str
    block: str
    """Its id in the page."""
    group: str = ASKED
    """:data:`ASKED`, or the name of the run it comes from."""


@dataclass(frozen=True)
class Beside:
    """One rung beside which the sample was timed."""

    number: int
    """Its place on the ladder; a colour, too."""
    timing: Timing
    speed: Estimate | None
    """None: there are no times to be used; the timing says why."""


@dataclass(frozen=True)
class Times:
    """The rungs that took turns with the sample on so many threads, and their raw times, drawn."""

    threads: int
    rungs: Sequence[Beside]
    plot: Markup | None


@dataclass(frozen=True)
class Sample:
    """One answer of one run."""

    trail: Trail
    score: Score
    times: Sequence[Times]
    likeness: Similarity | None
    """To the pair's own C; None: there is no C."""
    chain: Sequence[tuple[str, str]]
    """What kind of record, and its id; from the score back to the graph's pair."""


@dataclass(frozen=True)
class Cell:
    """What a run made of a task."""

    number: int
    run: str
    samples: Sequence[Sample]
    change: Change | None
    """Against the first run; None: this is the first, or it does not have the task."""

    @property
    def correct(self) -> int:
        """How many samples were right."""
        return sum(s.score.verdict == "correct" for s in self.samples)

    @property
    def speedup(self) -> float | None:
        """The geometric mean of the timed samples."""
        return next(iter(task_speedups(s.score for s in self.samples).values()), None)

    @property
    def verdicts(self) -> Sequence[str]:
        """One a sample, for the filter."""
        return [s.score.verdict for s in self.samples]


@dataclass(frozen=True)
class Sheet:
    """A task and what every run made of it."""

    task: Task
    difficulty: str
    cells: Sequence[Cell]
    texts: Sequence[Text]
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def ids(self) -> Sequence[str]:
        """Every record that leads here."""
        chains = (i for c in self.cells for s in c.samples for _, i in s.chain)
        return list(dict.fromkeys([self.task.id, *chains]))

    @property
    def groups(self) -> Mapping[str, Sequence[Text]]:
        """The texts by group, the task's own first."""
        found: dict[str, list[Text]] = {}
        for text in self.texts:
            found.setdefault(text.group, []).append(text)
        return found

    @property
    def opening(self) -> tuple[Text, Text]:
        """The two texts that are shown first: the question's CUDA and the first answer's C."""
        answered = (t for t in self.texts if t.group != ASKED)
        return self.texts[0], next(answered, self.texts[1])

    @property
    def graph(self) -> str:
        """The block of the operator graph."""
        return next(t.block for t in self.texts if t.title == GRAPH)


def sheet(
    task: Task, series: Sequence[Series], changes: Sequence[Differences], blocks: Blocks
) -> Sheet:
    """Gather a task's sheet; its sources go to ``blocks``."""
    change_of = {c.number: c.by_task.get(task.id) for c in changes}
    cells = [_cell(task, run, change_of.get(run.number)) for run in series]
    texts = [*_asked(task, cells, blocks), *_answered(cells, blocks)]
    return Sheet(task, difficulty(task), cells, texts, _facts(task.pair))


def _cell(task: Task, run: Series, change: Change | None) -> Cell:
    score_of = run.read.score_of
    mine = [t for t in run.read.trails if t.task.id == task.id]
    return Cell(run.number, run.name, [_sample(t, score_of[t.verdict.id]) for t in mine], change)


def _sample(trail: Trail, score: Score) -> Sample:
    counts = sorted({t.threads for t in trail.timings})
    drawn = [_times([t for t in trail.timings if t.threads == count]) for count in counts]
    records = (trail.task, trail.prompt, trail.answer, trail.candidate, trail.build, trail.verdict)
    chain = [(type(r).__name__.lower(), r.id) for r in (score, *trail.timings, *reversed(records))]
    chain.append(("pair and graph", trail.task.of))
    source = trail.candidate.source
    alike = None if source is None else similarity(source, trail.task.pair.c_code)
    return Sample(trail, score, drawn, alike, chain)


def _times(timings: Sequence[Timing]) -> Times:
    timed = [t for t in timings if t.candidate_ns]
    beside = [
        Beside(timed.index(t) if t in timed else 0, t, rungs([t]).get(t.baseline)) for t in timings
    ]
    return Times(timings[0].threads, beside, times.raw(timed) if timed else None)


def _asked(task: Task, cells: Sequence[Cell], blocks: Blocks) -> list[Text]:
    pair = task.pair
    prompts = dict.fromkeys(s.trail.prompt.text for c in cells for s in c.samples)
    return [
        Text("CUDA", blocks.add(pair.cuda_code, "cuda")),
        Text("reference C", blocks.add(pair.c_code, "c")),
        Text(GRAPH, blocks.add(pair.graph)),
        *(Text("prompt", blocks.add(text)) for text in prompts),
    ]


def _answered(cells: Sequence[Cell], blocks: Blocks) -> list[Text]:
    found = []
    for cell in cells:
        several = len(cell.samples) > 1
        for s in cell.samples:
            which = f" #{s.score.sample}" if several else ""
            candidate, answer, log = s.trail.candidate, s.trail.answer, s.trail.build.log
            if candidate.source is not None:
                found.append(Text(f"C{which}", blocks.add(candidate.source, "c"), cell.run))
            if answer.text is not None and answer.text != candidate.source:
                found.append(Text(f"answer{which}", blocks.add(answer.text), cell.run))
            if log:
                found.append(Text(f"compiler{which}", blocks.add(log), cell.run))
    return found


def _facts(pair: Pair) -> list[tuple[str, str]]:
    of = pair.provenance
    facts = [
        ("inputs", ", ".join(map(_tensor, pair.inputs))),
        ("outputs", ", ".join(map(_tensor, pair.outputs))),
        ("kernels", ", ".join(launch.kernel for launch in pair.launches)),
        ("made from", f"{of.source}, effort {of.effort}"),
    ]
    if of.parents:
        facts.append(("rewritten from", ", ".join(of.parents)))
    if of.rewrites:
        facts.append(("rewrites", ", ".join(of.rewrites)))
    if pair.checks:
        facts.append(("checked", "; ".join(c.what for c in pair.checks)))
    return [(name, text) for name, text in facts if text]


def _tensor(t: Tensor) -> str:
    return f"{t.name}: {t.dtype}[{', '.join(map(str, t.shape))}]"
