"""Recorded answers: whatever was asked elsewhere is scored here like any model."""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from hpctc.core.codec import CodecError, decode
from hpctc.core.errors import CorruptRecord, UsageError
from hpctc.core.records import Answer, Task
from hpctc.models.base import Hear, Model, Question, Sampling, fenced

log = logging.getLogger(__name__)

SUFFIXES = (".c", ".md", ".txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One line of a recording."""

    task: str
    """A task's id or name."""
    answer: str
    sample: int | None = None
    """None: the one behind the last of this task and turn."""
    turn: int = 0
    """0: the answer to the task; 1: what its first repair was answered with."""


FIELDS = frozenset(f.name for f in fields(Recorded))


@dataclass(frozen=True)
class Replay(Model):
    """Answers from a JSONL of :class:`Recorded`, or a folder of files (first turns only).

    In a folder a file is named after its task: ``matmul_512.c`` (code) or ``.md`` (an answer in
    words); further samples are ``matmul_512.1.c``, ``matmul_512.2.c``, ...
    """

    name: ClassVar[str] = "replay"
    about: ClassVar[str] = "recorded answers: a JSONL file, or a folder of TASK.c and TASK.md"
    example: ClassVar[str] = "replay{path=answers.jsonl}"
    converses: ClassVar[bool] = True
    path: str

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """The recorded text of the task, the turn and the sample, or a reason why there is none."""
        recorded = self.recorded(tasks.values())
        for asked in questions:
            name, turn = tasks[asked.prompt.of].name, len(asked.prompt.history)
            texts = recorded.get((name, turn), {})
            text = texts.get(asked.sample)
            yield Answer.make(
                of=asked.prompt.id,
                model=str(self),
                sample=asked.sample,
                text=text,
                reason="" if text is not None else self._lack(name, turn, len(texts)),
            )

    def recorded(self, tasks: Iterable[Task]) -> dict[tuple[str, int], dict[int, str]]:
        """(task name, turn) -> sample -> text; tasks that are not asked are named in a warning."""
        names = {key: task.name for task in tasks for key in (task.id, task.name)}
        found: dict[tuple[str, int], dict[int, str]] = {}
        strangers: list[str] = []
        for said in self._texts(set(names.values())):
            if said.task not in names:
                strangers.append(said.task)
                continue
            samples = found.setdefault((names[said.task], said.turn), {})
            behind = max(samples, default=-1) + 1
            samples[behind if said.sample is None else said.sample] = said.answer
        if strangers:
            shown = ", ".join(dict.fromkeys(strangers[:5]))
            log.warning(
                "%s holds %d answers to tasks that are not asked: %s",
                self.path, len(strangers), shown,
            )  # fmt: skip
        return found

    def fingerprint(self) -> str:
        """The hash of what is recorded."""
        digest = hashlib.sha256()
        for path in self._files():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]

    def _lack(self, name: str, turn: int, count: int) -> str:
        where = f" in repair turn {turn}" if turn else ""
        plural = "s" if count != 1 else ""
        return f"{self.path} holds {count or 'no'} answer{plural} to {name}{where}"

    def _files(self) -> list[Path]:
        path = Path(self.path)
        if path.is_file():
            return [path]
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES and p.is_file())
            if found:
                return found
        raise UsageError(
            f"there are no recorded answers at {self.path!r}",
            "name a JSONL file or a folder of TASK.c and TASK.md files",
        )

    def _texts(self, names: set[str]) -> Iterator[Recorded]:
        files = self._files()
        if Path(self.path).is_file():
            yield from _lines(files[0])
            return
        for path in sorted(files, key=_order):
            text = path.read_text(encoding="utf-8", errors="replace")
            task = path.stem if path.stem in names else _without_number(path.stem)
            yield Recorded(task=task, answer=fenced(text) if path.suffix == ".c" else text)


def _lines(path: Path) -> Iterator[Recorded]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            if isinstance(told, dict):  # what else a line holds is the recorder's own affair
                told = {key: value for key, value in told.items() if key in FIELDS}
            yield decode(Recorded, told, "the line")
        except (ValueError, CodecError) as problem:
            raise CorruptRecord(
                f"{path}:{number} is no recorded answer: {problem}",
                'a line reads {"task": "ID OR NAME", "answer": "TEXT"}',
            ) from None


def _order(path: Path) -> tuple[str, int]:
    stem, _, number = path.stem.rpartition(".")
    return (stem, int(number)) if number.isdigit() else (path.stem, 0)


def _without_number(stem: str) -> str:
    head, _, number = stem.rpartition(".")
    return head if number.isdigit() else stem
