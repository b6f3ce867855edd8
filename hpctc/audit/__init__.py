"""Finds what is wrong with records: datasets of ours, or the published HPCTransEval layout.

Comes in: a dataset, a suite, or files of the published layout. Goes out: one
:class:`~hpctc.audit.findings.Audit` a record, what it parses and lowers to, whether its sides
agree, and its findings.

A published record has no launches. :mod:`~hpctc.audit.accesses` reads what its functions touch,
:mod:`~hpctc.audit.footprint` evaluates that over all threads, :mod:`~hpctc.audit.grids` finds
grids, :mod:`~hpctc.audit.binding` which argument is which buffer, :mod:`~hpctc.audit.launches` puts
it together, and :mod:`~hpctc.audit.settle` decides by running where names do not.
"""
