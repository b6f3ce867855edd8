"""C and CUDA-C as one tree: parse, walk, print.

Comes in: source text (a kernel, or the device part of a .cu file). Goes out: nodes of
:mod:`hpctc.syntax.tree`, or text again. Nothing is executed and no type is inferred here;
:mod:`hpctc.transpile` does that.
"""
