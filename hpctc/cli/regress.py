"""``hpctc regress``: compare two runs."""

import json
import tempfile
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.cli.progress import Shown
from hpctc.core import jsonl
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Timing
from hpctc.core.run import read_about
from hpctc.flow import rematch
from hpctc.regress import compare, live, page
from hpctc.regress.judge import Change, Comparison, order
from hpctc.report.tables import WIDTH, interval

STYLES = {"slower": "red", "newly wrong": "red", "faster": "green", "cannot tell": "yellow"}


@dataclass(frozen=True)
class Asked:
    """The options of the command."""

    threshold: float
    force: bool
    live: bool
    seconds: float
    rounds: int
    cannot_tell: int
    target: Path | None
    junit: Path | None
    summary: Path | None
    times: Path | None


@click.command()
@click.argument("baseline", type=click.Path(path_type=Path))
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--threshold", default="3%", metavar="SHARE", help="What counts: 3% or 0.03.  [3%]")
@click.option("--live", is_flag=True, help="Call both runs' C beside each other, now.")
@click.option(
    "--seconds",
    default=0.5,
    type=click.FloatRange(0, min_open=True),
    help="For one round of --live.  [0.5]",
)
@click.option(
    "--rounds",
    default=live.MOST,
    type=click.IntRange(live.FEWEST),
    help=f"The most of --live a task; it ends with an answer.  [{live.MOST}]",
)
@click.option(
    "--cannot-tell",
    default=3,
    type=click.IntRange(0, 255),
    metavar="CODE",
    help="Exit code where the noise allows no answer.  [3]",
)
@click.option("--force", is_flag=True, help="Compare runs of different conditions.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the answer here.")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML here.")
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    envvar="GITHUB_STEP_SUMMARY",
    help="Append Markdown here.  [$GITHUB_STEP_SUMMARY]",
)
@click.option(
    "--times",
    type=click.Path(path_type=Path),
    help="Keep the raw times of --live; go on with them.",
)
def regress(baseline: Path, run: Path, threshold: str, **options: object) -> None:
    """Compare two runs: faster, slower or cannot tell, a task each and for the whole.

    Without --live the runs' own times are compared, each beside the baseline of its run. With it
    the C that is right in both is built and timed again, in turns on this host, as long as it
    takes to tell.

    \b
    hpctc regress runs/before runs/after
    hpctc regress runs/before runs/after --live --junit regress.xml

    \b
    Ends with 0 no regression, 1 regression, 2 wrong use, 3 cannot tell.
    """  # noqa: D301
    asked = Asked(_share(threshold), **options)  # type: ignore[arg-type]
    if asked.times is not None and not asked.live:
        raise UsageError("--times writes the times of --live", "say --live, too")
    try:
        found = (_live if asked.live else _recorded)(baseline, run, asked)
    except HpctcError as problem:
        problem.exit_code = 2  # 1 is an answer
        raise
    except KeyboardInterrupt:
        again = "say it again with the same --times FILE to go on" if asked.times else ""
        stopped = HpctcError("interrupted", again or "with --times FILE it could go on")
        stopped.exit_code = 130
        raise stopped from None
    code = asked.cannot_tell if found.outcome == "cannot tell" else found.exit_code
    _print(found)
    _write(found, (str(baseline), str(run)), asked, code)
    click.get_current_context().exit(code)


def _share(text: str) -> float:
    try:
        share = float(text.rstrip("%")) / (100.0 if text.endswith("%") else 1.0)
    except ValueError:
        share = -1.0
    if not 0.0 <= share < 1.0:
        raise UsageError(f"{text!r} is no threshold", "write a share: 3% or 0.03")
    return share


def _recorded(baseline: Path, run: Path, asked: Asked) -> Comparison:
    return compare.compare(baseline, run, asked.threshold, asked.force)


def _live(baseline: Path, run: Path, asked: Asked) -> Comparison:
    """What the records settle is settled; the rest is played."""
    before, after = read_about(baseline), read_about(run)
    reasons = compare.disagreements(before, after, live=True)
    compare.refuse(baseline, run, reasons, asked.force)
    old, new = compare.measured(baseline), compare.measured(run)
    how = compare.Conditions(asked.threshold)  # both are built by one compiler now
    keys = compare.in_common(baseline, run, old, new)
    duels = {d.name: d for d in rematch.duels(baseline, run)}
    settled = {compare.name_of(new[k]): _settled(old[k], new[k], how) for k in keys}
    open_ = [duels[name] for name, change in settled.items() if change is None]
    found: list[live.Rounds] = []
    rules = live.Rules(asked.threshold, asked.rounds, len(open_))
    with tempfile.TemporaryDirectory() as folder:
        bench = rematch.bench(after, Path(folder))
        inputs = int(after.settings["seeds"][0]), str(after.settings["distributions"][0])
        with jsonl.Appender(asked.times or Path(folder) / "times.jsonl", Timing) as times:
            for duel in Shown(Console(stderr=True))("rematches", len(open_), open_):
                known = [t for t in times.records if duel.is_round(t)]
                fresh = rematch.rounds(duel, bench, inputs, asked.seconds, len(known))
                played = chain(known, map(times.add, fresh))
                answer = live.play(duel.name, played, rules)
                rounds, settled[duel.name] = answer
                found.append(rounds)
    right = [k for k in keys if compare.unmeasured(old[k], new[k]) is None]
    same = sum(compare.is_same_code(old[k], new[k], how.same_compiler) for k in right)
    whole = live.whole(found, same, asked.threshold)
    changes = tuple(c for c in settled.values() if c is not None)
    return Comparison(changes, whole, asked.threshold, live=True)


def _settled(
    old: compare.Measured, new: compare.Measured, how: compare.Conditions
) -> Change | None:
    """What no clock can change: wrong on a side, or the same program; None: it is to be played."""
    if (change := compare.unmeasured(old, new)) is not None:
        return change
    if compare.is_same_code(old, new, how.same_compiler):
        return Change(compare.name_of(new), "same", detail="the same C")
    return None


def _print(found: Comparison) -> None:
    console = Console(width=WIDTH)
    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    table.add_column("task", no_wrap=True, max_width=30)
    table.add_column("answer", no_wrap=True)
    table.add_column("new / old speed [interval]", overflow="fold")
    for change in order(found.changes):
        _row(table, change)
    if found.whole is not None:
        table.add_section()
        _row(table, found.whole)
    console.print(table)
    click.echo(f"\n{found.outcome} (threshold {found.threshold:.1%})")
    if found.outcome == "cannot tell":
        hint = "--rounds 256" if found.live else "--live, or time longer (hpctc eval --seconds)"
        click.echo(f"  hint: {hint}; and on a quieter machine")


def _row(table: Table, change: Change) -> None:
    shown = interval(change.ratio) if change.ratio else change.detail[:160]
    table.add_row(
        escape(change.name), change.answer, escape(shown), style=STYLES.get(change.answer)
    )


def _write(found: Comparison, names: tuple[str, str], asked: Asked, code: int) -> None:
    """The files that were asked for; a step summary is added to, as other steps write there."""
    document = json.dumps(page.document(found, code), indent=2) + "\n"
    for path, text, mode in (
        (asked.target, document, "w"),
        (asked.junit, page.junit(found, names), "w"),
        (asked.summary, page.summary(found, names), "a"),
    ):
        if path is None:
            continue
        try:
            with path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as problem:
            raise HpctcError(f"cannot write {path}: {problem.strerror}") from None
