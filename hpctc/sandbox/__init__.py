"""Run untrusted native code in a child process with limits.

Comes in: a compiler command, or a built library with its arrays. Goes out: what happened, as data:
a candidate that crashes, hangs or lies is a result; only a broken harness is an exception.

:mod:`~hpctc.sandbox.launcher` builds the small C program (``runner.c``) that does both,
:mod:`~hpctc.sandbox.arena` lays arrays into shared memory between guard pages, and
:mod:`~hpctc.sandbox.process` is the parent's side of a running candidate. The layers that stand
today, where the kernel has them: limits on CPU time, memory and file size; a system call filter (no
processes, programs, sockets or signals to others); a fence around files (only the candidate and the
system's libraries can be opened, none for writing); read-only inputs; an empty environment; pinned
cores. Not yet: namespaces, and a fence around the compiler, which has the limits only.
"""
