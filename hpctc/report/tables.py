"""Scores as tables of 80 columns for a person, and as plain values for a file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.core.codec import encode
from hpctc.core.records import Score
from hpctc.report import language
from hpctc.report.reading import Read, read
from hpctc.report.words import count
from hpctc.score import Estimate, Summary, by_category, by_difficulty, summary
from hpctc.score.ladder import ladder
from hpctc.score.pace import beside
from hpctc.score.rates import Cause, causes, classes
from hpctc.score.scaling import scaling
from hpctc.score.similarity import likeness
from hpctc.score.twins import drops

WIDTH = 80
LABEL = 9
"""Columns of the labels at the left."""
MOST_FAILURES = 20
"""Above that they are counted by cause."""


def print_run(folder: Path, console: Console) -> None:
    """All about the run in a folder: conditions, figures by category, failures."""
    show(read(folder), console)


def show(run: Read, console: Console) -> None:
    """All about one run: conditions, figures by category, failures."""
    for label, text in conditions(run):
        line = f"[bold]{label:<{LABEL}}[/bold] {escape(text)}"
        console.print(line, highlight=False, soft_wrap=True)
    console.print()
    console.print(figures(run.scores))
    if lines := list(_more(run)):
        console.print()
        for line in _labelled(lines):
            console.print(line, highlight=False)
    if run.pace is not None and (regions := language.region_table(run.pace)):
        console.print()
        console.print(regions)
    failures = [s for s in run.scores if s.verdict != "correct" or s.reason]
    if failures:
        console.print()
    if len(failures) > MOST_FAILURES:
        console.print(cause_table(causes(run.scores)))
        console.print(f"one of them: hpctc show {run.folder} TASK", highlight=False, soft_wrap=True)
    elif failures:
        console.print(failure_table(failures))


def _labelled(lines: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Labels and texts side by side; a label that says the same as the one above is left out."""
    before = ""
    for label, text in lines:
        for part in wrap(text, WIDTH - LABEL - 1):
            shown = "" if label == before else label
            yield f"[bold]{shown:<{LABEL}}[/bold] {escape(part)}"
            before = label


def _more(run: Read) -> Iterator[tuple[str, str]]:
    """What not every run has: several samples, rungs, thread counts; and likeness."""
    rates = [f"{k}: {share(e)}" for k, e in summary(run.scores).pass_at.items()]
    if rates:
        yield "pass@k", ", ".join(rates)
    rungs = ladder(run.trails)
    if len(rungs) > 2:  # a single one is the figure above, under two names
        wide = max(map(len, rungs))
        for name, estimate in rungs.items():
            yield "over", f"{name:<{wide}} {interval(estimate)}"
    threads = [f"{s.threads}: {s.efficiency.value:.0%}" for s in scaling(run.trails)]
    if threads:
        yield "threads", f"efficiency on {', '.join(threads)}"
    if (alike := likeness(run.trails)) is not None:
        yield "alike", f"{alike.value:.2f} [{alike.low:.2f}, {alike.high:.2f}] to the pair's own C"
    for drop in drops(run.trails):
        words = f"{drop.kind}: {drop.twins:.0%} correct, {drop.originals:.0%} of their originals"
        yield "twins", f"{words}; {share(drop.drop)} fewer, {count(drop.tasks, 'task')}"
    yield from language.lines(run)


def conditions(run: Read) -> list[tuple[str, str]]:
    """What the figures must be read with."""
    s, host = run.about.settings, run.about.host
    threads = count(s["threads"], "thread")
    versions = ", ".join(f"{k} {v}" for k, v in run.about.versions.items())
    seeds = ", ".join(map(str, s["seeds"]))
    load = f"; load up to {run.load}" if run.load else ""
    return [
        ("suite", f"{s['suite']}, answered by {s['model']} ({run.folder})"),
        ("baseline", f"{_rungs(s['baseline'])}; same compiler and flags, interleaved"),
        ("build", f"{s['compiler']}: {s['flags']}"),
        ("host", f"{host.get('cpu', '?')}, {host.get('cores', '?')} cores; {threads}{load}"),
        ("checked", f"float64 meaning; seeds {seeds}; inputs {', '.join(s['distributions'])}"),
        ("jail", ", ".join(run.jail) or "nothing ran"),
        ("versions", versions),
    ]


def _rungs(setting: str) -> str:
    """The baselines in words: ``reference`` is the pair's own C."""
    names = setting.split(",")
    return ", ".join("the pair's own C" if name == "reference" else name for name in names)


def figures(scores: Sequence[Score]) -> Table:
    """Rates and speedups, one line a category and one for the whole."""
    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    table.add_column("category", no_wrap=True)
    for name in ("tasks", "built", "correct", "fast_1"):
        table.add_column(name, justify="right")
    table.add_column("speedup [95 % interval]", justify="right", no_wrap=True)
    for category, part in by_category(scores).items():
        table.add_row(category, *_cells(part))
    table.add_section()
    table.add_row("all", *_cells(summary(scores)), style="bold")
    return table


def failure_table(failures: Sequence[Score]) -> Table:
    """What went wrong, and why."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("task", no_wrap=True, max_width=24)
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for s in failures[:MOST_FAILURES]:
        name = s.name if s.sample == 0 else f"{s.name} #{s.sample}"
        table.add_row(escape(name), s.verdict, escape(s.reason[:200]))
    return table


def cause_table(found: Sequence[Cause]) -> Table:
    """What went wrong how often, where there are too many failures to name each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("failed", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason", overflow="fold")
    table.add_column("such as", no_wrap=True, max_width=24)
    for cause in found[:MOST_FAILURES]:
        number, words = str(len(cause.samples)), cause.words or "no reason was given"
        table.add_row(number, cause.verdict, escape(words), escape(cause.samples[0].name))
    return table


def side_by_side(runs: Sequence[Read]) -> Table:
    """Two or more runs, one line each."""
    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    table.add_column("run", overflow="fold")
    for name in ("tasks", "built", "correct", "fast_1"):
        table.add_column(name, justify="right")
    table.add_column("speedup [95 % interval]", justify="right", no_wrap=True)
    for run in runs:
        table.add_row(escape(str(run.folder)), *_cells(summary(run.scores)))
    return table


def document(run: Read, first: Read | None = None) -> Mapping[str, Any]:
    """The figures of a run as JSON values; its answers held against those of the first run."""
    return {
        "run": str(run.folder),
        "settings": run.about.settings,
        "host": run.about.host,
        "versions": run.about.versions,
        "jail": list(run.jail),
        "all": encode(summary(run.scores)),
        "categories": {c: encode(s) for c, s in by_category(run.scores).items()},
        "difficulties": {
            d: encode(s) for d, s in by_difficulty(run.scores, (t.task for t in run.trails)).items()
        },
        "ladder": encode(ladder(run.trails)),
        "threads": encode(scaling(run.trails)),
        "similarity": encode(likeness(run.trails)),
        "twins": encode(drops(run.trails)),
        "cost": encode(run.cost),
        "pace": encode(run.pace),
        "beside_first": encode(beside(first.trails, run.trails)) if first else None,
        "verdicts": dict(classes(run.scores)),
        "scores": [encode(s) for s in run.scores],
    }


def interval(estimate: Estimate | None) -> str:
    """``2.31x [2.10, 2.52]``, or a dash where there is nothing to tell."""
    if estimate is None:
        return "-"
    return f"{estimate.value:.2f}x [{estimate.low:.2f}, {estimate.high:.2f}]"


def share(estimate: Estimate) -> str:
    """``57% [45, 68]``."""
    return f"{estimate.value:.0%} [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def _cells(part: Summary) -> list[str]:
    fast = "-" if part.fast_1 is None else f"{part.fast_1.value:.0%}"
    return [
        str(part.tasks),
        f"{part.compile_rate.value:.0%}",
        f"{part.pass_rate.value:.0%}",
        fast,
        interval(part.speedup),
    ]
