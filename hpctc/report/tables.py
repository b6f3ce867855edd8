"""Scores as tables of 80 columns for a person, and as plain values for a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.core.codec import encode
from hpctc.core.records import Score, Timing, Verdict
from hpctc.core.run import About, read_about, read_stage
from hpctc.score import Estimate, Summary, by_category, summary

WIDTH = 80
MOST_FAILURES = 20


@dataclass(frozen=True)
class Read:
    """A finished run, read back from its folder."""

    folder: Path
    about: About
    scores: tuple[Score, ...]
    jail: tuple[str, ...]
    """The sandbox's layers that were on for every candidate that ran."""
    load: str
    """The highest load of the host at the start of a timing; empty: nothing was timed."""


def read(folder: Path) -> Read:
    """Read a finished run; one that is not is an error with the next command."""
    about = read_about(folder)
    scores = tuple(read_stage(folder, "scores", Score))
    verdicts = read_stage(folder, "verdicts", Verdict)
    timings = read_stage(folder, "timings", Timing)
    layers = [set(v.jail) for v in verdicts if v.jail]
    jail = set.intersection(*layers) if layers else set()
    loads = [t.host["load"] for t in timings if "load" in t.host]
    return Read(folder, about, scores, tuple(sorted(jail)), max(loads, key=float, default=""))


def print_run(folder: Path, console: Console) -> None:
    """All about one run: conditions, figures by category, failures."""
    run = read(folder)
    for label, text in conditions(run):
        console.print(f"[bold]{label:<9}[/bold] {escape(text)}", highlight=False, soft_wrap=True)
    console.print()
    console.print(figures(run.scores))
    failures = [s for s in run.scores if s.verdict != "correct" or s.reason]
    if failures:
        console.print()
        console.print(failure_table(failures))
        if len(failures) > MOST_FAILURES:
            console.print(f"... and {len(failures) - MOST_FAILURES} more, see scores.jsonl")


def conditions(run: Read) -> list[tuple[str, str]]:
    """What the figures must be read with."""
    s, host = run.about.settings, run.about.host
    threads = f"{s['threads']} thread{'' if s['threads'] == 1 else 's'}"
    versions = ", ".join(f"{k} {v}" for k, v in run.about.versions.items())
    seeds = ", ".join(map(str, s["seeds"]))
    load = f"; load up to {run.load}" if run.load else ""
    return [
        ("suite", f"{s['suite']}, answered by {s['model']} ({run.folder})"),
        ("baseline", "the pair's own C, same compiler and flags, interleaved A B B A"),
        ("build", f"{s['compiler']}: {s['flags']}"),
        ("host", f"{host.get('cpu', '?')}, {host.get('cores', '?')} cores; {threads}{load}"),
        ("checked", f"float64 meaning; seeds {seeds}; inputs {', '.join(s['distributions'])}"),
        ("jail", ", ".join(run.jail) or "nothing ran"),
        ("versions", versions),
    ]


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


def document(run: Read) -> Mapping[str, Any]:
    """The figures of a run as JSON values."""
    return {
        "run": str(run.folder),
        "settings": run.about.settings,
        "host": run.about.host,
        "versions": run.about.versions,
        "jail": list(run.jail),
        "all": encode(summary(run.scores)),
        "categories": {c: encode(s) for c, s in by_category(run.scores).items()},
        "scores": [encode(s) for s in run.scores],
    }


def interval(estimate: Estimate | None) -> str:
    """``2.31x [2.10, 2.52]``, or a dash where there is nothing to tell."""
    if estimate is None:
        return "-"
    return f"{estimate.value:.2f}x [{estimate.low:.2f}, {estimate.high:.2f}]"


def _cells(part: Summary) -> list[str]:
    fast = "-" if part.fast_1 is None else f"{part.fast_1.value:.0%}"
    return [
        str(part.tasks),
        f"{part.compile_rate.value:.0%}",
        f"{part.pass_rate.value:.0%}",
        fast,
        interval(part.speedup),
    ]
