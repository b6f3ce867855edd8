"""Cross-thread reductions of CUDA as plain reductions.

A block of threads has no reduction of its own, so that programs build one from shuffles, votes,
trees in shared memory and last steps by one thread or warp. There are many such idioms and one
meaning. :class:`~hpctc.transpile.reduction.steps.Steps` therefore does not look at the text: it
runs the statements on an abstract block (:mod:`~hpctc.transpile.reduction.machine`) whose threads
hold multisets of what they brought along (:mod:`~hpctc.transpile.reduction.bags`). If every value
that is read later turns out to be the whole of a group, each thread once
(:mod:`~hpctc.transpile.reduction.recognise`, :mod:`~hpctc.transpile.reduction.live`), the
statements become one :class:`~hpctc.transpile.reduction.nodes.Reduction`. A tree that misses or
doubles a thread is not recognised and keeps the meaning that it has.
"""
