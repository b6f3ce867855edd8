"""Local language models by transformers.

:mod:`~hpctc.models.hf.weights` loads them, :mod:`~hpctc.models.hf.target` makes one the target of a
decoding strategy, :mod:`~hpctc.models.hf.chat` answers prompts with it.
"""
