"""Candidates are built, checked and timed; nothing here knows who wrote them.

Comes in: candidates with their tasks. Goes out: :class:`~hpctc.core.records.Build`,
:class:`~hpctc.core.records.Verdict` and :class:`~hpctc.core.records.Timing`, one record an attempt.
A candidate that fails is a record with a reason; only a broken harness is an exception.

:mod:`~hpctc.evaluate.building` compiles. :mod:`~hpctc.evaluate.verify` compares with the float64
meaning on several seeds, with tolerances that :mod:`~hpctc.evaluate.rebuilds` may widen, and puts
what is right through :mod:`~hpctc.evaluate.sanitize`. :mod:`~hpctc.evaluate.timing` times what is
correct beside each :mod:`~hpctc.evaluate.rung` of the ladder, in turns, as
:mod:`~hpctc.evaluate.match` has them. :mod:`~hpctc.evaluate.repro` writes a failure as a folder
that fails alone; :mod:`~hpctc.evaluate.oracle` asks by mutants whether inputs tell wrong from
right.
"""
