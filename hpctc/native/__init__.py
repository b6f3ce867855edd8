"""Native code: find a C compiler, build a shared object, call it with numpy arrays.

Comes in: C text. Goes out: a ``.so`` in a cache folder, or a result of calling it. No judgement is
made here: :mod:`hpctc.lower` measures with it, others check.
"""
