"""Random legal graphs for hypothesis: any operator of the registry, wired at random."""

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from hpctc.graph import check, ops
from hpctc.graph.build import Builder
from hpctc.graph.errors import GraphError
from hpctc.graph.infer import complete
from hpctc.graph.ir import Arg, Graph, Interval
from hpctc.graph.op import FLOATS, Op, Sample
from hpctc.graph.samples import sensible

CHAINABLE = sorted(
    name for name, op in ops.OPS.items() if not op.attrs and op.arity[1] <= 2 and op.infix != "@"
)
"""Operators without attributes that take what is there already."""

LARGEST = 1e6
"""Values beyond this make no sensible graph: exp of exp of exp."""


@st.composite
def graphs(draw: st.DrawFn, most: int = 6) -> Graph:
    """A legal graph of one to ``most`` operators; small extents, every element type."""
    growth = _Growth(draw)
    growth.sampled()
    for _ in range(draw(st.integers(0, most - 1))):
        draw(st.sampled_from([growth.chained, growth.chained, growth.literal, growth.sampled]))()
    assume(growth.builder.nodes)
    return growth.finish()


class _Growth:
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.builder = Builder("random")
        self.intervals: dict[str, Interval] = {}

    def sampled(self) -> None:
        """A sample of any operator; its first operand may be a value that fits."""
        op = ops.OPS[self.draw(st.sampled_from(sorted(ops.OPS)))]
        sample = self.draw(st.sampled_from(op.samples))
        legal = op.domains(sample.types, complete(op, sample.attrs))
        args: list[Arg] = []
        for i, kind in enumerate(sample.types):
            fits = [n for n, t in self.builder.types.items() if t == kind]
            if i in sample.literals:
                args.append(sample.literals[i])
            elif fits and self.draw(st.booleans()):
                args.append(self.draw(st.sampled_from(fits)))
            else:
                args.append(self._input(sample, i, legal[i]))
        self._try(op, args, sample)

    def chained(self) -> None:
        """An elementwise operator on values that are there."""
        op = ops.OPS[self.draw(st.sampled_from(CHAINABLE))]
        names = st.sampled_from(sorted(self.builder.types))
        self._try(op, [self.draw(names) for _ in range(op.arity[0])], Sample(()))

    def literal(self) -> None:
        """A binary operator of a value and a number."""
        op = ops.OPS[self.draw(st.sampled_from([n for n in CHAINABLE if ops.OPS[n].literals]))]
        name = self.draw(st.sampled_from(sorted(self.builder.types)))
        number: Arg = self.draw(st.integers(-3, 3))
        if self.builder.type_of(name).dtype in FLOATS:
            number = self.draw(st.floats(-4, 4, width=16))
        self._try(op, self.draw(st.permutations([name, number])), Sample(()))

    def finish(self) -> Graph:
        """The graph that returns what nobody reads, and only has the inputs that are read."""
        used = {name for node in self.builder.nodes for name in node.operands}
        results = [v.name for node in self.builder.nodes for v in node.results]
        graph = self.builder.finish(*[r for r in results if r not in used])
        kept = tuple(i for i in graph.inputs if i.name in used)
        return replace(graph, inputs=kept)

    def _input(self, sample: Sample, position: int, legal: Interval) -> str:
        kind = sample.types[position]
        given = sample.domains[position] if position < len(sample.domains) else None
        domain = given or sensible(legal, kind)
        name = self.builder.input(self.builder.fresh("x"), kind.shape, kind.dtype, domain)
        self.intervals[name] = domain
        return name

    def _try(self, op: Op, args: list[Arg], sample: Sample) -> None:
        # A trial graph of its own: what is not legal leaves no trace.
        trial = Builder("trial")
        for name, kind in self.builder.types.items():
            trial.input(name, kind.shape, kind.dtype)
        try:
            trial.apply(op.name, args, sample.attrs)
            image = check.node_interval(trial.nodes[-1], self.intervals, trial.types)
        except GraphError:
            return
        if max(abs(image.low), abs(image.high)) <= LARGEST:
            results = self.builder.apply(op.name, args, sample.attrs)
            self.intervals.update((r, image) for r in results)
