"""A model at another cost: depth, width and resolution scaled together (Dollár et al., 2021).

"Fast and Accurate Model Scaling" (arXiv 2103.06877): for a target of ``s`` times the operations,
depth grows by ``s^((1 - a) / 2)``, width by ``s^(a / 2)`` and resolution by ``s^((1 - a) / 4)``, so
that ``d w^2 r^2 = s``. Parameters then grow by ``s^((1 + a) / 2)`` and activations, which is what
running time follows, by ``s^(1 - a / 2)`` only; at ``a = 0.8`` by ``s^0.6``.

What depth, width and resolution are is read off the graph. *Depth*: blocks that follow each other,
alike but for their weights (:func:`repeats`). *Width*: the extents of weights. *Resolution*: the
extents of an activation that no weight shares, its batch left alone; where there is one such axis
(tokens, samples) it takes the whole ``r^2``. A share of what a graph does not have goes to the
others.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hpctc.core.errors import HpctcError, UsageError
from hpctc.graph import cost
from hpctc.graph.check import check
from hpctc.graph.ir import Graph, Node
from hpctc.graph.rename import renamed_node
from hpctc.rewrite.scale import Axis, Group, free_groups, resized

ALPHA = 0.8
"""The paper's choice: most of the growth goes to the width."""

WEIGHTED: Mapping[str, tuple[int, ...]] = {
    "matmul": (1,), "dense": (1,), "conv1d": (1,), "conv2d": (1,), "conv3d": (1,),
    "conv1d_transpose": (1,), "conv2d_transpose": (1,), "layer_norm": (1, 2), "rms_norm": (1,),
    "group_norm": (1, 2), "instance_norm": (1, 2), "batch_norm": (1, 2, 3, 4),
}  # fmt: skip
"""Operator -> the operands that are weights, where they are inputs of the graph."""

PRODUCTS = ("matmul", "dense", "conv1d", "conv2d", "conv3d", "conv1d_transpose", "conv2d_transpose")

INTERFACE = 4
"""An extent of so little (three colours, one channel) is no width that could be scaled."""


@dataclass(frozen=True)
class Scaling:
    """How much of the operations goes where; the factors multiply to ``flops``."""

    flops: float
    alpha: float = ALPHA

    def __post_init__(self) -> None:
        """Refuse what means nothing."""
        if not self.flops > 0:
            raise UsageError(f"the target is {self.flops} times the operations", "give one above 0")
        if not 0 <= self.alpha <= 1:
            raise UsageError(f"alpha is {self.alpha}", "it lies in [0, 1]; the paper takes 0.8")

    def factors(self, depth: bool = True, width: bool = True, resolution: bool = True) -> "Factors":
        """The factors of what a graph has; a share that it has not goes to the others."""
        shares = {
            "depth": (1 - self.alpha) / 2 * depth,
            "width": self.alpha * width,
            "resolution": (1 - self.alpha) / 2 * resolution,
        }
        whole = sum(shares.values())
        if not whole:
            return Factors(1.0, 1.0, 1.0)
        d, w, r = (self.flops ** (share / whole) for share in shares.values())
        return Factors(d, math.sqrt(w), math.sqrt(r))


@dataclass(frozen=True)
class Factors:
    """By how much each dimension grows; ``d w^2 r^2`` is the growth of the operations."""

    depth: float
    width: float
    resolution: float


@dataclass(frozen=True)
class Block:
    """Nodes ``[start, start + length)``, and as many again ``count - 1`` times."""

    start: int
    length: int
    count: int

    @property
    def covered(self) -> int:
        """Nodes that belong to some repetition."""
        return self.length * self.count


@dataclass(frozen=True)
class Size:
    """What a graph holds and costs."""

    flops: int
    parameters: int
    """Elements of weights."""
    activations: int
    """Elements that products and convolutions write (Dollár et al., 2021)."""


def compound(graph: Graph, scaling: Scaling) -> Graph:
    """The graph at ``scaling.flops`` times the operations, as near as whole extents come to it.

    Depth is rounded to whole blocks and its rounding made good by the width; widths are rounded to
    multiples of 8 where they are at least 16, other extents to what the operators allow.
    """
    block = repeats(graph)
    # The axes are looked for in a graph of one block: finding them takes long, and its copies
    # have the same.
    one, _ = _deepened(graph, block, 1) if block else (graph, {})
    width, resolution = roles(one)
    wanted = scaling.factors(block is not None, bool(width), bool(resolution))
    deep, origin = graph, {i.name: i.name for i in graph.inputs}
    if block is not None:
        deep, origin = _deepened(graph, block, max(1, round(block.count * wanted.depth)))
    rest = replace(scaling, flops=scaling.flops * cost.flops(graph) / cost.flops(deep))
    factors = rest.factors(depth=False, width=bool(width), resolution=bool(resolution))
    extents: dict[tuple[str, int], int] = {}
    for group in width:
        extents |= dict.fromkeys(_named(one, group), _rounded(group, factors.width, 8))
    for group in resolution:
        power = 2 / _axes_of_one(group, resolution)
        grown = _rounded(group, factors.resolution**power, 4)
        extents |= dict.fromkeys(_named(one, group), grown)
    made = resized(deep, dict(_placed(deep, origin, extents)))
    if made is None:
        raise HpctcError(
            f"graph {graph.name} has no legal extents at {scaling.flops:g} times its operations",
            "try another target; hpctc graph check FILE shows the cost",
        )
    return made


def _named(graph: Graph, group: Group) -> list[tuple[str, int]]:
    return [(graph.inputs[position].name, axis) for position, axis in group.axes]


def _placed(
    graph: Graph, origin: Mapping[str, str], extents: Mapping[tuple[str, int], int]
) -> Iterator[tuple[Axis, int]]:
    """The extents of every input, copies included, by its position."""
    for position, given in enumerate(graph.inputs):
        for axis in range(given.type.rank):
            if (extent := extents.get((origin[given.name], axis))) is not None:
                yield (position, axis), extent


def size(graph: Graph) -> Size:
    """Operations, parameters and activations of a graph."""
    weights = _weights(graph)
    types = graph.types()
    written = sum(n.results[0].type.size for n in graph.nodes if n.op in PRODUCTS)
    held = sum(types[name].size for name in weights)
    return Size(cost.flops(graph), held, written)


def roles(graph: Graph) -> tuple[list[Group], list[Group]]:
    """The axes that may change: those that are width, those that are resolution.

    A group with an axis of a weight is width. Of the others the first axis of an activation is its
    batch, which stays, unless that is the only one.
    """
    weights = _weights(graph)
    width, others = [], []
    for group in free_groups(graph):
        held = [graph.inputs[position].name in weights for position, _ in group.axes]
        if any(held):
            width += [group] if group.extent > INTERFACE else []
        else:
            others.append(group)
    resolution = [g for g in others if all(axis > 0 for _, axis in g.axes)]
    return width, resolution


def repeats(graph: Graph) -> Block | None:
    """The blocks that make the graph deep; None: there are none.

    They are like runs of nodes, as many as possible, each fed by one value of the run before and
    with weights of their own. A single run counts if its result could feed it again.
    """
    return _Runs(graph).deepest()


def deepened(graph: Graph, block: Block, count: int) -> Graph:
    """The graph with ``count`` repetitions of a block in the place of those that it has."""
    return _deepened(graph, block, count)[0]


def _deepened(graph: Graph, block: Block, count: int) -> tuple[Graph, dict[str, str]]:
    """Likewise; also which input of the first repetition each input stands for."""
    nodes, runs = graph.nodes, _Runs(graph)
    first = nodes[block.start : block.start + block.length]
    carried = runs.carry(block.start, block.length)
    assert carried is not None
    into, out = carried
    own = runs.own(first)
    names = set(graph.types())
    inputs, body = list(graph.inputs), list(nodes[: block.start])
    origin = {i.name: i.name for i in graph.inputs}
    feeding = into
    for number in range(count):
        if number < block.count:
            begin = block.start + number * block.length
            run = list(nodes[begin : begin + block.length])
            step = _matched(first, run, into)
            assert step is not None
        else:
            step = {name: _fresh(name, names) for name in [*own, *_made(first)]}
            step[into] = feeding
            inputs += [replace(i, name=step[i.name]) for i in graph.inputs if i.name in own]
            run = [renamed_node(node, step, step) for node in first]
        origin |= {step[name]: name for name in own}
        body += run
        feeding = step[out]
    end = block.start + block.covered
    last = _matched(first, nodes[end - block.length : end], into)
    assert last is not None
    tail = {last[out]: feeding}
    body += [renamed_node(node, tail, tail) for node in nodes[end:]]
    outputs = tuple(tail.get(name, name) for name in graph.outputs)
    used = {arg for node in body for arg in node.operands} | set(outputs)
    kept = tuple(i for i in inputs if i.name in used)
    made = replace(graph, inputs=kept, nodes=tuple(body), outputs=outputs)
    check(made)
    return made, origin


class _Runs:
    """Looks at runs of a graph's nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.types = graph.types()
        self.weights = _weights(graph)
        self.last_read: dict[str, float] = dict.fromkeys(graph.outputs, math.inf)
        """Value -> the last node that reads it."""
        for number, node in enumerate(graph.nodes):
            for arg in node.operands:
                self.last_read[arg] = max(self.last_read.get(arg, -1), number)

    def deepest(self) -> Block | None:
        """Repeated blocks before single ones, many nodes before few, and the shortest of those."""
        blocks = filter(None, (self.block(start, length) for start, length in self._spans()))
        return max(blocks, key=lambda b: (b.count > 1, b.covered, -b.length), default=None)

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Start and length of the runs that read one value and give one."""
        nodes = self.graph.nodes
        for start in range(len(nodes)):
            into: set[str] = set()
            made: set[str] = set()
            for end, node in enumerate(nodes[start:], start + 1):
                into |= set(node.operands) - made - self.weights
                made |= _made([node])
                given = [n for n in made if self.last_read.get(n, -1) >= end]
                if len(into) > 1:
                    break
                if len(into) == len(given) == 1:
                    yield start, end - start

    def block(self, start: int, length: int) -> Block | None:
        """How often the run at ``start`` is repeated; None where it is no block."""
        first = self.graph.nodes[start : start + length]
        carried = self.carry(start, length)
        if carried is None or self.types[carried[0]] != self.types[carried[1]]:
            return None
        own = self.own(first)
        if not own:
            return None
        into, feeding = carried
        count, out = 1, feeding
        while True:
            begin = start + count * length
            run = self.graph.nodes[begin : begin + length]
            step = _matched(first, run, into) if len(run) == length else None
            if step is None or step[into] != feeding or not self._apart(own, step):
                break
            if self.carry(begin, length) != (feeding, step[out]):
                break
            count, feeding = count + 1, step[out]
        return Block(start, length, count)

    def carry(self, start: int, length: int) -> tuple[str, str] | None:
        """The one value or activation that a run reads, and the one that is read of it."""
        run = self.graph.nodes[start : start + length]
        made = _made(run)
        into = {a for node in run for a in node.operands} - made - self.weights
        out = [name for name in made if self.last_read.get(name, -1) >= start + length]
        return (into.pop(), out[0]) if len(into) == len(out) == 1 else None

    def own(self, run: Sequence[Node]) -> list[str]:
        """The weights that a run reads, each once."""
        read = (arg for node in run for arg in node.operands if arg in self.weights)
        return list(dict.fromkeys(read))

    def _apart(self, own: Sequence[str], step: Mapping[str, str]) -> bool:
        """Whether a run has weights of its own, of the types of the first one's."""
        return all(step[n] != n and self.types[step[n]] == self.types[n] for n in own)


def _matched(first: Sequence[Node], run: Sequence[Node], into: str) -> dict[str, str] | None:
    """Value of the first run -> the value in its place in another one; None: they differ."""
    step: dict[str, str] = {}
    for one, other in zip(first, run, strict=True):
        if (one.op, one.attrs, len(one.args)) != (other.op, other.attrs, len(other.args)):
            return None
        for a, b in zip(one.args, other.args, strict=True):
            if not isinstance(a, str) or not isinstance(b, str):
                if a != b:
                    return None
            elif step.setdefault(a, b) != b:
                return None
        if [v.type for v in one.results] != [v.type for v in other.results]:
            return None
        step.update((v.name, w.name) for v, w in zip(one.results, other.results, strict=True))
    return step if into in step else None


def _weights(graph: Graph) -> frozenset[str]:
    """The inputs that are weights: where an operator expects one, or added as a bias.

    What is neither is an activation; a graph has one at least.
    """
    given = {i.name for i in graph.inputs}
    found = {
        arg
        for node in graph.nodes
        for position in WEIGHTED.get(node.op, ())
        for arg in node.args[position : position + 1]
        if arg in given
    }
    ranks = {i.name: i.type.rank for i in graph.inputs}
    most = max((ranks[n] for n in given - found), default=0)
    return frozenset(found | {n for n in given - found if ranks[n] < min(most, 2)})


def _made(run: Sequence[Node]) -> set[str]:
    return {value.name for node in run for value in node.results}


def _fresh(name: str, taken: set[str]) -> str:
    number = 2
    while (found := f"{name}_{number}") in taken:
        number += 1
    taken.add(found)
    return found


def _rounded(group: Group, factor: float, step: int) -> int:
    """The extent nearest to what is wanted that the group and good practice allow."""
    wanted = group.extent * factor
    unit = math.lcm(group.step, step) if wanted >= 2 * step else group.step
    return max(unit, round(wanted / unit) * unit)


def _axes_of_one(group: Group, groups: Sequence[Group]) -> int:
    """How many axes of resolution the input has that a group is of."""
    position = group.axes[0][0]
    return sum(1 for g in groups for p, _ in g.axes if p == position)


__all__ = [
    "ALPHA", "Block", "Factors", "Scaling", "Size", "compound", "deepened", "repeats",
    "roles", "size",
]  # fmt: skip
