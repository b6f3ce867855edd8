"""``hpctc dataset``: count, verify, release, verify-release, leaks, export, import, suite."""

import datetime
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hpctc.cli.leaks import leaks_command
from hpctc.cli.oracle import oracle
from hpctc.cli.suite import suite_command
from hpctc.cli.twins import twins_command
from hpctc.cli.typed import typed
from hpctc.core import jsonl, suite, words
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Pair
from hpctc.dataset import hpctranseval, read
from hpctc.dataset.check import How, check
from hpctc.dataset.count import Count
from hpctc.dataset.count import count as count_pairs
from hpctc.dataset.device import Demand
from hpctc.dataset.hpctranseval import PUBLISHED, Published
from hpctc.dataset.leaks import strange_to
from hpctc.dataset.manifest import MANIFEST, load_manifest, made_with, verify
from hpctc.dataset.rejection import Rejected
from hpctc.dataset.release import Label, release
from hpctc.dataset.split import Rule
from hpctc.sandbox.launcher import build as build_runner

MANY = 12
"""How many operators ``count`` lists without ``--all``."""


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


@click.group()
def dataset() -> None:
    """Count, check, release, compare, export and import datasets; make suites of them.

    \b
    hpctc dataset count mini                            what is in it
    hpctc dataset release pairs --out mine              a release of pairs
    hpctc dataset leaks mine mini                       what the two share
    hpctc dataset suite pairs --out tasks --tasks 8     tasks for 'hpctc eval'
    """  # noqa: D301  click wants the character itself


dataset.add_command(oracle)
dataset.add_command(leaks_command)
dataset.add_command(suite_command)
dataset.add_command(twins_command)


@dataset.command("count", short_help="Count pairs by class, operator, size and origin.")
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="List every operator.")
def count_command(name: str, everything: bool) -> None:
    """Count the pairs of NAME (a folder, a file, or a dataset that is shipped)."""
    path = read.locate(name)
    if (path / PUBLISHED).is_file() and not read.holds_pairs(path):
        records = list(jsonl.read(path / PUBLISHED, Published))
        click.echo(f"{path}: {len(records)} imported rows; they carry no graph and no launches")
        return
    _tell(path, count_pairs(read.pairs(path)), everything)


@dataset.command("release", short_help="Write parquet by split, with manifest and card.")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder.")
@click.option("--name", "label", help="What the dataset is called; default: the out folder's name.")
@click.option("--version", default="1.0.0", show_default=True)
@click.option("--date", default=_today, help="ISO 8601.  [today]")
@click.option("--test", default=10, show_default=True, help="Percent of families in test.")
@click.option("--validation", default=5, show_default=True, help="Percent in validation.")
@click.option(
    "--by",
    type=click.Choice(["wiring", "operator"]),
    default="wiring",
    show_default=True,
    help="What is held out: families of one wiring, or operators with all graphs that have them.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--after", help="An earlier release; its pairs stay in their splits.")
@click.option(
    "--apart", multiple=True, metavar="SUITE", help="Leave out what shares anything with its tasks."
)
def release_command(
    folders: tuple[str, ...],
    out: Path,
    label: str | None,
    after: str | None,
    apart: tuple[str, ...],
    **how: Any,
) -> None:
    """Write parquet by split, a manifest, Croissant and a card of the pairs in FOLDER...

    No pair of one split has kin in another: by descent, by wiring, or by text.
    """
    paths = [read.locate(f) for f in folders]
    version, date = how.pop("version"), how.pop("date")
    if min(how["test"], how["validation"]) < 0 or how["test"] + how["validation"] > 100:
        raise UsageError("--test and --validation are percent; together at most 100")
    earlier = read.locate(after) if after is not None else None
    found = list(read.distinct(pair for path in paths for pair in read.pairs(path)))
    held_out = [task.pair for name in apart for task in suite.load(name).tasks]
    strangers = strange_to(found, held_out) if apart else found
    manifest = release(
        strangers,
        out,
        Label(
            name=label or out.resolve().name,
            version=version,
            date=date,
            command=typed(),
            generated=tuple(s for path in paths for s in made_with(path)),
            after=_title(earlier) if earlier is not None else None,
        ),
        Rule(**how, before=read.splits(earlier) if earlier is not None else {}),
    )
    splits = ", ".join(f"{sum(n.values())} {split}" for split, n in manifest.splits.items())
    size = sum(f.bytes for f in manifest.files)
    click.echo(f"{out}: {words.count(manifest.pairs, 'pair')} ({splits}), {size / 1e6:.2f} MB")
    if apart:
        kin = words.count(len(found) - len(strangers), "pair")
        click.echo(f"left out: {kin} akin to {', '.join(apart)}")
    if manifest.split_rule is not None and (lost := len(manifest.split_rule.left_out)):
        click.echo(f"left out: {words.count(lost, 'pair')} with kin in several splits of {after}")
    click.echo(f"next: hpctc dataset leaks {out}   or: hpctc show {out}")


@dataset.command("verify-release", short_help="Hold a release against its manifest's hashes.")
@click.argument("name")
def verify_release_command(name: str) -> None:
    """Hold every file of the release NAME against the hashes in its manifest, every pair, too."""
    path = read.locate(name)
    manifest = load_manifest(path)
    verify(path, manifest)
    pairs = sum(1 for _ in read.pairs(path))
    if pairs != manifest.pairs:
        raise HpctcError(f"{path} holds {pairs} pairs; its manifest says {manifest.pairs}")
    listed = {path / file.path for file in manifest.files} | {path / MANIFEST}
    strange = sorted(p for p in path.rglob("*") if p.is_file() and p not in listed)
    if strange:
        raise HpctcError(
            f"{path} holds {len(strange)} files that its manifest does not list: {strange[0]}",
            "move them elsewhere",
        )
    click.echo(f"{_title(path)}: {len(manifest.files)} files and {pairs} pairs are what they were")


@dataset.command("export", short_help="Write a dataset in another project's layout.")
@click.argument("name")
@click.option("--format", "layout", type=click.Choice(["hpctranseval"]), required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder.")
def export_command(name: str, layout: str, out: Path) -> None:
    """Write NAME in another project's layout: one JSON file a group for hpctranseval."""
    path = read.locate(name)
    records: Iterable[Pair | Published]
    if (path / PUBLISHED).is_file() and not read.holds_pairs(path):
        records = jsonl.read(path / PUBLISHED, Published)
    else:
        records = read.pairs(path)
    for group, rows in hpctranseval.export(records, out).items():
        click.echo(f"{out / group}.json: {rows} rows")


@dataset.command("import", short_help="Read pairs of the published HPCTransEval layout.")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder.")
def import_command(path: Path, out: Path) -> None:
    """Read PATH (a folder or file of the published HPCTransEval layout) into records.

    They are kept as they are: the layout has no launch configuration, so an imported row is not a
    pair and is never mixed with pairs.
    """
    records = hpctranseval.load(path)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise HpctcError(f"cannot write {out}: {problem.strerror}") from None
    if read.holds_pairs(out):
        raise UsageError(f"{out} holds pairs", "give another folder with --out")
    jsonl.write(out / PUBLISHED, records)
    click.echo(f"{out / PUBLISHED}: {len(records)} imported rows")


@dataset.command("verify", short_help="Check pairs again on this machine.")
@click.argument("name")
@click.option("--limit", type=click.IntRange(min=1), help="The first pairs only.")
@click.option(
    "--cuda-check", "demand", type=click.Choice(["auto", "off", "require"]), default="auto"
)
def verify_command(name: str, limit: int | None, demand: Demand) -> None:
    """Check the pairs of NAME again on this machine; ends with 1 where one does not pass."""
    found = list(islice(read.pairs(read.locate(name)), limit))
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="hpctc-") as scratch:
        how = How(Path(scratch), build_runner(Path(scratch)), cuda=demand)
        for pair in found:
            outcome = check(pair, how)
            if isinstance(outcome, Rejected):
                wrong += 1
                click.echo(f"{pair.id} {pair.name}: {outcome.reason}; {outcome.detail}")
    click.echo(f"{len(found) - wrong} of {len(found)} pairs pass")
    raise SystemExit(1 if wrong else 0)


def _title(path: Path) -> str:
    """A release's name and version."""
    manifest = load_manifest(path)
    return f"{manifest.name} {manifest.version}"


def _tell(path: Path, figures: Count, everything: bool) -> None:
    console = Console(highlight=False)
    console.print(f"{path}: {words.count(figures.pairs, 'pair')}")
    for title, rows in _tables(figures, everything):
        table = Table(title, "pairs", box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.columns[1].justify = "right"
        for what, number in rows:
            table.add_row(str(what), str(number))
        console.print()
        console.print(table)
    if (rest := len(figures.operators) - MANY) > 0 and not everything:
        console.print(f"and {rest} more: --all")
    least, median, most = figures.bytes
    console.print(f"\nbytes moved: least {least:,}, median {median:,}, most {most:,}")
    console.print(f"text: {figures.code[0]:,} characters of C, {figures.code[1]:,} of CUDA")


def _tables(figures: Count, everything: bool) -> Iterable[tuple[str, Sequence[tuple[Any, int]]]]:
    yield "category", [(c, figures.categories[c]) for c in CATEGORIES]
    yield "origin", list(figures.origins.items())
    yield "kernels a pair", list(figures.kernels.items())
    yield "checked", list(figures.checks.items())
    operators = list(figures.operators.items())
    shown = operators if everything else operators[:MANY]
    yield f"operators ({len(operators)})", shown
