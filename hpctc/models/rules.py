"""The transpiler as a model: it answers with C made by rule, or says which rule is missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import HpctcError
from hpctc.core.records import Answer, Pair, Prompt, Task
from hpctc.models.base import Model, Sampling, fenced


@dataclass(frozen=True)
class Rules(Model):
    """Answers with the pair's CUDA, transpiled; abstains with a numbered diagnostic."""

    name: ClassVar[str] = "rules"
    about: ClassVar[str] = "the rule-based transpiler: the pair's CUDA as loops, or a diagnostic"
    example: ClassVar[str] = "rules"

    def answer(
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """The same text for every sample."""
        for prompt in prompts:
            text, reason = _transpiled(tasks[prompt.of].pair)
            for sample in range(sampling.samples):
                yield Answer.make(
                    of=prompt.id, model=str(self), sample=sample, text=text, reason=reason
                )


def _transpiled(pair: Pair) -> tuple[str | None, str]:
    from hpctc.transpile import transpile_pair

    try:
        return fenced(transpile_pair(pair)), ""
    except HpctcError as problem:
        return None, str(problem)
