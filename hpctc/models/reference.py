"""The model that knows the answer: the upper rung, and the A/A test of the evaluator."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.records import Answer, Prompt, Task
from hpctc.models.base import Model, Sampling, fenced


@dataclass(frozen=True)
class Reference(Model):
    """Answers with the pair's own C."""

    name: ClassVar[str] = "reference"
    about: ClassVar[str] = "the pair's own C: correct, and as fast as the baseline"
    example: ClassVar[str] = "reference"

    def answer(
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """The same text for every sample."""
        for prompt in prompts:
            text = fenced(tasks[prompt.of].pair.c_code)
            for sample in range(sampling.samples):
                yield Answer.make(of=prompt.id, model=str(self), sample=sample, text=text)
