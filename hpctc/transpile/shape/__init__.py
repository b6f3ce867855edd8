"""Barrier-free kernels as loop nests: the shape that a person would have given them.

Without barriers CUDA's threads are one parallel iteration space. :mod:`~.arithmetic` writes every
address in digits of that space's axes (:mod:`~.digits`), :mod:`~.guards` turns guards into bounds,
:mod:`~.radix` splits the axes so that divisions and remainders vanish, :mod:`~.order` chooses which
loop lies inside, :mod:`~.columns` lets long walks of neighbouring threads go side by side,
:mod:`~.nest` joins these steps and :mod:`~.emit` writes the loops.
"""
