"""Continue texts with a language model, several at once, without changing what it would say.

Comes in: :class:`~hpctc.decode.base.Request` objects and a :class:`~hpctc.decode.base.Target`. Goes
out: :class:`~hpctc.decode.loop.Decoded` texts. :mod:`~hpctc.decode.loop` is the loop,
:mod:`~hpctc.decode.verify` the only place where tokens are accepted; every other module is a
strategy, one page each, or what strategies share.
"""

from hpctc.core.spec import load
from hpctc.decode.base import Strategy

STRATEGIES: dict[str, str] = {
    "autoregressive": "hpctc.decode.autoregressive:Autoregressive",
    "lookup": "hpctc.decode.lookup:Lookup",
    "compiler": "hpctc.decode.compiler:Compiler",
    "draft": "hpctc.decode.draft:DraftModel",
    "lookahead": "hpctc.decode.lookahead:Lookahead",
    "cascade": "hpctc.decode.cascade:Cascade",
}
"""Name -> where its class lies."""


def strategy(text: str) -> Strategy:
    """The strategy that a spec text names: ``lookup``, ``lookahead{window=7,ngram=5}``."""
    return load(STRATEGIES, text, "strategy", Strategy)  # type: ignore[type-abstract]


__all__ = ["STRATEGIES", "Strategy", "strategy"]
