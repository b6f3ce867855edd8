"""What a kernel must compute, how far rounding may take it from there, and where nobody can say.

A kernel computes in float32 and in an order of its own; the meaning is float64. Three questions
follow, answered together because they share their work:

*How far off may a right kernel be?* (:attr:`Reference.tolerance`) The graph is evaluated
:data:`RUNS` times more with every value rounded to its element type and every operator's result
moved at random by as much as a kernel's rounding would typically move it (Monte Carlo arithmetic,
Parker 1997). With ``u`` half the machine epsilon, the error of an operator's result ``y`` is

====================  ==============================================================
``rounded``           ``u |y|``
``summed`` (n terms)  ``u (sqrt(n / 3) |y| + sqrt(n / 2) q)``, ``q`` the root of the sum of the
                      squared terms: the root mean square error of adding n terms one after the
                      other whose partial sums drift and wander (Higham and Mary, 2019)
``averaged``          the same, divided by n
``composite``         the meaning of operands that are off by ``u sqrt(n) |x|``, then ``u |y|``
====================  ==============================================================

Blocked, pairwise, vectorised and fused sums err less; vectorised functions may be off by a few last
places, which the factor below allows. The tolerance is :data:`SPREADS` times the
largest ``|y' - y| / (|y| + 1)`` that was seen, and at least :data:`ULPS` units in the last place of
the outputs' element type.

*Where does rounding decide?* (:attr:`Reference.undecided`) Comparisons, floor, argmax and their
like jump. The graph is evaluated again in float64 with the operands of every such operator moved
within :data:`SPREADS` times their own error, up, down, and mixed at random; an element of an output
that changes is undecided (a float: by more than a quarter of the tolerance). Operands that no
rounding has touched (an input, its maximum) stay. A remainder and a floored quotient round before
they jump, so they doubt themselves by float32's half epsilon: halves are computed in float32 too.

*What is right elsewhere?* (:attr:`Reference.outputs`) The float64 meaning.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hpctc.graph import meaning, ops
from hpctc.graph.infer import operand_types
from hpctc.graph.ir import Graph, Node
from hpctc.graph.op import FLOATS, Array, Op

RUNS = 2
"""Evaluations with random errors."""

SPREADS = 8.0
"""Times the spread that was seen: some kernels are unlucky."""

ULPS = 8.0
"""Least tolerance, in units of the last place (machine epsilon) of the outputs."""

DECIDING = float(np.finfo(np.float32).eps) / 2
"""Half the epsilon of the arithmetic in which a quotient is floored, whatever type it is kept in:
the quotient of two halves that is not whole is further from whole than that."""


@dataclass(frozen=True)
class Reference:
    """The right outputs of a graph on given inputs, and how sharply they are known."""

    outputs: dict[str, Array]
    """Name -> float64, int32, int8 or bool array."""
    undecided: dict[str, Array]
    """Name -> bool array of the same shape: rounding decides, any value counts as right."""
    tolerance: float
    """Largest |y' - y| / (|y| + 1) that rounding explains; 0.0 if no output is a float."""

    @property
    def decided(self) -> float:
        """The share of output elements that are decided."""
        open_ = sum(int(mask.sum()) for mask in self.undecided.values())
        return 1.0 - open_ / max(1, sum(mask.size for mask in self.undecided.values()))


def reference(graph: Graph, inputs: Mapping[str, Array], seed: int = 0) -> Reference:
    """Evaluate a graph and find out how far and where rounding matters.

    Costs about four evaluations, three more if the graph has operators that jump on computed
    floats. The same inputs and seed give the same answer.
    """
    exact = meaning.evaluate_all(graph, inputs)
    rounded = _Rounded(graph, exact)
    runs = [
        meaning.evaluate_all(
            graph, inputs, "native", rounded.bind(np.random.default_rng([seed, r]))
        )
        for r in range(RUNS)
    ]
    types = graph.types()
    floats = [name for name, kind in types.items() if kind.dtype in FLOATS]
    doubts = {name: _doubt(exact[name], [run[name] for run in runs]) for name in floats}
    spread = max((_spread(exact[n], run[n]) for n in graph.outputs if n in doubts for run in runs),
                 default=0.0)  # fmt: skip
    least = max(
        (float(np.finfo(types[n].dtype).eps) for n in graph.outputs if n in doubts), default=0.0
    )
    outputs = {name: exact[name] for name in graph.outputs}
    allowed = max(SPREADS * spread, ULPS * least)
    undecided = {n: np.zeros(array.shape, dtype=bool) for n, array in outputs.items()}
    for other in _provoked_runs(graph, inputs, exact, doubts, seed):
        for name, mask in undecided.items():
            mask |= _differs(exact[name], other[name], allowed / 4)
    return Reference(outputs, undecided, allowed)


def tolerance(graph: Graph, inputs: Mapping[str, Array]) -> float:
    """:attr:`Reference.tolerance` alone."""
    return reference(graph, inputs).tolerance


class _Rounded:
    """Computes nodes as an unlucky kernel does; decisions are those of the exact run."""

    def __init__(self, graph: Graph, exact: Mapping[str, Array]) -> None:
        self.types = graph.types()
        self.exact = exact
        self.scales: dict[str, Array] = {}

    def bind(self, random: np.random.Generator) -> meaning.Around:
        """The evaluation of a node with this source of random numbers."""

        def around(node: Node, op: Op, operands: Sequence[Array]) -> tuple[Array, ...]:
            dtype = node.results[0].type.dtype
            unit = float(np.finfo(dtype).eps) / 2 if dtype in FLOATS else 0.0
            terms = op.terms(operand_types(node, self.types), dict(node.attrs))
            if op.rounding == "composite" and unit:
                operands = [
                    _shaken(x, unit * math.sqrt(terms) * np.abs(x), random) for x in operands
                ]
            made = meaning.apply(node, op, operands)
            if op.nudge is not None:
                return self._decided(node, op, operands, made)
            if op.rounding == "exact" or not unit:
                return made
            if op.rounding in ("summed", "averaged"):
                error = unit * self._scale(node, op, operands, made[0], terms)
                return (_shaken(made[0], error, random),)
            return tuple(_shaken(y, unit * np.abs(y), random) for y in made)

        return around

    def _scale(
        self, node: Node, op: Op, operands: Sequence[Array], made: Array, terms: int
    ) -> Array:
        name = node.results[0].name
        if name not in self.scales:
            squares = meaning.apply(node, op, [x * x for x in operands])[0]
            wander = terms / 2 if op.rounding == "summed" else 0.5
            drift = math.sqrt(terms / 3) * np.abs(made)
            self.scales[name] = np.asarray(drift + np.sqrt(wander * squares))
        return self.scales[name]

    def _decided(
        self, node: Node, op: Op, operands: Sequence[Array], made: tuple[Array, ...]
    ) -> tuple[Array, ...]:
        right = self.exact[node.results[0].name]
        if right.dtype.kind != "f":
            return (right,)
        before = meaning.operands_of(node, self.exact, self.types, "exact")
        errors = [
            np.abs(x.astype(np.float64) - y.astype(np.float64))
            for x, y in zip(operands, before, strict=True)
        ]
        jumped = _jumped(op, node, before, errors, right, made[0])
        return (np.where(jumped, right, made[0]),)


def _jumped(
    op: Op,
    node: Node,
    operands: Sequence[Array],
    errors: Sequence[Array],
    right: Array,
    made: Array,
) -> Array:
    """Where a result differs by more than a slope explains: the other side of a jump."""
    if right.dtype.kind != "f":
        return np.asarray(made != right)
    assert op.nudge is not None
    moved = op.nudge(operands, errors, dict(node.attrs), 1)
    return np.asarray(np.abs(made - right) > 4 * np.abs(moved[0] - operands[0]))


def _shaken(x: Array, error: Array, random: np.random.Generator) -> Array:
    if x.dtype.kind != "f":
        return x
    size = random.uniform(0.5, 1.5, x.shape) * random.choice([-1.0, 1.0], x.shape)
    return np.asarray(x + (size * error).astype(x.dtype))


def _spread(exact: Array, other: Array) -> float:
    with np.errstate(all="ignore"):
        found = np.abs(other - exact) / (np.abs(exact) + 1)
    return float(np.max(found[np.isfinite(found)], initial=0.0))


def _doubt(exact: Array, runs: Sequence[Array]) -> Array:
    """How far each element may be off: the tighter of a common absolute and relative error."""
    with np.errstate(all="ignore"):
        errors = np.max([np.abs(run.astype(np.float64) - exact) for run in runs], axis=0)
        errors = np.where(np.isfinite(errors), errors, 0.0)
        absolute = np.max(errors, initial=0.0)
        relative = np.max(np.where(errors > 0, errors / np.abs(exact), 0.0), initial=0.0)
        return np.asarray(SPREADS * np.fmin(absolute, relative * np.abs(exact)))


def _provoked_runs(
    graph: Graph,
    inputs: Mapping[str, Array],
    exact: Mapping[str, Array],
    doubts: Mapping[str, Array],
    seed: int,
) -> Iterator[dict[str, Array]]:
    """All values of the graph with the jumps within reach taken up, down, and mixed."""
    if any(_in_doubt(node, doubts) for node in graph.nodes):
        for way in (1, -1, 0):
            nudged = _Nudged(graph, exact, doubts, way, np.random.default_rng([seed, RUNS]))
            yield meaning.evaluate_all(graph, inputs, "exact", nudged.around)


def _differs(right: Array, other: Array, allowed: float) -> Array:
    if right.dtype.kind != "f":
        return np.asarray(right != other)
    same = (right == other) | (np.isnan(right) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        return np.asarray(~same & ~(np.abs(other - right) / (np.abs(right) + 1) <= allowed))


def _in_doubt(node: Node, doubts: Mapping[str, Array]) -> bool:
    """Whether a node jumps on floats that rounding has touched, or touches itself."""
    op = ops.get(node.op)
    floats = [doubts[name] for name in node.operands if name in doubts]
    touched = bool(floats) and op.rounding == "composite"
    return op.nudge is not None and (touched or any(bool(np.any(d)) for d in floats))


class _Nudged:
    """Provokes every jump within reach; nodes that nothing reaches keep their exact results."""

    def __init__(
        self,
        graph: Graph,
        exact: Mapping[str, Array],
        doubts: Mapping[str, Array],
        way: int,
        random: np.random.Generator,
    ) -> None:
        self.types = graph.types()
        self.exact = exact
        self.doubts = doubts
        self.way = way
        self.random = random
        self.changed: set[str] = set()

    def around(self, node: Node, op: Op, operands: Sequence[Array]) -> tuple[Array, ...]:
        """A node's results if its jumps are taken in direction ``way`` (0: each at random)."""
        touched = not self.changed.isdisjoint(node.operands)
        doubtful = _in_doubt(node, self.doubts)
        if not touched and not doubtful:
            return tuple(self.exact[v.name] for v in node.results)
        made = meaning.apply(node, op, operands)
        if doubtful:
            made = (self._provoked(node, op, operands, made[0]),)
        self.changed.update(v.name for v in node.results)
        return made

    def _provoked(self, node: Node, op: Op, operands: Sequence[Array], right: Array) -> Array:
        doubts = [
            self.doubts[a] if isinstance(a, str) and a in self.doubts else np.zeros(x.shape)
            for a, x in zip(node.args, operands, strict=True)
        ]
        if op.rounding == "composite":
            doubts = [
                d + SPREADS * DECIDING * np.abs(x) for d, x in zip(doubts, operands, strict=True)
            ]
        other = self._moved(node, op, operands, doubts, self.way or 1, right)
        if self.way == 0:
            back = self._moved(node, op, operands, doubts, -1, right)
            pick = self.random.integers(0, 3, right.shape)
            other = np.where(pick == 0, right, np.where(pick == 1, other, back))
        return other

    def _moved(
        self,
        node: Node,
        op: Op,
        operands: Sequence[Array],
        doubts: Sequence[Array],
        way: int,
        right: Array,
    ) -> Array:
        assert op.nudge is not None
        moved = op.nudge(operands, doubts, dict(node.attrs), way)
        made = meaning.apply(node, op, moved)[0]
        return np.where(_jumped(op, node, operands, doubts, right, made), made, right)
