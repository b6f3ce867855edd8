"""The same operators at other extents: what widens a graph, and what a size profile asks for.

Not a rewrite (the meaning changes with the extents) but its sister: the wiring stays, the axes of
the inputs that may change are found by trying, and extents are drawn until the estimated work lies
in the window of the profile.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hpctc.core.errors import HpctcError
from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.cost import category, flops, nbytes
from hpctc.graph.ir import Attr, Graph, Input, Interval, Node

FLOPS = 2e10
"""Operations a second that plain code of one thread reaches; only a yardstick for the windows."""

TILED_FLOPS = 6e10
"""The same for products and convolutions, whose code keeps tiles in registers."""

BANDWIDTH = 8e9
"""Bytes a second, likewise."""


@dataclass(frozen=True, slots=True)
class Size:
    """A window of estimated work, and the room that a graph may take."""

    least: float
    """Seconds on one thread by :func:`estimate`."""
    most: float
    elements: int
    """In any one tensor."""


SIZES: Mapping[str, Size] = {
    "small": Size(0.0, 2e-5, 1 << 16),
    "medium": Size(2e-3, 1e-2, 1 << 24),
    "large": Size(5e-2, 2e-1, 1 << 27),
}

Axis = tuple[int, int]
"""Position of an input, and an axis of it."""

ATTEMPTS = 60

_KERNELS = ("conv1d", "conv2d", "conv3d", "conv1d_transpose", "conv2d_transpose")


@dataclass(frozen=True, slots=True)
class Group:
    """Axes that must have one extent."""

    axes: tuple[Axis, ...]
    extent: int
    """What they have now."""
    step: int
    """The extent may be any multiple of this."""


def scaled(graph: Graph, seed: int, size: Size) -> Graph | None:
    """The graph at seeded extents whose estimated work lies in the window; None: none was found."""
    draw = random.Random(seed)
    groups = free_groups(graph)
    growth = 1.0
    for _ in range(ATTEMPTS if groups else 0):
        made = resized(graph, _extents(groups, growth, draw))
        if made is None:
            growth = max(growth * draw.choice((0.7, 1.5)), 0.05)
        elif (work := estimate(made)) < size.least:
            growth *= min(4.0, max(1.3, (size.least / max(work, 1e-9)) ** 0.4))
        elif work > size.most or _largest(made) > size.elements:
            growth = max(growth * 0.7, 0.05)
        else:
            return made
    return None


def fits(graph: Graph, size: Size) -> bool:
    """Whether a graph lies in the window as it is."""
    return size.least <= estimate(graph) <= size.most and _largest(graph) <= size.elements


def estimate(graph: Graph) -> float:
    """Seconds that plain code of one thread may take: a yardstick, not a measurement."""
    rate = TILED_FLOPS if category(graph) == "compute intensive" else FLOPS
    return max(flops(graph) / rate, nbytes(graph) / BANDWIDTH)


def free_groups(graph: Graph) -> list[Group]:
    """The axes of the inputs that may change, tied together where one cannot without the other."""
    groups: list[Group] = []
    loose = [axis for axis in _axes(graph) if axis not in _kernel_axes(graph)]
    while loose:
        first = loose.pop(0)
        extent = _extent(graph, first)
        equal = [a for a in loose if _extent(graph, a) == extent]
        for axes in _ties(first, equal):
            step = next((s for s in (1, extent) if _legal(graph, axes, extent + s)), None)
            if step is not None:
                groups.append(Group(axes, extent, step))
                loose = [a for a in loose if a not in axes]
                break
    return groups


def resized(graph: Graph, extents: Mapping[Axis, int]) -> Graph | None:
    """The graph with these extents of its inputs; None where some operator refuses them."""
    builder = Builder(graph.name)
    try:
        for position, given in enumerate(graph.inputs):
            shape = tuple(
                extents.get((position, axis), extent)
                for axis, extent in enumerate(given.type.shape)
            )
            builder.input(given.name, shape, given.type.dtype, _domain(graph, given, extents))
        for node in graph.nodes:
            _apply(builder, graph, node)
        made = builder.finish(*graph.outputs)
        check(made)
    except HpctcError:
        return None
    return made


def _ties(first: Axis, equal: Sequence[Axis]) -> Iterator[tuple[Axis, ...]]:
    """An axis alone, with each equal one, with all of one axis number, with all equal ones."""
    yield (first,)
    for other in equal:
        yield (first, other)
    yield (first, *(a for a in equal if a[1] == first[1]))
    yield (first, *equal)


def _legal(graph: Graph, axes: Sequence[Axis], extent: int) -> bool:
    return resized(graph, dict.fromkeys(axes, extent)) is not None


def _axes(graph: Graph) -> Iterator[Axis]:
    for position, given in enumerate(graph.inputs):
        for axis, extent in enumerate(given.type.shape):
            if extent > 1:
                yield position, axis


def _kernel_axes(graph: Graph) -> set[Axis]:
    """The window axes of convolution weights: images grow, windows do not."""
    positions = {given.name: i for i, given in enumerate(graph.inputs)}
    weights = {n.args[1] for n in graph.nodes if n.op in _KERNELS}
    return {
        (positions[w], axis)
        for w in weights
        if isinstance(w, str) and w in positions
        for axis in range(2, len(graph.inputs[positions[w]].type.shape))
    }


def _extent(graph: Graph, axis: Axis) -> int:
    return graph.inputs[axis[0]].type.shape[axis[1]]


def _extents(groups: Sequence[Group], growth: float, draw: random.Random) -> dict[Axis, int]:
    """Extents around ``growth`` times what they are, spread over a factor of four."""
    extents = {}
    for group in groups:
        wanted = group.extent * growth * 2.0 ** draw.uniform(-1, 1)
        if wanted > 24 and group.step == 1 and draw.random() < 0.6:
            wanted = round(wanted / 16) * 16  # half of the world's extents are round
        count = max(1, round(wanted / group.step))
        extents.update(dict.fromkeys(group.axes, max(count * group.step, 2)))
    return extents


def _largest(graph: Graph) -> int:
    return max(kind.size for kind in graph.types().values())


def _domain(graph: Graph, given: Input, extents: Mapping[Axis, int]) -> Interval:
    """An input's interval: that of indices into an axis grows and shrinks with the axis."""
    last = given.domain.high
    if given.type.dtype != "int32":
        return given.domain
    bound = [extents.get(a, e) for a in _axes(graph) if (e := _extent(graph, a)) == last + 1]
    if not bound:
        return given.domain
    low = -float(min(bound)) if given.domain.low == -last - 1 else 0.0
    return Interval(low, float(min(bound) - 1))


def _apply(builder: Builder, graph: Graph, node: Node) -> None:
    """Apply a node again; attributes that hold extents follow the operand's."""
    attrs = dict(node.attrs)
    if (follow := _FOLLOW.get(node.op)) and isinstance(node.args[0], str):
        before = graph.types()[node.args[0]]
        attrs |= follow(attrs, before.shape, builder.types[node.args[0]].shape)
    builder.ops(node.op, *node.args, names=tuple(v.name for v in node.results), **attrs)


def _reshaped(
    attrs: Mapping[str, Attr], before: Sequence[int], now: Sequence[int]
) -> dict[str, Attr]:
    """Within each run of axes of equal product, the first axis takes the change."""
    target = attrs["shape"]
    assert isinstance(target, tuple)
    result: list[int] = []
    i = j = 0
    while j < len(target):
        a, b, source, start = before[i] if i < len(before) else 1, target[j], i, j
        i, j = i + 1, j + 1
        while a != b:
            if a < b:
                a, i = a * before[i], i + 1
            else:
                b, j = b * target[j], j + 1
        grown = math.prod(now[source:i])
        rest = math.prod(target[start + 1 : j])
        result += [grown // rest, *target[start + 1 : j]]
    return {"shape": tuple(result)}


def _broadcast(
    attrs: Mapping[str, Attr], before: Sequence[int], now: Sequence[int]
) -> dict[str, Attr]:
    target = attrs["shape"]
    assert isinstance(target, tuple)
    lead = len(target) - len(now)
    kept = [n if b != 1 else t for b, n, t in zip(before, now, target[lead:], strict=True)]
    return {"shape": (*target[:lead], *kept)}


def _sliced(
    attrs: Mapping[str, Attr], before: Sequence[int], now: Sequence[int]
) -> dict[str, Attr]:
    """The same part of each axis."""
    begin, end = attrs["begin"], attrs["end"]
    assert isinstance(begin, tuple)
    assert isinstance(end, tuple)
    axes = list(zip(before, now, strict=True))
    return {
        "begin": tuple(b * n // o for b, (o, n) in zip(begin, axes, strict=True)),
        "end": tuple(-(-e * n // o) for e, (o, n) in zip(end, axes, strict=True)),
    }


def _depthwise(
    attrs: Mapping[str, Attr], before: Sequence[int], now: Sequence[int]
) -> dict[str, Attr]:
    """A convolution of every channel on its own stays one."""
    return {"groups": now[1]} if attrs["groups"] == before[1] else {}


Follow = Callable[[Mapping[str, Attr], Sequence[int], Sequence[int]], dict[str, Attr]]

_FOLLOW: Mapping[str, Follow] = {
    "reshape": _reshaped,
    "broadcast_to": _broadcast,
    "slice": _sliced,
    "conv1d": _depthwise,
    "conv2d": _depthwise,
    "conv3d": _depthwise,
}
"""Operator -> its attributes at new extents, from those of its first operand before and now."""
