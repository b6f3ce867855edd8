"""Every operator's samples as graphs of one node: what the matrix tests of all units walk."""

import math
from dataclasses import replace

from hpctc.graph import ops
from hpctc.graph.build import DEFAULT_DOMAIN, Builder
from hpctc.graph.infer import complete
from hpctc.graph.ir import Graph, Interval, TensorType
from hpctc.graph.op import Sample


def all_samples() -> list[tuple[str, Graph]]:
    """``(id, graph)`` of every sample of every operator; the id is ``conv2d-0``.

    Where no sample has an element type that the operator takes, the first one is there once more in
    that type, as ``conv3d-int8``.
    """
    found = []
    for op in ops.OPS.values():
        found += [(str(i), op, sample) for i, sample in enumerate(op.samples)]
        sampled = {sample.types[0].dtype for sample in op.samples}
        found += [
            (dtype, op, retyped(op.samples[0], dtype))
            for dtype in op.dtypes
            if dtype not in sampled
        ]
    return [(f"{op.name}-{suffix}", graph_of(op.name, sample)) for suffix, op, sample in found]


def retyped(sample: Sample, dtype: str) -> Sample:
    """A sample whose first operand, and all others of its element type, have another."""
    before = sample.types[0].dtype
    types = (TensorType(t.shape, dtype) if t.dtype == before else t for t in sample.types)
    return replace(sample, types=tuple(types), domains=())


def graph_of(name: str, sample: Sample) -> Graph:
    """One application of an operator as a graph; it returns all of the operator's results."""
    op = ops.get(name)
    builder = Builder(f"{name}_op")
    legal = op.domains(sample.types, complete(op, sample.attrs))
    args: list[str | int | float] = []
    for i, kind in enumerate(sample.types):
        if i in sample.literals:
            args.append(sample.literals[i])
            continue
        given = sample.domains[i] if i < len(sample.domains) else None
        domain = given or sensible(legal[i], kind)
        args.append(builder.input(op.param(i), kind.shape, kind.dtype, domain))
    return builder.finish(*builder.apply(name, args, sample.attrs))


def sensible(legal: Interval, kind: TensorType) -> Interval:
    """A finite part of a legal interval, near the element type's default domain."""
    usual = DEFAULT_DOMAIN[kind.dtype]
    step = 0.1 if kind.dtype.startswith("float") else 1.0
    floor = legal.low
    if 0 < floor < step:
        # Next to zero logarithms and quotients are large: nothing that a test wants to see.
        floor = step
    low, high = max(usual.low, floor), min(usual.high, legal.high)
    if low < high:
        return Interval(low, high)
    if math.isinf(floor):
        return Interval(legal.high - 2, legal.high)
    return Interval(floor, min(floor + 2, legal.high))
