"""The model that knows the answer: the upper rung, and the A/A test of the evaluator."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.records import Answer, Task
from hpctc.models.base import Hear, Model, Question, Sampling, fenced


@dataclass(frozen=True)
class Reference(Model):
    """Answers with the pair's own C."""

    name: ClassVar[str] = "reference"
    about: ClassVar[str] = "the pair's own C: correct, and as fast as the baseline"
    example: ClassVar[str] = "reference"

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """The same text for every sample."""
        for asked in questions:
            text = fenced(tasks[asked.prompt.of].pair.c_code)
            yield Answer.make(of=asked.prompt.id, model=str(self), sample=asked.sample, text=text)
