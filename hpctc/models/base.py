"""What a model is to the road: it answers prompts."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from hpctc.core.records import Answer, Prompt, Task
from hpctc.core.spec import Spec


@dataclass(frozen=True, slots=True)
class Question:
    """One sample of a prompt: what a model is asked at a time."""

    prompt: Prompt
    sample: int = 0
    """Its number; with the seed it decides what is drawn."""
    hints: tuple[str, ...] = ()
    """Answers of others, which a strategy may draft from; empty: what the task's pair gives."""
    signature: str = ""
    """The C declaration that a grammar is to hold; empty: that of the task's pair."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn, where there are any."""

    temperature: float = 0.0
    """0: greedy."""
    seed: int = 0
    strategy: str = ""
    """How a local language model decodes; empty: one token a pass."""


Hear = Callable[[Question, str], None]
"""Is given an answer piece by piece while it is being said; the pieces in a row are its text."""


class Chat(Protocol):
    """Whoever answers prompts."""

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """Give one answer a question, each as soon as it is there, in whatever order.

        A failed one has a reason, and no text. ``tasks`` maps a prompt's ``of`` to its task. A
        language model must look at the prompt only; the built-in models know the pair. Who has the
        whole answer at once need not tell ``hear`` of it.
        """
        ...


@dataclass(frozen=True)
class Model(Spec, ABC):
    """A :class:`Chat` with options."""

    about: ClassVar[str]
    """One line for ``hpctc models``."""
    example: ClassVar[str]
    """A spec text that works, for the same list."""
    decodes: ClassVar[bool] = False
    """Whether it can be told a decoding strategy."""
    converses: ClassVar[bool] = False
    """Whether it reads what its prompt says, so that it can be asked to repair an answer."""

    @abstractmethod
    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """See :meth:`Chat.answer`."""

    def fingerprint(self) -> str:
        """What, beside the spec's text, decides the answers; a run is continued only with it."""
        return ""


def ask(prompts: Iterable[Prompt], samples: int = 1) -> list[Question]:
    """So many samples of every prompt, in order."""
    return [Question(prompt, sample) for prompt in prompts for sample in range(samples)]


def in_order(questions: Iterable[Question], answers: Iterable[Answer]) -> list[Answer]:
    """Answers in the order of their questions."""
    place = {(q.prompt.id, q.sample): i for i, q in enumerate(questions)}
    return sorted(answers, key=lambda answer: place[answer.of, answer.sample])


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """A prompt with the conversation before it, as chat templates and servers take it."""
    said = []
    for earlier in prompt.history:
        said.append({"role": "user", "content": earlier.prompt})
        said.append({"role": "assistant", "content": earlier.answer})
    return [*said, {"role": "user", "content": prompt.text}]


def transcript(prompt: Prompt) -> str:
    """A prompt with the conversation before it as one text, for models without a chat template."""
    return "\n\n".join(message["content"] for message in messages(prompt))


def fenced(code: str) -> str:
    """Code as a model would answer it: one fenced block that nothing in it can close."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}c\n{code.rstrip()}\n{fence}\n"
