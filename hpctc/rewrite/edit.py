"""The two helpers of every rewrite: :class:`View` looks at a graph, :class:`Edit` changes it.

An edit emits nodes, each typed by the registry, and then puts values in the place of others. It
refuses whatever would not be sound: an operand outside its operator's domain, a result that may
leave the range of its dtype, a changed type, a cycle. Names of inputs and outputs never change.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from hpctc.core.errors import HpctcError
from hpctc.graph import ops
from hpctc.graph.check import intervals, node_interval
from hpctc.graph.infer import literal_dtype, results
from hpctc.graph.ir import Arg, Attr, Graph, Interval, Node, TensorType, Value
from hpctc.graph.op import FLOATS
from hpctc.graph.rename import renamed_node

RANGE = {
    "float32": Interval(-3.4e38, 3.4e38),
    "float16": Interval(-65504.0, 65504.0),
    "int32": Interval(-(2.0**31), 2.0**31 - 1),
    "int8": Interval(-128.0, 127.0),
    "bool": Interval(0.0, 1.0),
}
"""What each dtype holds; a rewrite may not bring a value near to leaving it."""

SMALLEST = {"float32": 1.2e-38, "float16": 6.2e-5}
"""Positive numbers below this lose digits or are flushed to zero."""


class Refused(Exception):
    """The rewrite does not apply here; the message says why. Never leaves this package."""


class View:
    """A graph and what rewrites ask about it, each computed once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.types: dict[str, TensorType] = graph.types()
        self.producers: dict[str, Node] = graph.producers()

    @cached_property
    def users(self) -> dict[str, list[Node]]:
        """Name -> the nodes that read it."""
        return self.graph.users()

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """Name -> an interval that holds every element."""
        return dict(intervals(self.graph))

    @cached_property
    def fragile(self) -> frozenset[str]:
        """The values on whose last bits a jump (a comparison, ``floor``, ``argmax``) depends."""
        found: set[str] = set()
        for node in reversed(self.graph.nodes):
            if _jumps(node) or any(v.name in found for v in node.results):
                found.update(node.operands)
        return frozenset(found)

    def producer(self, arg: Arg, *names: str) -> Node | None:
        """The node that makes ``arg`` if it is an application of one of ``names`` (any if none)."""
        node = self.producers.get(arg) if isinstance(arg, str) else None
        return node if node is not None and (not names or node.op in names) else None


class Edit:
    """The nodes that one rewrite adds, and the graph that results."""

    def __init__(self, view: View, at: str, constants: bool = False) -> None:
        self.view = view
        self.constants = constants
        """Whether a literal may be rounded to float32; to float16 it never may."""
        self.types = dict(view.types)
        self.nodes: list[Node] = []
        self._intervals: dict[str, Interval] = {}
        self._unbounded = not _holds(view.types[at], view.intervals[at])
        self._doubtful: dict[str, str] = {}  # values that may leave their range, and by what
        self._count = 0

    def type(self, arg: Arg) -> TensorType:
        """The type of a value; a literal has none and is refused."""
        if not isinstance(arg, str):
            raise Refused("a literal stands where the rule needs a tensor")
        return self.types[arg]

    def shape(self, arg: Arg) -> tuple[int, ...]:
        """The shape of a value; ``()`` for a literal."""
        return self.types[arg].shape if isinstance(arg, str) else ()

    def interval(self, arg: Arg) -> Interval:
        """An interval that holds every element of ``arg``."""
        if not isinstance(arg, str):
            return Interval(float(arg), float(arg))
        return self._intervals.get(arg) or self.view.intervals[arg]

    def op(self, op: str, *args: Arg, **attrs: Attr) -> str:
        """Emit one application and return its (first) result; raises :class:`Refused`."""
        return self.ops(op, *args, **attrs)[0]

    def ops(self, op: str, *args: Arg, **attrs: Attr) -> tuple[str, ...]:
        """Emit one application and return all its results; the same one twice is emitted once."""
        draft = self._typed(op, args, attrs)
        for node in self.nodes:
            if (node.op, node.args, node.attrs) == (draft.op, draft.args, draft.attrs):
                return tuple(v.name for v in node.results)
        image = self._image(draft)
        if not self._unbounded and not _holds(draft.results[0].type, image):
            self._doubtful[draft.results[0].name] = op
        for value in draft.results:
            self.types[value.name] = value.type
            self._intervals[value.name] = image
        self.nodes.append(draft)
        return tuple(v.name for v in draft.results)

    def assume(self, value: str, interval: Interval) -> str:
        """Say what interval arithmetic cannot know: ``x - max(x)`` is not positive."""
        self._intervals[value] = interval
        return value

    def finish(self, replaced: Mapping[str, str]) -> Graph:
        """Put new values in the place of old ones (old -> new) and drop what is dead.

        A new value takes over the name of the old one; nodes of this edit that read the old value
        still read it, under a fresh name.
        """
        # A value in the place of an old one is equal to it, whatever its interval says.
        for value in self._doubtful.keys() - set(replaced.values()):
            raise Refused(f"{self._doubtful[value]} may leave the range of its element type")
        graph = self.view.graph
        taken = self._taken(replaced)
        reads = {old: taken.get(new, new) for old, new in replaced.items()}
        moved = {old: self._fresh() for old in replaced}
        results = moved | taken
        before = [renamed_node(n, results, reads | taken) for n in graph.nodes]
        added = [renamed_node(n, taken, moved | taken) for n in self.nodes]
        place = max(
            i for i, n in enumerate(graph.nodes) if any(v.name in replaced for v in n.results)
        )
        nodes = _live(_ordered([*before[:place], *added, *before[place:]]), graph.outputs)
        return replace(graph, nodes=tuple(nodes))

    def _keeps(self, number: int | float, dtype: str) -> bool:
        if dtype not in SMALLEST or (dtype == "float32" and self.constants):
            return True
        return float(np.dtype(dtype).type(number)) == number

    def _taken(self, replaced: Mapping[str, str]) -> dict[str, str]:
        """New value -> the old name that it takes over."""
        graph = self.view.graph
        made = {v.name for n in self.nodes for v in n.results}
        fixed = {*graph.outputs, *(i.name for i in graph.inputs)}
        taken: dict[str, str] = {}
        for old, new in sorted(replaced.items(), key=lambda item: item[0] not in graph.outputs):
            if self.types[old] != self.types[new] or new in replaced:
                raise Refused(f"{old} cannot be replaced by {new}")
            if new in taken or (new not in made and old not in graph.outputs):
                if old in graph.outputs:
                    raise Refused(f"the output {old} would be another name of {new}")
            elif new in fixed:
                raise Refused(f"the output {old} would be another name of {new}")
            else:
                taken[new] = old
        return taken

    def _typed(self, op: str, args: tuple[Arg, ...], attrs: Mapping[str, Attr]) -> Node:
        given = [self.types[a] if isinstance(a, str) else a for a in args]
        try:
            literals, full, made = results(ops.get(op), given, attrs)
        except HpctcError as problem:
            raise Refused(problem.message) from None
        kept = tuple(a if isinstance(a, str) else n for a, n in zip(args, literals, strict=True))
        dtype = literal_dtype(ops.get(op), given)
        for number in kept:
            if not isinstance(number, str) and not self._keeps(number, dtype):
                raise Refused(f"{number} is no {dtype}")
        values = tuple(Value(self._fresh(), kind) for kind in made)
        return Node(values, op, kept, tuple(full.items()))

    def _image(self, node: Node) -> Interval:
        known = {a: _flushed(self.interval(a), self.types[a]) for a in node.operands}
        try:
            return node_interval(node, known, self.types)
        except HpctcError as problem:
            raise Refused(problem.message) from None

    def _fresh(self) -> str:
        while (name := f"v{self._count}") in self.types:
            self._count += 1
        self._count += 1
        return name


def _jumps(node: Node) -> bool:
    """Whether a small change of what a node reads may be a large one of what it makes.

    Of casts, only those to whole numbers and truth values are steps.
    """
    smooth = ops.get(node.op).continuous or dict(node.attrs).get("dtype") in FLOATS
    return not smooth


def _flushed(interval: Interval, kind: TensorType) -> Interval:
    """The interval with a lower end that underflows taken for zero."""
    if 0 < interval.low < SMALLEST.get(kind.dtype, 0.0):
        return Interval(0.0, interval.high)
    return interval


def _holds(kind: TensorType, interval: Interval) -> bool:
    return interval.within(RANGE[kind.dtype])


def _ordered(nodes: list[Node]) -> list[Node]:
    """The nodes so that each follows what it reads, else as given; a cycle is refused."""
    makers = {v.name: i for i, n in enumerate(nodes) for v in n.results}
    waits = [{makers[a] for a in n.operands if a in makers} for n in nodes]
    readers: list[list[int]] = [[] for _ in nodes]
    for i, needs in enumerate(waits):
        for j in needs:
            readers[j].append(i)
    ready = [i for i, needs in enumerate(waits) if not needs]
    order = []
    while ready:
        i = heapq.heappop(ready)
        order.append(nodes[i])
        for j in readers[i]:
            waits[j].discard(i)
            if not waits[j]:
                heapq.heappush(ready, j)
    if len(order) < len(nodes):
        raise Refused("a value would depend on itself")
    return order


def _live(nodes: Iterable[Node], outputs: Iterable[str]) -> Iterator[Node]:
    """The nodes that an output depends on, in order."""
    needed = set(outputs)
    kept = []
    for node in reversed(list(nodes)):
        if any(v.name in needed for v in node.results):
            needed.update(node.operands)
            kept.append(node)
    return reversed(kept)
