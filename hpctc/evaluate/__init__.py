"""Candidates are built, checked and timed; nothing here knows who wrote them.

Comes in: candidates with their tasks. Goes out: :class:`~hpctc.core.records.Build`,
:class:`~hpctc.core.records.Verdict` and :class:`~hpctc.core.records.Timing`, one record an attempt.
A candidate that fails is a record with a reason; only a broken harness is an exception.

:mod:`~hpctc.evaluate.building` compiles, :mod:`~hpctc.evaluate.verify` compares with the float64
meaning on several seeds, :mod:`~hpctc.evaluate.timing` alternates what is correct with its
baseline.
"""
