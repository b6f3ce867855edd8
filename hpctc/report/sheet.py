"""All about one task: what was asked, what every run answered, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from hpctc.core.records import Record, Score, Task, Tensor, Timing
from hpctc.regress.judge import Change
from hpctc.report.code import Blocks
from hpctc.report.differences import Differences
from hpctc.report.plots import times
from hpctc.report.proposals import Palette
from hpctc.report.reading import Series
from hpctc.report.texts import ASKED, GRAPH, Text, Turn, answered, asked, turns
from hpctc.score import Estimate, Trail
from hpctc.score.ladder import rungs
from hpctc.score.similarity import Similarity, similarity
from hpctc.score.summary import difficulty, task_speedups


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
    turns: Sequence[Turn]
    """The conversation; one turn where nothing was repaired."""


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
    def rank(self) -> str:
        """What the table sorts by: the share of right samples, the best first, then how."""
        if not self.samples:
            return ""
        wrong = 1 - self.correct / len(self.samples)
        return " ".join([f"{100 * wrong:03.0f}", *self.verdicts])

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


@dataclass(frozen=True)
class Page:
    """What the sheets of a page share."""

    series: Sequence[Series]
    changes: Sequence[Differences]
    blocks: Blocks
    colours: Palette


def sheet(task: Task, on: Page) -> Sheet:
    """Gather a task's sheet; its sources go to the page's blocks."""
    change_of = {c.number: c.by_task.get(task.id) for c in on.changes}
    cells = [_cell(task, run, change_of.get(run.number), on) for run in on.series]
    samples = [s for c in cells for s in c.samples]
    texts = asked(task, [s.trail for s in samples], on.blocks)
    texts += [text for s in samples for text in answered(s.turns)]
    return Sheet(task, difficulty(task), cells, texts, _facts(task))


def _cell(task: Task, run: Series, change: Change | None, on: Page) -> Cell:
    score_of = run.read.score_of
    mine = [t for t in run.read.trails if t.task.id == task.id]
    samples = []
    for trail in mine:
        score = score_of[trail.verdict.id]
        which = f" #{score.sample}" if len(mine) > 1 else ""
        said = turns(trail, run.name, which, on.blocks, on.colours)
        samples.append(_sample(trail, score, said))
    return Cell(run.number, run.name, samples, change)


def _sample(trail: Trail, score: Score, said: Sequence[Turn]) -> Sample:
    counts = sorted({t.threads for t in trail.timings})
    drawn = [_times([t for t in trail.timings if t.threads == count]) for count in counts]
    source = trail.candidate.source
    alike = None if source is None else similarity(source, trail.task.pair.c_code)
    return Sample(trail, score, drawn, alike, _chain(trail, score), said)


def _chain(trail: Trail, score: Score) -> list[tuple[str, str]]:
    """From the score back, through every turn, to the pair."""
    records: list[Record] = [score, *trail.timings]
    for turn in reversed(trail.turns):
        records += [turn.verdict, turn.build, turn.candidate, turn.answer, turn.prompt]
    records.append(trail.task)
    chain = [(type(r).__name__.lower(), r.id) for r in records]
    return [*chain, ("pair and graph", trail.task.of)]


def _times(timings: Sequence[Timing]) -> Times:
    timed = [t for t in timings if t.candidate_ns]
    beside = [
        Beside(timed.index(t) if t in timed else 0, t, rungs([t]).get(t.baseline)) for t in timings
    ]
    return Times(timings[0].threads, beside, times.raw(timed) if timed else None)


def _facts(task: Task) -> list[tuple[str, str]]:
    pair, strength = task.pair, task.oracle_strength
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
    if strength is not None:
        facts.append(("oracle strength", f"its inputs notice {strength:.1%} of its C's mutants"))
    return [(name, text) for name, text in facts if text]


def _tensor(t: Tensor) -> str:
    return f"{t.name}: {t.dtype}[{', '.join(map(str, t.shape))}]"
