"""What there is to audit under a path: pairs of ours, tasks of a suite, or published records."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from hpctc.audit.published import name_of
from hpctc.core import jsonl, suite
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Pair
from hpctc.core.resources import root
from hpctc.dataset import read
from hpctc.dataset.hpctranseval import GROUPS, PUBLISHED, Published, load, load_file

Subject = Pair | Published


def subjects(word: str) -> list[Subject]:
    """The records that a path, or the name of a shipped suite or dataset, stands for."""
    path = Path(word)
    if not path.exists():
        return _shipped(word)
    if path.suffix == ".json":
        named = [g for g in GROUPS if path.stem == g]
        return list(load_file(path, named[0] if named else "IndependentOperator"))
    if (path / "suite.toml").is_file():
        return [task.pair for task in suite.load(word).tasks]
    if (path / PUBLISHED).is_file() and not read.holds_pairs(path):
        return list(jsonl.read(path / PUBLISHED, Published))
    if path.is_dir() and any((path / f"{g}.json").is_file() for g in GROUPS):
        return list(load(path))
    if path.is_dir() and not read.holds_pairs(path):
        raise HpctcError(
            f"{path} holds nothing that can be audited",
            "give a folder of pairs, a suite, or JSON files of the published layout"
            f" ({', '.join(f'{g}.json' for g in GROUPS)})",
        )
    return list(read.pairs(path))


def name(subject: Subject) -> str:
    """What the table calls a record."""
    return subject.name if isinstance(subject, Pair) else name_of(subject)


def chosen(found: Sequence[Subject], only: str) -> list[Subject]:
    """Those whose name holds a text; none is an error that says what there is."""
    if kept := [s for s in found if only in name(s)]:
        return kept
    if not found:
        raise HpctcError("there are no records in it")
    near = difflib.get_close_matches(only, [name(s) for s in found], 3, 0.3)
    raise UsageError(
        f"none of {len(found)} records has {only!r} in its name",
        f"near: {', '.join(near)}" if near else f"for example {name(found[0])}",
    )


def _shipped(word: str) -> list[Subject]:
    if word in suite.names():
        return [task.pair for task in suite.load(word).tasks]
    if (root("datasets") / word).is_dir() and word:
        return list(read.pairs(root("datasets") / word))
    names = [*suite.names(), *sorted(p.name for p in root("datasets").iterdir() if p.is_dir())]
    near = difflib.get_close_matches(word, names, 1)
    raise UsageError(
        f"there is no {word!r}: no such path, and no suite or dataset that is shipped",
        f"did you mean {near[0]!r}?" if near else f"shipped: {', '.join(dict.fromkeys(names))}",
    )
