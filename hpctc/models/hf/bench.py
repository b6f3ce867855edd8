"""Decoding strategies side by side on the same prompts: tokens a second, tokens a pass, identity.

The baseline is transformers' own greedy ``generate``; its prompt lookup stands beside it. For each
prompt all strategies run one after the other, the order rotated from prompt to prompt, so that a
busy moment of the machine hits all alike; ratios are of the same prompt.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from hpctc.core.records import Prompt, Task
from hpctc.decode import strategy as strategies
from hpctc.decode.base import Request
from hpctc.decode.loop import How, decode
from hpctc.models.hf.chat import Hf, encoded, ends, hints, opened
from hpctc.models.hf.target import Transformer
from hpctc.models.hf.weights import load

GENERATE, PROMPT_LOOKUP = "generate", "generate prompt-lookup"
"""transformers' own decoding: the baseline, and its lookup of 10 tokens."""


@dataclass(frozen=True)
class Sample:
    """One strategy on one prompt."""

    prompt: str
    """The task's name."""
    strategy: str
    prompt_tokens: int
    tokens: int
    passes: int | None
    """Target passes; None: not known of others' code."""
    accepted: int
    seconds: float
    """For the whole text, prefill included."""
    first_seconds: float | None
    identical: bool
    """Whether the text is that of the baseline."""


def bench(
    chat: Hf, asked: Sequence[tuple[Prompt, Task]], names: Sequence[str], most_tokens: int
) -> Iterator[Sample]:
    """Every strategy on every prompt; greedy."""
    made = load(chat.path, chat.dtype, chat.device)
    over = ends(made.model, made.tokenizer)
    targets: dict[str, Any] = {}
    for number, (prompt, task) in enumerate(asked):
        ids = encoded(made.tokenizer, prompt)
        theirs = partial(_generated, made.model, ids, most_tokens, over)
        runs: dict[str, Callable[[], tuple[list[int], dict[str, Any]]]] = {
            GENERATE: partial(theirs, {}),
            PROMPT_LOOKUP: partial(theirs, {"prompt_lookup_num_tokens": 10}),
        }
        for name in names:
            known = hints(made.tokenizer, task, strategies(name).needs)
            request = Request(number, ids, most_tokens, over, known)
            runs[name] = partial(_decoded, made.model, targets, name, request)
        found: dict[str, tuple[list[int], dict[str, Any], float]] = {}
        order = list(runs)
        for name in order[number % len(order) :] + order[: number % len(order)]:
            began = time.perf_counter()
            tokens, more = runs[name]()
            found[name] = tokens, more, time.perf_counter() - began
        for name, (tokens, more, seconds) in found.items():
            same = tokens == found[GENERATE][0]
            yield Sample(
                task.name, name, len(ids), len(tokens), more.get("passes"),
                more.get("accepted", 0), seconds, more.get("first"), same,
            )  # fmt: skip


def _decoded(
    model: Any, targets: dict[str, Any], name: str, request: Request
) -> tuple[list[int], dict[str, Any]]:
    """Our own loop, one request; nothing of an earlier run is kept."""
    target = Transformer(model)
    drafter = strategies(name).open(target, lambda text: targets.setdefault(text, opened(text)))
    (made,) = decode(target, drafter, [request], How(batch=1))
    more = {"passes": made.passes, "accepted": made.accepted, "first": made.first_seconds}
    return made.tokens, more


@torch.inference_mode()
def _generated(
    model: Any, ids: Sequence[int], most: int, over: frozenset[int], more: dict[str, Any]
) -> tuple[list[int], dict[str, Any]]:
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


__all__ = ["GENERATE", "PROMPT_LOOKUP", "Sample", "bench"]
