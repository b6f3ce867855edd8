"""``hpctc generate``: make checked pairs."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from hpctc import __version__
from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES, Pair
from hpctc.core.words import count
from hpctc.dataset.folder import FAILURES, PAIRS, Settings

EVERY = 10.0
"""Seconds between two plain lines of progress."""

Show = Callable[[int, int, int], None]
"""Shows how many pairs there are, how many failures, and how many of both are new."""

DATABASE = Path.home() / ".cache" / "hpctc" / "tuning.jsonl"

EFFORT = "What choosing schedules may take: none, fast, full, trials=N.  [none]"

CUDA_CHECKS = ("auto", "off", "require")


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to fill.")
@click.option("--count", type=click.IntRange(min=1), help="Pairs in all; the sources are widened.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Of what is widened.  [0]")
@click.option("--effort", default="none", metavar="LEVEL", help=EFFORT)
@click.option("--jobs", type=click.IntRange(1), default=1, help="Graphs at once.  [1]")
@click.option(
    "--size",
    type=click.Choice(["small", "medium", "large"]),
    help="Scale graphs to below 20 us, some ms, or some 100 ms on one thread.  [sources as they "
    "are; what widens them: small]",
)
@click.option(
    "--rewrites",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Rewritten versions of every graph.",
)
@click.option(
    "--engine",
    type=click.Choice(["walk", "saturate"]),
    default="walk",
    show_default=True,
    help="Who rewrites: random chains of rules, or equality saturation (egglog).",
)
@click.option(
    "--variants",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Further pairs of every graph: other fusion, CUDA blocks and C schedules.",
)
@click.option(
    "--cuda-check",
    type=click.Choice(CUDA_CHECKS),
    default="auto",
    show_default=True,
    help="Compile, emulate and transpile the CUDA: what this machine can, nothing, or all.",
)
@click.option(
    "--oracle",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Take only pairs whose inputs notice this share of small mistakes in their C.",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=DATABASE,
    help="Where measured schedules are kept.  [~/.cache/hpctc/tuning.jsonl]",
)
def generate(words: tuple[str, ...], out: Path, jobs: int, database: Path, **asked: Any) -> None:
    """Make checked CUDA/C pairs of operator graphs.

    A SOURCE is an operator ('hpctc ops' lists them), a .graph file, a suite or dataset, 'all' for
    every operator, 'published:NAME' ('published:all') for one of HPCTransEval at its published
    shapes, 'family:NAME' ('family:all'; 'hpctc families' lists them), or 'grown' for random
    graphs. Without --count the sources are taken as they are; with it they are widened by other
    extents, growth and rewrites.

    An interrupted run is continued by the same command. The same seed at effort none gives the
    same bytes.

    \b
    hpctc generate softmax mlp.graph --out pairs
    hpctc generate all family:attention --count 500 --effort fast --out pairs
    """  # noqa: D301  click wants the character itself
    from hpctc.flow import generation, work

    found = work.sources(words)
    if asked["count"] is None and any(not source.graphs for source in found):
        raise UsageError("'grown' has no end", "say how many pairs: --count 100")
    settings = Settings(hpctc=__version__, sources=tuple(source.label for source in found), **asked)
    lost: Counter[str] = Counter()
    made: Counter[str] = Counter()
    fresh = 0
    most = sum(len(source.graphs) for source in found) * (1 + settings.rewrites)
    most *= 1 + settings.variants
    try:
        with _progress(lambda failures: settings.count or most - failures) as show:
            for step in generation.generate(settings, found, out, jobs, database):
                if isinstance(step.outcome, Pair):
                    made[step.outcome.category] += 1
                else:
                    lost[f"{step.outcome.stage}: {step.outcome.reason}"] += 1
                fresh += not step.resumed
                show(step.pairs, step.failures, fresh)
    except KeyboardInterrupt:
        click.echo(
            f"\ninterrupted; {count(made.total(), 'pair')} safe in {out}; "
            "run the same command to continue",
            err=True,
        )
        raise SystemExit(130) from None
    _summary(out, settings, made, lost)


def _summary(out: Path, settings: Settings, made: Counter[str], lost: Counter[str]) -> None:
    click.echo(f"{count(made.total(), 'pair')} in {out / PAIRS}")
    for category in CATEGORIES:
        if made[category]:
            click.echo(f"  {made[category]:6}  {category}")
    if lost:
        click.echo(f"{count(lost.total(), 'graph')} gave no pair, see {out / FAILURES}")
        for reason, number in lost.most_common():
            click.echo(f"  {number:6}  {reason}"[:80])
    if settings.count is not None and made.total() < settings.count:
        click.echo(f"the sources hold no more: {settings.count} were asked for; name further ones")
    if made:
        click.echo(f"next: hpctc show {out}   or: hpctc dataset release {out} --out FOLDER")


@contextmanager
def _progress(goal: Callable[[int], int]) -> Iterator[Show]:
    """A bar on a terminal, a line every few seconds elsewhere; both on standard error.

    ``goal`` says how many pairs are to be expected after so many failures.
    """
    console = Console(stderr=True)
    began = time.monotonic()
    if console.is_terminal:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        with Bar(*columns, TimeElapsedColumn(), console=console, transient=True) as bar:
            task = bar.add_task("starting", total=goal(0))

            def draw(pairs: int, failures: int, fresh: int) -> None:
                wanted = goal(failures)
                words = _rate(pairs, failures, fresh, time.monotonic() - began, wanted)
                bar.update(task, completed=pairs, total=wanted, description=words)

            yield draw
        return
    last = [began]

    def line(pairs: int, failures: int, fresh: int) -> None:
        now = time.monotonic()
        if now - last[0] >= EVERY:
            last[0] = now
            words = _rate(pairs, failures, fresh, now - began, goal(failures))
            click.echo(f"{count(pairs, 'pair')}, {words}", err=True)

    yield line


def _rate(pairs: int, failures: int, fresh: int, seconds: float, wanted: int) -> str:
    """Failures, speed and what is left of the time, in words."""
    words = f"{failures} failed" if failures else "none failed"
    if not fresh or seconds <= 0:
        return words
    a_second = fresh * pairs / max(pairs + failures, 1) / seconds
    words += f", {a_second * 3600:,.0f} pairs/h"
    if a_second > 0:
        words += f", {timedelta(seconds=round((wanted - pairs) / a_second))} left"
    return words
