"""Decoding strategies side by side on the same prompts: tokens a second, tokens a pass, identity.

The baseline is transformers' own greedy ``generate``; its prompt lookup can stand beside it. For
each prompt all strategies run one after the other, the order rotated from prompt to prompt, so that
a busy moment of the machine hits all alike; ratios are of the same prompt. A strategy keeps from
prompt to prompt what it learned of its own acceptance, as in a run over a suite; keys and values it
does not, so every prefill is paid in full, as ``generate`` pays it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any, ClassVar

import torch

from hpctc.core.codec import content_id
from hpctc.core.records import Prompt, Record, Task
from hpctc.decode import strategy as strategies
from hpctc.decode.base import Drafter, Request
from hpctc.decode.loop import How, decode
from hpctc.models.hf.chat import Hf, encoded, ends, hints, opened
from hpctc.models.hf.target import Transformer
from hpctc.models.hf.text import kinds
from hpctc.models.hf.weights import load

GENERATE, PROMPT_LOOKUP = "generate", "prompt-lookup"
"""transformers' own decoding: the baseline, and its lookup of 10 tokens, named like a strategy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Record):
    """One strategy on one prompt."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "model", "strategy", "beside", "most")
    of: str
    """The prompt's id."""
    name: str
    """The task's."""
    model: str
    strategy: str
    beside: tuple[str, ...]
    """What ran on the same prompt at the same time; only such times are compared."""
    most: int
    """New tokens, at most."""
    prompt_tokens: int
    tokens: int
    passes: int | None
    """Target passes; None: not known of others' code."""
    accepted: int
    seconds: float
    """For the whole text, prefill included."""
    first_seconds: float | None
    """To the first token; None: not known of others' code."""
    says: str
    """A hash of the text's tokens."""
    identical: bool
    """Whether the text is that of the baseline."""


Said = tuple[list[int], dict[str, Any]]
"""Tokens, and what is known of how they came about."""


class Bench:
    """A model and the strategies to be compared on it; greedy."""

    def __init__(self, chat: Hf, names: Sequence[str], most: int) -> None:
        """Load the weights; ``most`` is the number of new tokens.

        ``names`` are strategies of ours, or :data:`PROMPT_LOOKUP`.
        """
        self.chat = chat
        self.most = most
        self._made = load(chat.path, chat.dtype, chat.device)
        self._over = ends(self._made.model, self._made.tokenizer)
        self._open: dict[str, tuple[Transformer, Drafter]] = {}
        self._requests = count()
        self.names = (GENERATE, *names)
        """All that run, the baseline first."""
        models: dict[str, Any] = {}  # two strategies draft with one copy of a model
        ours = [name for name in names if name != PROMPT_LOOKUP]
        self._needs = {name: strategies(name).needs for name in ours}
        for name in ours:
            target = Transformer(self._made.model, share=False)
            drafter = strategies(name).open(
                target, lambda text: models.setdefault(text, opened(text))
            )
            self._open[name] = target, drafter

    def length(self, prompt: Prompt) -> int:
        """Tokens of a prompt."""
        return len(encoded(self._made.tokenizer, prompt))

    def id(self, prompt: Prompt, name: str) -> str:
        """The id that a strategy's sample on a prompt has."""
        key = {"of": prompt.id, "model": str(self.chat), "strategy": name, "beside": self.names}
        return content_id("Sample", {**key, "most": self.most})

    def run(self, prompt: Prompt, task: Task, turn: int) -> list[Sample]:
        """Every strategy on a prompt; ``turn`` rotates their order."""
        ids = encoded(self._made.tokenizer, prompt)
        order = [*self.names[turn % len(self.names) :], *self.names[: turn % len(self.names)]]
        found: dict[str, tuple[Said, float]] = {}
        for name in order:
            run = self._prepared(name, ids, task)
            began = time.perf_counter()
            said = run()
            found[name] = said, time.perf_counter() - began
        baseline = found[GENERATE][0][0]
        made = []
        for name in self.names:
            (tokens, more), seconds = found[name]
            made.append(
                Sample.make(
                    of=prompt.id, name=task.name, model=str(self.chat), strategy=name,
                    beside=self.names, most=self.most, prompt_tokens=len(ids),
                    tokens=len(tokens), passes=more.get("passes"),
                    accepted=more.get("accepted", 0), seconds=seconds,
                    first_seconds=more.get("first"), says=content_id("tokens", tokens),
                    identical=tokens == baseline,
                )
            )  # fmt: skip
        return made

    def _prepared(self, name: str, ids: tuple[int, ...], task: Task) -> Callable[[], Said]:
        if name in (GENERATE, PROMPT_LOOKUP):
            more = {"prompt_lookup_num_tokens": 10} if name == PROMPT_LOOKUP else {}
            return partial(_generated, self._made.model, ids, self.most, self._over, more)
        known = hints(self._made.tokenizer, task, self._needs[name])
        kind = kinds(self._made.tokenizer)
        request = Request(next(self._requests), ids, self.most, self._over, known, kind)
        return partial(_decoded, *self._open[name], request)


def _decoded(target: Transformer, drafter: Drafter, request: Request) -> Said:
    """Our own loop, one request."""
    (made,) = decode(target, drafter, [request], How(batch=1))
    more = {"passes": made.passes, "accepted": made.accepted, "first": made.first_seconds}
    return made.tokens, more


@torch.inference_mode()
def _generated(
    model: Any, ids: Sequence[int], most: int, over: frozenset[int], more: dict[str, Any]
) -> Said:
    """What ``generate`` says, greedy."""
    prompt = torch.tensor([ids], device=model.device)
    out = model.generate(
        prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=most, do_sample=False,
        eos_token_id=sorted(over) or None, pad_token_id=0, temperature=None, top_p=None,
        top_k=None, repetition_penalty=1.0, **more,
    )  # fmt: skip
    new = out[0, len(ids) :].tolist()
    if new and new[-1] in over:
        new.pop()
    return new, {}


__all__ = ["GENERATE", "PROMPT_LOOKUP", "Bench", "Sample"]
