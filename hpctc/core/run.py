"""A run is a folder: ``run.json`` and one JSONL a stage, each made from the one before.

A stage that was interrupted goes on where it stopped: :meth:`Run.land` tells the work what the file
holds already. One process at a time writes a run.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from hpctc.core import jsonl
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Record

R = TypeVar("R", bound=Record)


class Done(Counter[str]):
    """What a stage has made already: id of a source record -> number of records made of it."""

    def __init__(self, made: Iterable[Record] = ()) -> None:
        """Count ``made``."""
        held = list(made)
        super().__init__(str(getattr(r, "of", r.id)) for r in held)
        self.ids = frozenset(r.id for r in held)
        """The ids of the records made."""


STAGES = (
    "tasks",
    "prompts",
    "answers",
    "candidates",
    "builds",
    "verdicts",
    "timings",
    "scores",
)
"""The files of an evaluation, in order."""


@dataclass(frozen=True)
class About:
    """What ``run.json`` says: all that must be equal for two runs to be compared, and the rest."""

    settings: Mapping[str, Any]
    """What shapes the records; a run is continued only under the same."""
    host: Mapping[str, str]
    versions: Mapping[str, str]


class Run:
    """An open run folder; close it, or use it in a ``with``."""

    def __init__(self, folder: Path, about: About) -> None:
        """Create ``folder`` or continue it; other settings than before are a UsageError."""
        self.folder = folder
        self.about = about
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        except OSError as problem:
            raise HpctcError(
                f"cannot write {folder}: {problem.strerror}", "name another folder with --out"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.continued = self._agree()
        except OSError:
            os.close(self._lock)
            raise UsageError(
                f"another process is writing {folder}", "wait for it, or name another --out"
            ) from None
        except HpctcError:
            os.close(self._lock)
            raise

    def path(self, stage: str) -> Path:
        """Where a stage's records lie."""
        return self.folder / f"{stage}.jsonl"

    def land(self, stage: str, kind: type[R], work: Callable[[Done], Iterable[R]]) -> list[R]:
        """Append what ``work`` makes to the stage's file as it comes; return all that is there.

        ``work`` is given how many records of each source the file holds, and skips those.
        """
        with jsonl.Appender(self.path(stage), kind) as file:
            for record in work(Done(file.records)):
                file.add(record)
            return list(file.records)

    def forget(self, stage: str) -> None:
        """Remove the files of ``stage`` and of all stages behind it."""
        for later in STAGES[STAGES.index(stage) :]:
            self.path(later).unlink(missing_ok=True)

    def _agree(self) -> bool:
        path = self.folder / "run.json"
        if path.exists():
            before = read_about(self.folder)
            _same(self.folder, before, self.about)
            return True
        draft = path.with_suffix(".part")
        document = {
            "settings": self.about.settings,
            "host": self.about.host,
            "versions": self.about.versions,
        }
        draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._lock)


def read_about(folder: Path) -> About:
    """What the ``run.json`` of a folder says; no run there, or a damaged one, is an error."""
    path = folder / "run.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return About(document["settings"], document["host"], document["versions"])
    except OSError:
        raise UsageError(
            f"{folder} is no run: there is no {path.name} in it",
            "make one with 'hpctc eval SUITE --model MODEL --out RUN'",
        ) from None
    except (ValueError, KeyError, TypeError) as problem:
        raise HpctcError(f"{path} is damaged: {problem}") from None


def read_stage(folder: Path, stage: str, kind: type[R]) -> list[R]:
    """The records of a stage; a stage that was never reached is an error with the next command."""
    path = folder / f"{stage}.jsonl"
    if not path.exists():
        raise HpctcError(
            f"the run {folder} is not finished: it has no {stage}",
            "run the same 'hpctc eval' command again to continue it",
        )
    return list(jsonl.read(path, kind))


def _same(folder: Path, before: About, now: About) -> None:
    for what, old, new in (
        ("setting", before.settings, now.settings),
        ("host", before.host, now.host),
        ("version", before.versions, now.versions),
    ):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                raise UsageError(
                    f"{folder} was made with another {what}: {name} was {old.get(name)!r}, "
                    f"now it is {new.get(name)!r}",
                    "give the run a folder of its own with --out",
                )
