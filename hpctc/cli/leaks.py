"""``hpctc dataset leaks``: what a test set shares with a training set."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hpctc.core import jsonl, suite
from hpctc.core.codec import encode
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.resources import root
from hpctc.dataset import hpctranseval, parquet, read
from hpctc.dataset.hpctranseval import PUBLISHED, Published
from hpctc.dataset.leaks import TIES, Leak, Subject, leaks
from hpctc.dataset.manifest import MANIFEST, load_manifest, verify
from hpctc.dataset.similar import ALIKE

SHOWN = 20
"""Rows of the table."""


@click.command("leaks", short_help="Say what a test set shares with training data.")
@click.argument("train")
@click.argument("test", required=False)
@click.option(
    "--alike",
    default=ALIKE,
    show_default=True,
    type=click.FloatRange(0, 1, min_open=True),
    help="Likeness of a side, numbers and names aside, that counts as a leak.",
)
@click.option("--all", "everything", is_flag=True, help=f"Every row, not the worst {SHOWN}.")
@click.option("--json", "as_json", is_flag=True, help="Every record of TEST, for programs.")
def leaks_command(
    train: str, test: str | None, alike: float, everything: bool, as_json: bool
) -> None:
    """Say what TEST shares with TRAIN; end with 1 where it shares anything.

    Each is a folder, a file, a release (or one split of it: NAME:train), a suite, or published
    rows. A name that a shipped dataset and a shipped suite share is the dataset as TRAIN, the suite
    as TEST. Without TEST, TRAIN is a release, and its other splits are held against its train.
    """
    if test is None:
        shown, asked = _subjects(f"{train}:train"), _held_out(train)
    else:
        shown, asked = _subjects(train), _subjects(test, suites=True)
    found = leaks(shown, asked, alike)
    counts: Counter[str] = Counter(leak.tie or "none" for leak in found)
    if as_json:
        report = {
            "train": len(shown),
            "alike": alike,
            "ties": {tie: counts[tie] for tie in (*TIES, "none")},
            "records": encode(found),
        }
        click.echo(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _tell(found, counts, len(shown), None if everything else SHOWN)
    raise SystemExit(1 if counts["none"] < len(found) else 0)


def _held_out(name: str) -> list[Subject]:
    manifest = load_manifest(read.locate(name))
    return [
        s for split in manifest.splits if split != "train" for s in _subjects(f"{name}:{split}")
    ]


def _subjects(word: str, suites: bool = False) -> list[Subject]:
    """The records that a word stands for; ``suites``: before all, that of a shipped suite."""
    name, _, split = word.rpartition(":")
    if name and not Path(word).exists():
        return list(_split(read.locate(name), split))
    shipped = word in suite.names() and (suites or not (root("datasets") / word).is_dir())
    if (Path(word) / "suite.toml").is_file() or (shipped and not Path(word).exists()):
        return [task.pair for task in suite.load(word).tasks]
    path = read.locate(word)
    if (path / PUBLISHED).is_file() and not read.holds_pairs(path):
        return list(jsonl.read(path / PUBLISHED, Published))
    if path.suffix == ".json" or any((path / f"{g}.json").is_file() for g in hpctranseval.GROUPS):
        return list(hpctranseval.load(path))
    return list(read.pairs(path))


def _split(path: Path, split: str) -> list[Subject]:
    if not (path / MANIFEST).is_file():
        raise UsageError(f"{path} is no release, so it has no split {split!r}", "name a folder")
    manifest = load_manifest(path)
    files = [f for f in manifest.files if f.split == split]
    if not files:
        raise HpctcError(
            f"{path} has no split {split!r}; it has {', '.join(manifest.splits)}",
            f"for example {path}:{next(iter(manifest.splits))}",
        )
    verify(path, manifest)
    return [pair for file in files for pair in parquet.read(path / file.path)]


def _tell(found: Sequence[Leak], counts: Counter[str], train: int, limit: int | None) -> None:
    console = Console(highlight=False, width=110)
    ranked = sorted(
        (leak for leak in found if leak.tie is not None),
        key=lambda leak: (TIES.index(leak.tie) if leak.tie else 0, -leak.likeness, leak.name),
    )
    if ranked:
        table = Table("pair", "tie", "with", "likeness", box=None, padding=(0, 2, 0, 0))
        table.columns[3].justify = "right"
        for leak in ranked[:limit]:
            partner = f"{leak.with_name} ({leak.with_id})"
            table.add_row(leak.name, leak.tie, partner, f"{leak.likeness:.2f}")
        console.print(table)
        if limit is not None and len(ranked) > limit:
            console.print(f"and {len(ranked) - limit} more: --all")
        console.print()
    likes = sorted(leak.likeness for leak in found)
    words = ", ".join(f"{counts[tie]} {tie}" for tie in TIES if counts[tie])
    console.print(
        f"{len(found) - counts['none']} of {len(found)} records share something with the {train} "
        f"of training{': ' + words if words else ''}"
    )
    if likes:
        quartiles = (likes[round(q * (len(likes) - 1))] for q in (0.0, 0.5, 1.0))
        least, median, most = (f"{q:.2f}" for q in quartiles)
        console.print(f"likeness of the nearest text: least {least}, median {median}, most {most}")
