"""Tasks become prompts, and answers become candidates.

Comes in: :class:`~hpctc.core.records.Task`, later :class:`~hpctc.core.records.Answer`. Goes out:
:class:`~hpctc.core.records.Prompt` (:mod:`~hpctc.prompt.render`) and
:class:`~hpctc.core.records.Candidate` (:mod:`~hpctc.prompt.extract`).
"""
