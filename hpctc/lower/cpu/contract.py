"""Find the contraction in a function: ``C[s] += L[s, r] * R[s, r]``, by structure, not by name.

Matmul, batched and transposed, every convolution and their grouped forms look like this. What the
register-tile template needs to know is here: which factor depends on which axis, and which map (the
*epilogue*: bias, activation) reads the result point by point, so that it can be computed at
write-back.
"""

from dataclasses import dataclass
from typing import Any

from tvm import ir, s_tir, tirx

from hpctc.lower.cpu.axes import Axis, Factor, Form
from hpctc.lower.cpu.blocks import Access, Block, blocks_of, collect
from hpctc.lower.cpu.build import substitute
from hpctc.lower.cpu.refusal import Refusal

Expr = Any


@dataclass(frozen=True)
class Contraction:
    """The contraction block of a function, its axes, factors and epilogue."""

    block: Block
    spatial: tuple[Axis, ...]
    """One for every dimension of the result, groups split off."""
    reduced: tuple[Axis, ...]
    left: Factor
    right: Factor
    result: Any
    """The buffer C."""
    indices: tuple[Expr, ...]
    """The element of C that the spatial axes name."""
    epilogue: Block | None
    """The map that alone reads C, point by point; None: C is stored as it is.

    A map that cuts a border off C is no epilogue but a statement of its own.
    """

    @property
    def stored(self) -> Access:
        """Where an element ends up, over the spatial axes: in C or in the epilogue's output."""
        if self.epilogue is None:
            return Access(self.result, self.indices, self._bounds)
        load = next(a for a in self.epilogue.loads if a.buffer.same_as(self.result))
        pairs = [
            (v, i) for v, i in zip(load.indices, self.indices, strict=True) if isinstance(v, ir.Var)
        ]
        store = self.epilogue.stores[0]
        indices = tuple(substitute(i, pairs) for i in store.indices)
        return Access(store.buffer, indices, self._bounds)

    @property
    def _bounds(self) -> tuple[tuple[Any, int], ...]:
        return tuple((a.var, a.extent) for a in (*self.spatial, *self.reduced))

    @property
    def dtype(self) -> str:
        """Element type of the accumulators."""
        return str(self.result.dtype)


def find(schedule: s_tir.Schedule) -> Contraction:
    """The contraction with most work in a function; :class:`Refusal` where there is none."""
    found = [(rv, b) for rv, b in blocks_of(schedule) if _is_product_sum(b)]
    if not found:
        raise Refusal("no block is a sum of products")
    rv, block = max(found, key=lambda pair: pair[1].points)
    store = block.stores[0]
    values = list(_values(block))
    axes = [Axis(v, n) for v, n in block.spatial]
    reduced = [Axis(v, n) for v, n in block.reduced]
    epilogue = _epilogue(schedule, rv, store)
    form = Form(axes, reduced, values, list(store.indices))
    form.split_groups()
    form.merge_neighbours(store.buffer)
    return Contraction(
        block=block,
        spatial=tuple(form.spatial),
        reduced=tuple(reduced),
        left=form.factor(0),
        right=form.factor(1),
        result=store.buffer,
        indices=tuple(form.indices),
        epilogue=epilogue,
    )


def _is_product_sum(block: Block) -> bool:
    """Whether the block is ``C = C + a * b`` with one load in each of a and b."""
    body, start = block.node.body, block.node.init
    if not block.reduced or not isinstance(body, tirx.BufferStore):
        return False
    if not isinstance(start, tirx.BufferStore) or not _is_zero(start.value):
        return False
    total = body.value
    if not isinstance(total, tirx.Add) or not isinstance(total.b, tirx.Mul):
        return False
    if not isinstance(total.a, ir.TensorLoad) or not total.a.source.same_as(body.buffer):
        return False
    variables = [v for v, _ in block.spatial]
    plain = all(any(i.same_as(v) for v in variables) for i in body.indices)
    loads = [collect(x, ir.TensorLoad) for x in (total.b.a, total.b.b)]
    return plain and len(body.indices) == len(variables) and [len(x) for x in loads] == [1, 1]


def _is_zero(value: Expr) -> bool:
    return isinstance(value, tirx.FloatImm | tirx.IntImm) and float(value.value) == 0.0


def _values(block: Block) -> tuple[Expr, Expr]:
    product = block.node.body.value.b
    return product.a, product.b


def _epilogue(schedule: s_tir.Schedule, rv: Any, store: Access) -> Block | None:
    """The one map that reads the result, if each of its points reads one point of its own."""
    readers = [Block(schedule.get(c)) for c in schedule.get_consumers(rv)]
    if not readers:
        return None
    reader = readers[0]
    if len(readers) > 1 or not reader.is_map:
        raise Refusal("the result of the contraction has several readers")
    loads = [a for a in reader.loads if a.buffer.same_as(store.buffer)]
    axes = [v for v, n in reader.spatial if n > 1]
    for load in loads:
        read = [i for i in load.indices if not isinstance(i, tirx.IntImm)]
        if len(loads) == 1 and _cuts(load, reader):
            return None
        plain = all(isinstance(i, ir.Var) for i in read)
        if not plain or any(not load.reads(v) for v in axes):
            raise Refusal("the reader of the contraction permutes or repeats its result")
        if any(not a.same_as(b) for a, b in zip(load.indices, loads[0].indices, strict=True)):
            raise Refusal("the reader of the contraction reads several of its points")
    return reader


def _cuts(load: Access, reader: Block) -> bool:
    """Whether a map reads a part of a buffer only, from some element of every axis on."""
    extents = dict(reader.spatial)
    smaller = False
    for index, extent in zip(load.indices, load.buffer.shape, strict=True):
        shifted = isinstance(index, tirx.Add) and isinstance(index.b, tirx.IntImm)
        axis = index.a if shifted else index
        if isinstance(axis, ir.Var) and axis in extents:
            smaller |= shifted or extents[axis] < int(extent)
        elif not isinstance(index, tirx.IntImm):
            return False
    return smaller
