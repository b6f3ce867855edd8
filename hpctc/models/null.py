"""The null transpiler: what the compiler alone makes of plain C.

A speedup over a weak baseline says nothing; this rung shows what a model gains that does no more
than leave the pragmas out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.records import Answer, Task
from hpctc.models.base import Hear, Model, Question, Sampling, fenced

_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+omp\b(?:\\\r?\n|[^\n])*\n?", re.MULTILINE)
_OPERATOR = re.compile(r'\b_Pragma[ \t]*\([ \t]*"[ \t]*omp\b(?:\\.|[^"\\])*"[ \t]*\)')


@dataclass(frozen=True)
class Null(Model):
    """Answers with the pair's C without its OpenMP pragmas: serial, and still right."""

    name: ClassVar[str] = "null"
    about: ClassVar[str] = "the pair's C without its OpenMP pragmas: what the compiler alone does"
    example: ClassVar[str] = "null"

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """The same text for every sample."""
        for asked in questions:
            text = fenced(without_openmp(tasks[asked.prompt.of].pair.c_code))
            yield Answer.make(of=asked.prompt.id, model=str(self), sample=asked.sample, text=text)


def without_openmp(code: str) -> str:
    """``code`` without ``#pragma omp`` lines (continued ones too) and ``_Pragma("omp ...")``."""
    return _OPERATOR.sub("", _PRAGMA.sub("", code))
