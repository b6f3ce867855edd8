"""Every operator's samples as graphs of one node: what the matrix tests of all units walk."""

import math

from hpctc.graph import ops
from hpctc.graph.build import DEFAULT_DOMAIN, Builder
from hpctc.graph.infer import complete
from hpctc.graph.ir import Graph, Interval, TensorType
from hpctc.graph.op import Sample


def all_samples() -> list[tuple[str, Graph]]:
    """``(id, graph)`` of every sample of every operator; the id is ``conv2d-0``."""
    return [
        (f"{op.name}-{i}", graph_of(op.name, sample))
        for op in ops.OPS.values()
        for i, sample in enumerate(op.samples)
    ]


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
