"""The report as one page that needs nothing but itself.

:func:`page` gathers what ``templates/report/page.html.j2`` shows: the figures of every run with
their plots, a table of tasks, and behind each task its sources, its verdicts, its raw times and the
ids of its records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from markupsafe import Markup

from hpctc import __version__
from hpctc.core.records import Task, VerdictClass
from hpctc.core.resources import render
from hpctc.report import words
from hpctc.report.code import Blocks
from hpctc.report.differences import Differences, differences
from hpctc.report.plots import charts
from hpctc.report.plots.charts import Labelled, Mark
from hpctc.report.proposals import language, palette
from hpctc.report.reading import Read, Series, series
from hpctc.report.sheet import Page, sheet
from hpctc.report.tables import conditions
from hpctc.score import Summary, by_category, by_difficulty
from hpctc.score.rates import classes, fast_curve
from hpctc.score.roofline import Roof
from hpctc.score.scaling import scaling


@dataclass(frozen=True)
class Plots:
    """The drawings of a page; None: the runs do not hold what it takes."""

    forest: Markup
    fast: Markup | None
    speeds: Markup | None
    against: Sequence[tuple[str, Markup]]
    roofline: Markup | None
    scaling: Markup | None
    classes: Markup


def page(runs: Sequence[Read], made: datetime | None = None) -> str:
    """The whole HTML text; the first run is the one that the others are compared with."""
    shown = series(runs)
    blocks = Blocks()
    changes = differences(shown)
    on = Page(shown, changes, blocks, palette(shown))
    sheets = [sheet(task, on) for task in _tasks(runs)]
    return render(
        "report/page.html.j2",
        series=shown,
        parts=_parts(shown),
        plots=_plots(shown, changes),
        sheets=sheets,
        categories=sorted({s.task.pair.category for s in sheets}),
        verdicts=_verdicts(runs),
        changes=changes,
        language=language(shown),
        setup=_setup(shown),
        blocks=list(blocks.known.values()),
        rungs=list(dict.fromkeys(rung for s in shown for rung in s.ladder)),
        made=(made or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC"),
        version=__version__,
        w=words,
    )


def _tasks(runs: Sequence[Read]) -> list[Task]:
    """The tasks of all runs, in the order in which they were asked."""
    return list({t.task.id: t.task for run in runs for t in run.trails}.values())


def _setup(runs: Sequence[Series]) -> Mapping[str, Sequence[str]]:
    """What the figures must be read with: label -> what holds for each run."""
    columns = [dict(conditions(s.read)) for s in runs]
    return {label: [column.get(label, "") for column in columns] for label in columns[0]}


def _verdicts(runs: Sequence[Read]) -> list[str]:
    return [v for v in classes([]) if any(s.verdict == v for r in runs for s in r.scores)]


@dataclass(frozen=True)
class Part:
    """A category or a difficulty, beside its figures in every run."""

    name: str
    figures: Sequence[Summary | None]


def _parts(runs: Sequence[Series]) -> Mapping[str, Sequence[Part]]:
    """Heading -> its parts; a heading with one part alone says nothing and is left out."""
    tasks = {t.id: t for t in _tasks([s.read for s in runs])}.values()
    kinds: dict[str, list[Mapping[str, Summary]]] = {
        "category": [{**by_category(s.read.scores)} for s in runs],
        "difficulty": [by_difficulty(s.read.scores, tasks) for s in runs],
    }
    found = {}
    for heading, columns in kinds.items():
        names = list(dict.fromkeys(name for column in columns for name in column))
        if len(names) > 1:
            found[heading] = [Part(n, [column.get(n) for column in columns]) for n in names]
    return found


def _plots(runs: Sequence[Series], changes: Sequence[Differences]) -> Plots:
    timed = any(s.figures.timed for s in runs)
    scales = [scaling(s.read.trails) for s in runs]
    return Plots(
        forest=charts.forest("speedup by category", _forest(runs)),
        fast=charts.fast([fast_curve(s.read.scores) for s in runs]) if timed else None,
        speeds=charts.speeds([s.read.scores for s in runs]) if timed else None,
        against=[(c.name, _against(runs, c)) for c in changes if c.both],
        roofline=_roofline(runs),
        scaling=charts.scaling(scales) if any(scales) else None,
        classes=charts.classes(_bars(runs)),
    )


def _forest(runs: Sequence[Series]) -> list[Labelled]:
    """All first, then the categories; within each the runs."""
    columns: list[Mapping[str, Summary]] = [
        {"all": s.figures, **by_category(s.read.scores)} for s in runs
    ]
    rows = []
    for name in dict.fromkeys(name for column in columns for name in column):
        for s, column in zip(runs, columns, strict=True):
            if name in column:
                rows.append(Labelled(name, column[name].speedup, f"{s.name}, {name}", s.number))
    # A group is named once, at its first row.
    return [
        replace(row, name="") if number and rows[number - 1].name == row.name else row
        for number, row in enumerate(rows)
    ]


def _bars(runs: Sequence[Series]) -> list[tuple[str, Mapping[VerdictClass, int]]]:
    if len(runs) > 1:
        return [(s.name, classes(s.read.scores)) for s in runs]
    (only,) = runs
    scores = only.read.scores
    parts = {c: [s for s in scores if s.category == c] for c in by_category(scores)}
    return [("all", classes(scores)), *((name, classes(part)) for name, part in parts.items())]


def _against(runs: Sequence[Series], found: Differences) -> Markup:
    marks = [
        Mark(
            d.before,
            d.after,
            f"{d.name}: {d.before:.2f}x, then {d.after:.2f}x ({d.change.answer})",
            charts.link(d.task),
            found.number,
        )
        for d in found.rows
        if d.before is not None and d.after is not None
    ]
    return charts.against((f"speedup, {runs[0].name}", f"speedup, {found.name}"), marks)


def _roofline(runs: Sequence[Series]) -> Markup | None:
    """The classic plot below the first roof that a run holds, else the recorded shares."""
    roof = next(filter(None, map(_roof, runs)), None)
    if roof is not None:
        marks = [m for s in runs for m in _attained(s, roof)]
        return charts.roofline(roof, marks) if marks else None
    shares = [m for s in runs for m in _shares(s)]
    return charts.roof_shares(shares) if shares else None


def _roof(s: Series) -> Roof | None:
    """What the run's host can do on the run's threads."""
    threads = s.read.about.settings["threads"]
    return next((roof for roof in s.read.roofs if roof.threads == threads), None)


def _attained(s: Series, roof: Roof) -> list[Mark]:
    """What the timed samples reached; work without arithmetic has no place on this plot."""
    found = []
    for trail in s.read.trails:
        pair, ns = trail.task.pair, words.middle_ns(trail)
        if pair.flops and ns is not None and trail.is_correct:
            share = words.roof_share(trail)
            said = f"{trail.task.name}: {roof.share(pair, ns) if share is None else share:.1%}"
            mark = (pair.flops / pair.bytes, 1e9 * pair.flops / ns, f"{said} of the roof")
            found.append(Mark(*mark, charts.link(trail.task.id), s.number))
    return found


def _shares(s: Series) -> list[Mark]:
    """The shares of the floor that the evaluation recorded on the most threads."""
    found = []
    for trail in s.read.trails:
        share = words.roof_share(trail)
        if share is not None and trail.is_correct:
            pair = trail.task.pair
            said = f"{trail.task.name}: {share:.1%} of the roof"
            intensity = max(pair.flops, 1) / pair.bytes
            found.append(Mark(intensity, share, said, charts.link(trail.task.id), s.number))
    return found
