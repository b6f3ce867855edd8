"""What every other unit stands on: records, text options, JSONL, errors, resources.

Comes in: nothing. Goes out: the vocabulary in which the stages talk to each other. Stages meet only
in :mod:`hpctc.core.records`.
"""
