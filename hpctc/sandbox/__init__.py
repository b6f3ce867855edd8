"""Run untrusted native code in a jail: to compile it, and to call it.

Comes in: a compiler command, or a built library with its arrays. Goes out: what happened, as data:
a candidate that crashes, hangs or lies is a result; only a broken harness is an exception.

:mod:`~hpctc.sandbox.launcher` builds the small C program (``runner/``) that does both;
:mod:`~hpctc.sandbox.layers` knows the layers of the jail, which this host gives and which a run
needs; :mod:`~hpctc.sandbox.compiling` says what a compiler may see;
:mod:`~hpctc.sandbox.arena` lays arrays into shared memory between guard pages;
:mod:`~hpctc.sandbox.process` is the parent's side of a running candidate, and
:mod:`~hpctc.sandbox.watch` what it looks at from outside. ``docs/sandbox.md`` tells what each layer
is for, what it costs, and which attempts to escape it stops.
"""
