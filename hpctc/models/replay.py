"""Recorded answers: whatever was asked elsewhere is scored here like any model."""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hpctc.core.errors import CorruptRecord, UsageError
from hpctc.core.records import Answer, Prompt, Task
from hpctc.models.base import Model, Sampling, fenced

log = logging.getLogger(__name__)

SUFFIXES = (".c", ".md", ".txt")


@dataclass(frozen=True)
class Replay(Model):
    """Answers from a JSONL of ``{"task": id or name, "answer": text}``, or a folder of files.

    In a folder a file is named after its task: ``matmul_512.c`` (code) or ``.md`` (an answer in
    words); further samples are ``matmul_512.1.c``, ``matmul_512.2.c``, ...
    """

    name: ClassVar[str] = "replay"
    about: ClassVar[str] = "recorded answers: a JSONL file, or a folder of TASK.c and TASK.md"
    example: ClassVar[str] = "replay{path=answers.jsonl}"
    path: str

    def answer(
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """The recorded texts in their order; a task with too few has answers with a reason."""
        recorded = self.recorded(tasks.values())
        for prompt in prompts:
            texts = recorded.get(tasks[prompt.of].name, [])
            for sample in range(sampling.samples):
                there = sample < len(texts)
                yield Answer.make(
                    of=prompt.id,
                    model=str(self),
                    sample=sample,
                    text=texts[sample] if there else None,
                    reason="" if there else self._lack(tasks[prompt.of].name, len(texts)),
                )

    def recorded(self, tasks: Iterable[Task]) -> dict[str, list[str]]:
        """Task name -> its texts; a record of a task that is not asked is named in a warning."""
        names = {key: task.name for task in tasks for key in (task.id, task.name)}
        found: dict[str, list[str]] = {}
        strangers: list[str] = []
        for task, text in self._texts(set(names.values())):
            if task in names:
                found.setdefault(names[task], []).append(text)
            else:
                strangers.append(task)
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

    def _lack(self, name: str, count: int) -> str:
        return f"{self.path} holds {count or 'no'} answer{'s' if count != 1 else ''} to {name}"

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

    def _texts(self, names: set[str]) -> Iterator[tuple[str, str]]:
        files = self._files()
        if Path(self.path).is_file():
            yield from _lines(files[0])
            return
        for path in sorted(files, key=_order):
            text = path.read_text(encoding="utf-8", errors="replace")
            task = path.stem if path.stem in names else _without_number(path.stem)
            yield task, fenced(text) if path.suffix == ".c" else text


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            task, text = record["task"], record["answer"]
            if not isinstance(task, str) or not isinstance(text, str):
                raise TypeError("task and answer must be texts")
        except (ValueError, KeyError, TypeError) as problem:
            raise CorruptRecord(
                f"{path}:{number} is no recorded answer: {problem!r}",
                'a line reads {"task": "ID OR NAME", "answer": "TEXT"}',
            ) from None
        yield task, text


def _order(path: Path) -> tuple[str, int]:
    stem, _, number = path.stem.rpartition(".")
    return (stem, int(number)) if number.isdigit() else (path.stem, 0)


def _without_number(stem: str) -> str:
    head, _, number = stem.rpartition(".")
    return head if number.isdigit() else stem
