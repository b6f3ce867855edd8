"""Pairs from wherever they lie: a growing folder, a release, one file, or a dataset we ship."""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from hpctc.core import jsonl, resources
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Pair
from hpctc.dataset import parquet
from hpctc.dataset.folder import PAIRS
from hpctc.dataset.manifest import MANIFEST, load_manifest, verify
from hpctc.dataset.split import Split


def locate(name: str) -> Path:
    """The path that a user's word means: one that exists, or the name of a dataset we ship."""
    path = Path(name)
    if path.exists():
        return path
    shipped = resources.root("datasets")
    names = sorted(p.name for p in shipped.iterdir() if p.is_dir()) if shipped.is_dir() else []
    if name in names:
        return shipped / name
    near = difflib.get_close_matches(name, names, 1)
    raise UsageError(
        f"there is no dataset {name!r}: no such folder, and not one that is shipped",
        f"did you mean {near[0]!r}?" if near else f"shipped: {', '.join(names) or 'none'}",
    )


def holds_pairs(path: Path) -> bool:
    """Whether :func:`pairs` can read this path."""
    return (
        (path / PAIRS).is_file() or (path / MANIFEST).is_file() or path.suffix in _FILES
    ) and path.exists()


def pairs(path: Path) -> Iterator[Pair]:
    """All pairs of a folder or file, in order; a release is held against its hashes first."""
    return _genuine(path, _pairs(path))


def distinct(found: Iterable[Pair]) -> Iterator[Pair]:
    """Every pair once, where it comes first."""
    seen: set[str] = set()
    for pair in found:
        if pair.id not in seen:
            seen.add(pair.id)
            yield pair


def _genuine(path: Path, found: Iterator[Pair]) -> Iterator[Pair]:
    for pair in found:
        if not pair.is_genuine():
            raise CorruptRecord(
                f"{path}: pair {pair.id} ({pair.name}) was changed: its id does not fit",
                "restore the file",
            )
        yield pair


def _pairs(path: Path) -> Iterator[Pair]:
    if path.is_file():
        if path.suffix not in _FILES:
            raise UsageError(
                f"{path} is not a file of pairs", "give a .jsonl or .parquet file, or a folder"
            )
        return _FILES[path.suffix](path)
    if (path / PAIRS).is_file():
        return jsonl.read(path / PAIRS, Pair)
    if (path / MANIFEST).is_file():
        return _released(path)
    raise HpctcError(
        f"{path} holds no pairs: neither {PAIRS} nor {MANIFEST} is in it",
        "make some: hpctc generate all --out FOLDER",
    )


def splits(path: Path) -> dict[str, Split]:
    """Pair id -> its split, of a release; anything else is an error."""
    manifest = load_manifest(path)
    verify(path, manifest)
    return {
        pair.id: file.split
        for file in manifest.files
        if file.split is not None
        for pair in parquet.read(path / file.path)
    }


def _released(path: Path) -> Iterator[Pair]:
    manifest = load_manifest(path)
    verify(path, manifest)
    for file in manifest.files:
        if file.split is not None:
            yield from parquet.read(path / file.path)


def _lines(path: Path) -> Iterator[Pair]:
    """A JSONL file of records, or of rows as a release's sample has them."""
    with path.open(encoding="utf-8") as handle:
        first = handle.readline()
    if not _is_row(first):
        yield from jsonl.read(path, Pair)
        return
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            try:
                yield parquet.from_row(json.loads(line))
            except ValueError as problem:
                raise CorruptRecord(f"{path}:{number} is not a row of a pair: {problem}") from None


def _is_row(line: str) -> bool:
    try:
        return isinstance(json.loads(line)["provenance"]["tools"], list)
    except (ValueError, KeyError, TypeError):
        return False


_FILES: dict[str, Callable[[Path], Iterator[Pair]]] = {
    ".jsonl": _lines,
    ".parquet": parquet.read,
}


def find(found: Iterable[Pair], what: str) -> Pair:
    """The pair with this id, unique beginning of an id, or name; else an error with near names."""
    known = list(found)
    hits = [p for p in known if what in (p.id, p.name)]
    if not hits and len(what) >= 4:
        hits = [p for p in known if p.id.startswith(what)]
    if len(hits) == 1:
        return hits[0]
    if hits:
        listed = ", ".join(f"{p.id} ({p.name})" for p in hits[:8])
        raise UsageError(f"{what!r} means {len(hits)} pairs: {listed}", "give more of the id")
    names = difflib.get_close_matches(what, [p.name for p in known], 5)
    names += [p.id for p in known if what and p.id.startswith(what)][:5]
    raise UsageError(
        f"there is no pair {what!r} among {len(known)}",
        f"near: {', '.join(names)}"
        if names
        else "give a name, or at least 4 digits of an id; 'hpctc show' without it lists them",
    )
