"""A release: parquet by split, a manifest, Croissant metadata and a card, for ``load_dataset``.

The files are hidden in a draft folder until all of them are written; the same pairs, label and
rule give the same bytes. A release is never written over: what was published under a version stays
what it was, and every file is held against the manifest's hashes when it is read.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from hpctc.core.codec import encode
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Pair
from hpctc.core.resources import render
from hpctc.dataset import parquet
from hpctc.dataset.count import count
from hpctc.dataset.croissant import CROISSANT, croissant
from hpctc.dataset.fields import FIELDS
from hpctc.dataset.folder import Settings, command_of
from hpctc.dataset.kin import Kin, Kinship, columns
from hpctc.dataset.manifest import (
    MANIFEST,
    SCHEMA,
    File,
    Manifest,
    SplitRule,
    file_entry,
)
from hpctc.dataset.similar import ALIKE
from hpctc.dataset.split import SPLITS, Rule, Split, split

CARD = "README.md"
SAMPLE = "sample.jsonl"
LICENSE = "apache-2.0"

SPLIT = Rule()
"""What the splits follow where nobody says otherwise."""

SIZE_CATEGORIES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
"""Hugging Face's words for a number of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a release is called and where it comes from."""

    name: str
    version: str
    command: str
    """The command that releases the folder, as a user would type it."""
    date: str
    """ISO 8601; part of the bytes, so a release is repeated with the date it had."""
    generated: tuple[Settings, ...] = ()
    after: str | None = None
    """The earlier release whose splits the rule keeps."""


def release(pairs: Sequence[Pair], out: Path, label: Label, rule: Rule = SPLIT) -> Manifest:
    """Write a release of the pairs to ``out``, which must not exist or be empty."""
    if not pairs:
        raise UsageError("there are no pairs to release", "make some with 'hpctc generate'")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is not empty; a release is never overwritten",
            "remove it, or give another folder with --out",
        )
    draft = out.with_name(out.name + ".part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        manifest = _fill(draft, pairs, label, rule)
        if out.exists():
            out.rmdir()
        draft.replace(out)
    except OSError as problem:
        raise HpctcError(f"cannot write {out}: {problem.strerror or problem}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return manifest


def size_category(rows: int) -> str:
    """Hugging Face's word for this number of rows."""
    return next((word for bound, word in SIZE_CATEGORIES if rows < bound), "10M<n<100M")


def _fill(draft: Path, pairs: Sequence[Pair], label: Label, rule: Rule) -> Manifest:
    """Write the files of a release; the manifest last, since it knows all the others."""
    rows, left_out = _rows(pairs, rule)
    chosen = [pair for found in rows.values() for pair, _ in found]
    files = [_part(draft, name, found) for name, found in rows.items()]
    sample = draft / SAMPLE
    shown = [parquet.to_row(*row) for row in _sample(chain(*rows.values()))]
    sample.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in shown), encoding="utf-8"
    )
    manifest = Manifest(
        schema=SCHEMA,
        name=label.name,
        version=label.version,
        date=label.date,
        license=LICENSE,
        pairs=len(chosen),
        splits={name: count(p for p, _ in found).categories for name, found in rows.items()},
        tools=_tools(chosen),
        command=label.command,
        generated=label.generated,
        files=(*files, file_entry(draft, sample)),
        split_rule=SplitRule(
            by=rule.by,
            seed=rule.seed,
            test=rule.test,
            validation=rule.validation,
            alike=ALIKE,
            after=label.after,
            left_out=left_out,
        ),
    )
    about = draft / CROISSANT
    about.write_text(_json(croissant(manifest, _description(manifest))), encoding="utf-8")
    card = draft / CARD
    card.write_text(_card(manifest, chosen), encoding="utf-8")
    made = (file_entry(draft, path) for path in (about, card))
    manifest = replace(manifest, files=(*manifest.files, *made))
    (draft / MANIFEST).write_text(_json(encode(manifest)), encoding="utf-8")
    return manifest


def _rows(
    pairs: Sequence[Pair], rule: Rule
) -> tuple[dict[Split, list[tuple[Pair, Kin]]], tuple[str, ...]]:
    """The rows of each split that has any, and the ids of the pairs that are in none."""
    known, kept = Kinship(pairs), list(pairs)
    placed = split(known, rule)
    if placed.left_out:  # what is left out is nobody's neighbour
        kept = [p for i, p in enumerate(pairs) if i not in placed.left_out]
        known = Kinship(kept)
        placed = split(known, rule)
    kin = columns(known, placed.splits["train"])
    rows = {
        name: [(kept[i], kin[i]) for i in found] for name, found in placed.splits.items() if found
    }
    there = {p.id for p in kept}
    return rows, tuple(p.id for p in pairs if p.id not in there)


def _part(draft: Path, name: Split, rows: Sequence[tuple[Pair, Kin]]) -> File:
    path = draft / "data" / f"{name}-00000-of-00001.parquet"
    parquet.write(path, rows)
    return file_entry(draft, path, name, len(rows))


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _description(manifest: Manifest) -> str:
    return (
        f"{manifest.pairs} checked pairs of a CUDA source and a C source that compute the same "
        "operator graph."
    )


def _card(manifest: Manifest, pairs: Sequence[Pair]) -> str:
    return render(
        "card/README.md.j2",
        manifest=manifest,
        categories=CATEGORIES,
        size_category=size_category(manifest.pairs),
        first_split=next(s for s in SPLITS if s in manifest.splits),
        count=count(pairs),
        description=_description(manifest),
        fields=FIELDS,
        commands=[*map(command_of, manifest.generated), manifest.command],
    )


def _sample(rows: Iterable[tuple[Pair, Kin]]) -> list[tuple[Pair, Kin]]:
    """The row with the shortest texts of each category: what fits on a screen."""
    best: dict[str, tuple[Pair, Kin]] = {}
    for pair, kin in rows:
        known = best.get(pair.category)
        if known is None or _length(pair) < _length(known[0]):
            best[pair.category] = pair, kin
    return [best[c] for c in CATEGORIES if c in best]


def _length(pair: Pair) -> int:
    return len(pair.c_code) + len(pair.cuda_code)


def _tools(pairs: Iterable[Pair]) -> Mapping[str, str]:
    """Tool -> its version; where several made the pairs, all of them, separated by commas."""
    seen: dict[str, set[str]] = {}
    for pair in pairs:
        for tool, version in pair.provenance.tools.items():
            seen.setdefault(tool, set()).add(version)
    return {tool: ", ".join(sorted(versions)) for tool, versions in sorted(seen.items())}
