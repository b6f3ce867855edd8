"""A release: parquet by split, ``manifest.json`` and a card, ready for ``load_dataset``.

The files are hidden in a draft folder until all of them are written; the same pairs, name and
version give the same bytes.
"""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hpctc.core.codec import encode
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Pair
from hpctc.core.resources import render
from hpctc.dataset import parquet
from hpctc.dataset.count import count
from hpctc.dataset.folder import SCHEMA, Settings, command_of
from hpctc.dataset.manifest import MANIFEST, File, Manifest, file_entry
from hpctc.dataset.split import SPLITS, Shares, Split, split

CARD = "README.md"
SAMPLE = "sample.jsonl"
LICENSE = "apache-2.0"

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
    generated: tuple[Settings, ...] = ()


def release(
    pairs: Sequence[Pair], out: Path, label: Label, shares: Shares | None = None
) -> Manifest:
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
        manifest = _fill(draft, pairs, label, shares or Shares())
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


def _fill(draft: Path, pairs: Sequence[Pair], label: Label, shares: Shares) -> Manifest:
    """Write the files of a release; the manifest last, since it knows all the others."""
    placed = {name: found for name, found in split(pairs, shares).items() if found}
    files = [_part(draft, name, found) for name, found in placed.items()]
    sample = draft / SAMPLE
    rows = [parquet.to_row(p) for p in _sample(pairs)]
    sample.write_text(
        "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8"
    )
    counts: dict[str, Mapping[str, int]] = {
        name: count(found).categories for name, found in placed.items()
    }
    manifest = Manifest(
        schema=SCHEMA,
        name=label.name,
        version=label.version,
        license=LICENSE,
        pairs=len(pairs),
        splits=counts,
        tools=_tools(pairs),
        command=label.command,
        generated=label.generated,
        files=(*files, file_entry(draft, sample)),
    )
    card = draft / CARD
    card.write_text(_card(manifest, pairs), encoding="utf-8")
    manifest = replace(manifest, files=(*manifest.files, file_entry(draft, card)))
    text = json.dumps(encode(manifest), indent=1, ensure_ascii=False) + "\n"
    (draft / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def _part(draft: Path, name: Split, pairs: Sequence[Pair]) -> File:
    path = draft / "data" / f"{name}-00000-of-00001.parquet"
    parquet.write(path, pairs)
    return file_entry(draft, path, name, len(pairs))


def _card(manifest: Manifest, pairs: Sequence[Pair]) -> str:
    return render(
        "card/README.md.j2",
        manifest=manifest,
        categories=CATEGORIES,
        size_category=size_category(manifest.pairs),
        first_split=next(s for s in SPLITS if s in manifest.splits),
        count=count(pairs),
        commands=[*map(command_of, manifest.generated), manifest.command],
    )


def _sample(pairs: Iterable[Pair]) -> list[Pair]:
    """The shortest pair of each category: what fits on a screen."""
    best: dict[str, Pair] = {}
    for pair in pairs:
        known = best.get(pair.category)
        if known is None or _length(pair) < _length(known):
            best[pair.category] = pair
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
