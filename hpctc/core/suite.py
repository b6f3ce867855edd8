"""Suites on disk: ``suite.toml`` says how to judge, ``tasks.jsonl`` holds the tasks, pairs and all.

Suites that ship lie in ``evals/``; any other folder of this shape is named by its path.
"""

import difflib
import json
import tomllib
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Literal

from hpctc.core import jsonl
from hpctc.core.codec import CodecError, content_id, decode, encode
from hpctc.core.errors import CorruptRecord, HpctcError, UsageError
from hpctc.core.records import Task
from hpctc.core.resources import root

Profile = Literal["small", "medium", "large"]
"""``medium``: the reference takes 1 ms or more on one thread; ``small`` is for tests only."""


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Tasks, and the settings under which their answers are judged unless the user says others."""

    name: str
    description: str
    profile: Profile
    seeds: tuple[int, ...] = (1, 2)
    """Seeds from which inputs are drawn; each with every distribution."""
    distributions: tuple[str, ...] = ("uniform",)
    """Names that :func:`hpctc.graph.meaning.draw` knows."""
    threads: int = 2
    call_seconds: float = 10.0
    """A call that takes longer is ``timed out``."""
    seconds: float = 2.0
    """For timing one candidate against its baseline."""
    tasks: tuple[Task, ...] = field(default=(), repr=False)

    @property
    def id(self) -> str:
        """The hash of the settings and the tasks: what two comparable runs have in common."""
        settings = {f.name: encode(getattr(self, f.name)) for f in _settings()}
        return content_id("Suite", {**settings, "tasks": [t.id for t in self.tasks]})


def load(name_or_path: str) -> Suite:
    """Read a suite of ``evals/`` by name, or any suite by its folder; its tasks are verified."""
    folder = _find(name_or_path)
    try:
        text = (folder / "suite.toml").read_text(encoding="utf-8")
        settings = decode(Suite, {**tomllib.loads(text), "tasks": []}, "suite.toml")
    except (tomllib.TOMLDecodeError, CodecError, UnicodeDecodeError) as problem:
        raise HpctcError(f"{folder / 'suite.toml'} is no suite: {problem}") from None
    tasks = tuple(jsonl.read(folder / "tasks.jsonl", Task))
    _verify(folder / "tasks.jsonl", tasks)
    return Suite(**{f.name: getattr(settings, f.name) for f in _settings()}, tasks=tasks)


def write(suite: Suite, folder: Path) -> None:
    """Write a suite's two files; whole or not at all, each."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "suite.toml").write_text(_toml(suite), encoding="utf-8")
    except OSError as problem:
        raise HpctcError(f"cannot write {folder}: {problem.strerror}") from None
    jsonl.write(folder / "tasks.jsonl", suite.tasks)


def names() -> list[str]:
    """The suites that ship with hpctc."""
    return sorted(p.parent.name for p in root("evals").glob("*/suite.toml"))


def _find(name_or_path: str) -> Path:
    for folder in (root("evals") / name_or_path, Path(name_or_path)):
        if (folder / "suite.toml").is_file():
            return folder
    there = names()
    near = difflib.get_close_matches(name_or_path, there, 1)
    raise UsageError(
        f"there is no suite {name_or_path!r}; there are: {', '.join(there) or 'none'}",
        f"did you mean {near[0]!r}?" if near else "or name a folder that holds a suite.toml",
    )


def _verify(path: Path, tasks: tuple[Task, ...]) -> None:
    seen: set[str] = set()
    for line, task in enumerate(tasks, 1):
        if not (task.is_genuine() and task.pair.is_genuine() and task.of == task.pair.id):
            raise CorruptRecord(f"{path}:{line} ({task.name}) was changed: its id does not fit")
        if task.name in seen:
            raise CorruptRecord(f"{path}:{line}: there are two tasks named {task.name!r}")
        seen.add(task.name)


def _settings() -> "list[Field[object]]":
    return [f for f in fields(Suite) if f.name != "tasks"]


def _toml(suite: Suite) -> str:
    lines = []
    for f in _settings():
        value = getattr(suite, f.name)
        shown = list(value) if isinstance(value, tuple) else value
        # JSON's strings, numbers and lists are TOML's.
        lines.append(f"{f.name} = {json.dumps(shown, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"
