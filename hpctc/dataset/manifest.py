"""``manifest.json`` of a release: what is in it, from which command, with the hash of each file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hpctc.core.codec import CodecError, decode
from hpctc.core.errors import CorruptRecord
from hpctc.dataset.folder import Settings, settings_of
from hpctc.dataset.split import By, Split

MANIFEST = "manifest.json"

SCHEMA = 2
"""Version of a release's layout. 1: a pair's own fields. 2: columns of kin, and a split's rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """How the pairs were split, see :mod:`hpctc.dataset.split`."""

    by: By
    seed: int
    test: int
    """Percent."""
    validation: int
    alike: float
    """Likeness from which on two texts had to lie in one split."""
    after: str | None = None
    """The earlier release whose splits were kept: its name and version."""
    left_out: tuple[str, ...] = ()
    """Ids of pairs that are not in the release since they would have joined two of its splits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a release."""

    path: str
    """Relative to the manifest."""
    sha256: str
    bytes: int
    split: Split | None = None
    """None: not a part of the data proper."""
    pairs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A release, complete."""

    schema: int
    """Version of the layout."""
    name: str
    version: str
    date: str | None = None
    """Of the release, ISO 8601; None in releases of layout 1."""
    license: str
    pairs: int
    splits: Mapping[str, Mapping[str, int]]
    """Split -> category -> pairs."""
    tools: Mapping[str, str]
    """Tool -> version, over all pairs; several versions stand side by side."""
    command: str
    """What made the release of the folder."""
    generated: tuple[Settings, ...]
    """What made the folder; empty where it was not made by ``hpctc generate``."""
    files: tuple[File, ...]
    split_rule: SplitRule | None = None
    """None in releases of layout 1."""


def file_entry(
    folder: Path, path: Path, split: Split | None = None, pairs: int | None = None
) -> File:
    """The manifest's line for a file that is written."""
    raw = path.read_bytes()
    return File(
        path=path.relative_to(folder).as_posix(),
        sha256=hashlib.sha256(raw).hexdigest(),
        bytes=len(raw),
        split=split,
        pairs=pairs,
    )


def load_manifest(folder: Path) -> Manifest:
    """Read a release's manifest; one of a later layout than this hpctc knows is refused."""
    path = folder / MANIFEST
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(value, dict) and isinstance(value.get("schema"), int):
            _known(path, value["schema"])
        return decode(Manifest, value)
    except OSError as problem:
        raise CorruptRecord(f"cannot read {path}: {problem.strerror}") from None
    except (ValueError, CodecError) as problem:
        raise CorruptRecord(f"{path} is not a manifest: {problem}", "fetch it again") from None


def made_with(path: Path) -> tuple[Settings, ...]:
    """What made a growing folder or a release; nothing where it is not known."""
    if (path / MANIFEST).is_file():
        return load_manifest(path).generated
    settings = settings_of(path)
    return (settings,) if settings is not None else ()


def verify(folder: Path, manifest: Manifest) -> None:
    """Hold every file of a release against its hash."""
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            raise CorruptRecord(f"{path} is missing; {MANIFEST} lists it", "fetch it again")
        if file_entry(folder, path).sha256 != file.sha256:
            raise CorruptRecord(
                f"{path} is not the file that {MANIFEST} lists: its SHA-256 differs",
                "fetch the release again, or make a new one: hpctc dataset release",
            )


def _known(path: Path, schema: int) -> None:
    if schema > SCHEMA:
        raise CorruptRecord(
            f"{path} has layout {schema}; this hpctc knows up to {SCHEMA}",
            "install a later hpctc",
        )
