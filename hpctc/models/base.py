"""What a model is to the road: it answers prompts."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from hpctc.core.records import Answer, Prompt, Task
from hpctc.core.spec import Spec


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often each prompt is answered, and how tokens are drawn where there are any."""

    samples: int = 1
    temperature: float = 0.0
    """0: greedy."""
    seed: int = 0
    strategy: str = ""
    """How a local language model decodes; empty: one token a pass."""


class Chat(Protocol):
    """Whoever answers prompts."""

    def answer(
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """Give ``sampling.samples`` answers a prompt, in order; a failed one has a reason, no text.

        ``tasks`` maps a prompt's ``of`` to its task. A language model must look at the prompt's
        text only; the built-in models know the pair.
        """
        ...


@dataclass(frozen=True)
class Model(Spec, ABC):
    """A :class:`Chat` with options."""

    about: ClassVar[str]
    """One line for ``hpctc models``."""
    example: ClassVar[str]
    """A spec text that works, for the same list."""

    @abstractmethod
    def answer(
        self, prompts: Iterable[Prompt], tasks: Mapping[str, Task], sampling: Sampling
    ) -> Iterator[Answer]:
        """See :meth:`Chat.answer`."""

    decodes: ClassVar[bool] = False
    """Whether it can be told a decoding strategy."""

    def fingerprint(self) -> str:
        """What, beside the spec's text, decides the answers; a run is continued only with it."""
        return ""


def fenced(code: str) -> str:
    """Code as a model would answer it: one fenced block that nothing in it can close."""
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{fence}c\n{code.rstrip()}\n{fence}\n"
