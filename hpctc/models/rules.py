"""The transpiler as a model: it answers with C made by rule, or says which rule is missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import HpctcError
from hpctc.core.records import Answer, Pair, Task
from hpctc.models.base import Hear, Model, Question, Sampling, fenced


@dataclass(frozen=True)
class Rules(Model):
    """Answers with the pair's CUDA, transpiled; abstains with a numbered diagnostic."""

    name: ClassVar[str] = "rules"
    about: ClassVar[str] = "the rule-based transpiler: the pair's CUDA as loops, or a diagnostic"
    example: ClassVar[str] = "rules"

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """The same text for every sample."""
        made: dict[str, tuple[str | None, str]] = {}
        for asked in questions:
            of = asked.prompt.of
            if of not in made:
                made[of] = _transpiled(tasks[of].pair)
            text, reason = made[of]
            yield Answer.make(
                of=asked.prompt.id, model=str(self), sample=asked.sample, text=text, reason=reason
            )


def _transpiled(pair: Pair) -> tuple[str | None, str]:
    from hpctc.transpile import transpile_pair

    try:
        return fenced(transpile_pair(pair)), ""
    except HpctcError as problem:
        return None, str(problem)
