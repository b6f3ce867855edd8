"""Which register tiles are worth trying for a contraction on this host, best guess first."""

from collections.abc import Iterator, Sequence
from math import prod

from hpctc.lower.cpu.axes import Axis, Factor
from hpctc.lower.cpu.contract import Contraction
from hpctc.lower.cpu.host import Host
from hpctc.lower.cpu.refusal import Refusal
from hpctc.lower.cpu.tile import Shape

ITEMSIZE = {"float32": 4, "float64": 8, "int32": 4}
"""Element types that the vector form of the printed C computes in."""

SMALL_PANEL = 64 * 1024
"""Bytes of a panel factor that stays in cache unpacked."""

UNALIGNED = 1.5
"""What a vector load costs that may straddle two cache lines."""

LINE = 3.0
"""What a cache line costs that comes from the second level, in loads."""

SCATTER = 1.6
"""Cycles an element takes whose neighbour in the register goes to another cache line."""

COPY, TURN = 0.4, 1.5
"""Cycles to pack an element: straight, or from rows into columns."""

PARALLEL_FLOPS = 400_000
"""Multiply-adds below which one thread is faster than two."""


def shapes(contraction: Contraction, host: Host, threads: int) -> list[Shape]:
    """All tiles of the space, best guess first; :class:`Refusal` where none fits."""
    if contraction.dtype not in ITEMSIZE:
        raise Refusal(f"no vector form for {contraction.dtype}")
    points = prod(a.extent for a in (*contraction.spatial, *contraction.reduced))
    parallel = threads if points >= PARALLEL_FLOPS else 1
    found = [
        (cycles(contraction, shape, host), position, shape)
        for position, shape in enumerate(_candidates(contraction, host, parallel))
    ]
    if not found:
        raise Refusal("no axis can run along the vectors")
    return [shape for _, _, shape in sorted(found, key=lambda f: (f[0], f[1]))]


def cycles(contraction: Contraction, shape: Shape, host: Host) -> float:
    """A model of the run time: multiply-adds, loads and cache lines, packing, write-back."""
    axes = contraction.spatial
    depth = prod(a.extent for a in contraction.reduced)
    rows = prod(r for i, r in enumerate(shape.rows) if i != shape.axis)
    tiles = prod(
        -(-a.extent // (shape.width if i == shape.axis else shape.rows[i]))
        for i, a in enumerate(axes)
    )
    across = axes[shape.axis]
    panel = _panel(contraction, across)
    vectors = float(shape.vectors)
    if any(panel.on(a) and r > 1 for a, r in zip(axes, shape.rows, strict=True) if a is not across):
        vectors *= rows
    if not shape.pack:
        vectors *= UNALIGNED
    loads = vectors + rows + LINE * _lines(contraction, shape)
    work = max(rows * shape.vectors / 2, loads / 2, 4.0) + 0.25
    stored = contraction.stored.stride(across.var) == 1
    writes = rows * shape.vectors * (4 if stored else SCATTER * shape.lanes)
    total = tiles * (depth * work + writes)
    if shape.pack:
        shared = prod(a.extent for a in axes if a is across or panel.on(a))
        total += (COPY if panel.contiguous(across) else TURN) * shared * depth
    return total


def _lines(contraction: Contraction, shape: Shape) -> float:
    """New cache lines of the broadcast factor that a step of the innermost reduction touches."""
    axes = contraction.spatial
    across = axes[shape.axis]
    left, right = contraction.left, contraction.right
    single = left if right.on(across) else right
    steps = [a for a in contraction.reduced if a.extent > 1]
    if not steps or single.access.stride(steps[-1].var) in (0, 1):
        return 0.0
    lines = 1.0
    for axis, count in zip(axes, shape.rows, strict=True):
        if axis is not across and single.on(axis):
            lines *= 1 + count / 16 if single.contiguous(axis) else count
    return lines


def _panel(contraction: Contraction, across: Axis) -> Factor:
    return contraction.right if contraction.right.on(across) else contraction.left


def _candidates(contraction: Contraction, host: Host, parallel: int) -> Iterator[Shape]:
    lanes = host.lanes(ITEMSIZE[contraction.dtype])
    for position, across in enumerate(contraction.spatial):
        left, right = contraction.left, contraction.right
        if left.on(across) == right.on(across) or across.extent < 2:
            continue
        width = lanes
        while width >= 2 * across.extent and width > 4:
            width //= 2
        for vectors in (1, 2, 3, 4):
            if vectors > 1 and (width < lanes or (vectors - 1) * width >= across.extent):
                continue
            budget = (host.registers - vectors - 1) // vectors
            for rows in dict.fromkeys(_rows(contraction, position, budget)):
                yield from _packings(contraction, position, width, vectors, rows, parallel)


def _rows(contraction: Contraction, position: int, budget: int) -> Iterator[tuple[int, ...]]:
    """Row tiles within the registers: over the last axes that do not run along the vectors.

    Then over the last of those on which the panel does not depend, which may be others: the phases
    of a transposed convolution come last and choose among its weights.
    """
    axes = contraction.spatial
    panel = _panel(contraction, axes[position])
    others = [i for i in range(len(axes)) if i != position and axes[i].extent > 1]
    yield from _rows_over(axes, others, budget)
    yield from _rows_over(axes, [i for i in others if not panel.on(axes[i])], budget)


def _rows_over(
    axes: Sequence[Axis], others: Sequence[int], budget: int
) -> Iterator[tuple[int, ...]]:
    """Row tiles over the last one or two of the axes ``others``."""
    last = others[-1] if others else None
    before = others[-2] if len(others) > 1 else None
    for rows in range(1, budget + 1):
        if last is None or rows > axes[last].extent:
            break
        tile = [1] * len(axes)
        tile[last] = rows
        yield tuple(tile)
    if last is not None and before is not None and axes[last].extent <= budget // 2:
        for more in range(2, min(budget // axes[last].extent, axes[before].extent) + 1):
            tile = [1] * len(axes)
            tile[last], tile[before] = axes[last].extent, more
            yield tuple(tile)
    if last is None:
        yield tuple([1] * len(axes))


def _packings(
    contraction: Contraction,
    position: int,
    lanes: int,
    vectors: int,
    rows: tuple[int, ...],
    parallel: int,
) -> Iterator[Shape]:
    axes = contraction.spatial
    across = axes[position]
    panel = _panel(contraction, across)
    depth = prod(a.extent for a in contraction.reduced)
    size = 4 * depth * prod(a.extent for a in axes if a is across or panel.on(a))
    direct = panel.contiguous(across) and across.extent >= lanes * vectors
    moving = any(
        panel.on(a) and r > 1
        for i, (a, r) in enumerate(zip(axes, rows, strict=True))
        if i != position
    )
    reuse = prod(a.extent for i, a in enumerate(axes) if i != position and not panel.on(a))
    if direct and (size <= SMALL_PANEL or reuse < 16 or moving):
        yield Shape(position, lanes, vectors, rows, False, size > 4 * SMALL_PANEL, parallel)
    if not moving and reuse >= 4:
        yield Shape(position, lanes, vectors, rows, True, size > 4 * SMALL_PANEL, parallel)
