"""Scheduled TIR in, C that a person would keep out: OpenMP, GNU vector types, no runtime.

The page to read first is :mod:`hpctc.lower.c.unit` (a whole translation unit), then
:mod:`hpctc.lower.c.passes` (what is made of the TIR before it is printed),
:mod:`hpctc.lower.c.printer` (statements) and :mod:`hpctc.lower.c.expr` (expressions).
"""
