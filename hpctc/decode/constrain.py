"""Only C: tokens after which the answer could still become one fenced block that defines the entry.

Masks come from llguidance, the grammar from ``grammars/answer.lark``. A constraint walks settled
tokens only, so it composes with every strategy: drafts are neither pruned nor rolled back, and
:func:`hpctc.decode.verify.verify` refuses what the grammar does not allow.
"""

from functools import lru_cache
from typing import Any

import llguidance
import llguidance.hf
import torch
from torch import Tensor

from hpctc.core.errors import HpctcError
from hpctc.core.resources import root

GRAMMAR = "answer.lark"


class Grammar:
    """One answer's way through the grammar; see :class:`hpctc.decode.verify.Constraint`."""

    def __init__(self, tokens: llguidance.LLTokenizer, vocab: int, compiled: str) -> None:
        self._matcher = llguidance.LLMatcher(tokens, compiled)
        if self._matcher.is_error():
            raise HpctcError(f"the grammar is not accepted: {self._matcher.get_error()}")
        self._vocab = vocab
        self._words = torch.zeros((tokens.vocab_size + 31) // 32, dtype=torch.int32)
        self._bits = torch.arange(32, dtype=torch.int32)

    def allowed(self) -> Tensor:
        """Tokens ``[vocab]`` that may come; padding of the model's vocabulary may not."""
        held = self._words
        self._matcher.unsafe_compute_mask_ptr(held.data_ptr(), held.numel() * held.element_size())
        if self._matcher.is_error():
            raise HpctcError(f"the grammar was left: {self._matcher.get_error()}")
        bits = ((held[:, None] >> self._bits) & 1).bool().reshape(-1)[: self._vocab]
        if len(bits) < self._vocab:
            bits = torch.cat([bits, bits.new_zeros(self._vocab - len(bits))])
        return bits

    def advance(self, token: int) -> None:
        """A token was settled."""
        if not self._matcher.consume_token(token):
            raise HpctcError(f"token {token} leaves the grammar: {self._matcher.get_error()}")


@lru_cache(maxsize=4)
def tokens(tokenizer: Any, ends: frozenset[int]) -> llguidance.LLTokenizer:
    """A fast Hugging Face tokenizer as llguidance sees it."""
    return llguidance.hf.from_tokenizer(tokenizer, eos_token=sorted(ends))


@lru_cache(maxsize=256)
def compiled(prototype: str) -> str:
    """The grammar for answers that define the function ``prototype`` declares."""
    return str(llguidance.grammar_from("lark", written(prototype)))


def written(prototype: str) -> str:
    """The grammar's text with the entry's declaration put in, on one line."""
    text = (root("grammars") / GRAMMAR).read_text(encoding="utf-8")
    return text.replace("@ENTRY@", " ".join(prototype.split()))


__all__ = ["Grammar", "compiled", "tokens", "written"]
