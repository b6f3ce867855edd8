"""What it saves that prompts which begin alike are computed once."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hpctc.decode.autoregressive import Autoregressive
from hpctc.decode.base import Request
from hpctc.decode.loop import How, decode
from hpctc.decode.schedule import planned
from hpctc.models.hf.chat import Hf, opened
from hpctc.models.hf.target import Transformer
from hpctc.models.hf.weights import load


@dataclass(frozen=True)
class Prefill:
    """One round: all requests to their first token, with sharing and without."""

    tokens: int
    """Of all prompts."""
    shared_computed: int
    plain_computed: int
    """Tokens that went through the model."""
    shared_seconds: float
    plain_seconds: float
    identical: bool
    """Whether both ways say the same first tokens."""


def rounds(chat: Hf, requests: int, shared: int, own: int, count: int) -> list[Prefill]:
    """So many rounds of ``requests`` prompts: ``shared`` tokens in common, ``own`` of each."""
    made = load(chat.path, chat.dtype, chat.device)
    draw = random.Random(0)
    vocab = len(made.tokenizer)
    prefix = [draw.randrange(vocab) for _ in range(shared)]
    asked = [
        Request(key, (*prefix, *(draw.randrange(vocab) for _ in range(own))), most=1)
        for key in range(requests)
    ]
    found = []
    for turn in range(count):
        ways = [True, False] if turn % 2 else [False, True]
        done = {share: _prefilled(Transformer(made.model, share), asked) for share in ways}
        (yes, yes_seconds, yes_computed), (no, no_seconds, no_computed) = done[True], done[False]
        found.append(
            Prefill(
                tokens=sum(len(r.prompt) for r in asked),
                shared_computed=yes_computed,
                plain_computed=no_computed,
                shared_seconds=yes_seconds,
                plain_seconds=no_seconds,
                identical=yes == no,
            )
        )
    return found


def _prefilled(
    target: Transformer, asked: Sequence[Request]
) -> tuple[dict[object, list[int]], float, int]:
    drafter = Autoregressive().open(target, opened)
    began = time.perf_counter()
    texts = decode(target, drafter, planned(asked).requests, How(batch=4))
    said = {made.request.key: made.tokens for made in texts}
    return said, time.perf_counter() - began, target.computed


__all__ = ["Prefill", "rounds"]
