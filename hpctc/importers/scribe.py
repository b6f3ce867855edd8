"""The pen of every importer: a builder that takes constants where a graph takes names.

A value of the model is either the name of a graph's value or a numpy array that depends on no
input. :meth:`Scribe.op` applies an operator to any mixture: a constant becomes a literal, a
triangle of literals, or, at last, an input of its own (:attr:`Scribe.constants`).
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from hpctc.graph import ops
from hpctc.graph.build import Builder
from hpctc.graph.check import RESERVED
from hpctc.graph.ir import Arg, Graph, Interval, Node, TensorType
from hpctc.graph.op import FLOATS, Array
from hpctc.importers import constants
from hpctc.importers.constants import Triangle
from hpctc.importers.domains import around, hull

Value = str | Array
"""A value of the model: the name of a graph's value, or a constant."""

MOST_PARTS = 64
"""Operands that our concat and stack take at most."""


def legal_name(text: str) -> str:
    """A name of ours made of one of theirs: ``layers.0.weight`` is ``layers_0_weight``."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", text).strip("_") or "x"
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if name in RESERVED else name


class Scribe:
    """Writes a graph application by application."""

    def __init__(self, name: str) -> None:
        self.builder = Builder(legal_name(name))
        self.constants: dict[str, Array] = {}
        """Input -> the values of the constant that it stands for."""

    def input(self, name: str, shape: Sequence[int], dtype: str, domain: Interval) -> str:
        """Declare a parameter; its name is made legal and fresh."""
        fresh = self.builder.fresh(legal_name(name))
        return self.builder.input(fresh, tuple(shape), dtype, domain)

    def type(self, value: Value) -> TensorType:
        """Shape and element type of a value."""
        if isinstance(value, str):
            return self.builder.type_of(value)
        array = constants.finite(np.asarray(value))
        return TensorType(array.shape, array.dtype.name)

    def shape(self, value: Value) -> tuple[int, ...]:
        """The extents of a value."""
        return self.type(value).shape if isinstance(value, str) else np.shape(value)

    def op(self, op: str, *args: Value | int | float, **attrs: Any) -> str:
        """Apply an operator that has one result."""
        return self.ops(op, *args, **attrs)[0]

    def ops(self, op: str, *args: Value | int | float, **attrs: Any) -> tuple[str, ...]:
        """Apply an operator; constants among the operands are said as well as they can be."""
        wanted = self._largest(args)
        operands = [self._operand(op, i, each, wanted) for i, each in enumerate(args)]
        return self.builder.apply(op, operands, attrs)

    def name(self, value: Value, stem: str = "constant") -> str:
        """The name of a value; a constant becomes an input whose domain is its own values."""
        if isinstance(value, str):
            return value
        array = constants.finite(np.asarray(value))
        for known, other in self.constants.items():
            if other.dtype == array.dtype and np.array_equal(other, array):
                return known
        alike = array.dtype.kind == "f" and constants.uniform(array) is not None
        # An initial state of zeros or a scale of ones may as well be another.
        domain = around(array) if alike else hull(array)
        made = self.input(stem, array.shape, array.dtype.name, domain)
        self.constants[made] = array
        return made

    def filled(self, like: str, value: float) -> str:
        """A float tensor of one value in the shape of another: clipping leaves nothing else."""
        return self.op("clip", like, min=float(value), max=float(value))

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        """A value in another shape; nothing happens if it has it."""
        shape = tuple(int(n) for n in shape)
        if not isinstance(value, str):
            return np.reshape(value, shape)
        return value if self.shape(value) == shape else self.op("reshape", value, shape=shape)

    def transpose(self, value: Value, perm: Sequence[int]) -> Value:
        """A value with its axes in another order."""
        if not isinstance(value, str):
            return np.transpose(value, perm)
        perm = tuple(p % len(perm) for p in perm)
        return value if list(perm) == sorted(perm) else self.op("transpose", value, perm=perm)

    def expand(self, value: Value, shape: Sequence[int]) -> Value:
        """A value broadcast to a shape."""
        if not isinstance(value, str):
            return np.broadcast_to(value, tuple(shape))
        same = self.shape(value) == tuple(shape)
        return value if same else self.op("broadcast_to", value, shape=tuple(shape))

    def cast(self, value: Value, dtype: str) -> Value:
        """A value in another element type."""
        if not isinstance(value, str):
            return np.asarray(value).astype(dtype)
        if self.type(value).dtype == dtype:
            return value
        if dtype == "bool":
            return self.op("not_equal", value, 0)
        return self.op("cast", value, dtype=dtype)

    def slice(self, value: Value, axis: int, begin: int, end: int, step: int = 1) -> Value:
        """Elements ``begin`` to ``end`` (left out) along an axis."""
        shape = self.shape(value)
        axis %= len(shape)
        begin, end, step = slice(begin, end, step).indices(shape[axis])
        if not isinstance(value, str):
            return np.asarray(value)[(slice(None),) * axis + (slice(begin, end, step),)]
        if (begin, end, step) == (0, shape[axis], 1):
            return value
        begins, ends, steps = [0] * len(shape), list(shape), [1] * len(shape)
        begins[axis], ends[axis], steps[axis] = begin, end, step
        some = {} if step == 1 else {"step": tuple(steps)}
        return self.op("slice", value, begin=tuple(begins), end=tuple(ends), **some)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Values one after the other; more than an operator takes are put together in groups."""
        parts: list[Value] = list(values)
        while len(parts) > MOST_PARTS:
            groups = (parts[i : i + MOST_PARTS] for i in range(0, len(parts), MOST_PARTS))
            parts = [self.concat(group, axis) for group in groups]
        return parts[0] if len(parts) == 1 else self.op("concat", *parts, axis=axis)

    def choose(self, condition: Value, yes: Value, no: Value) -> str:
        """``where``; a condition that is a constant triangle is said by ``tril`` and ``triu``."""
        shape = np.broadcast_shapes(*(self.shape(v) for v in (condition, yes, no)))
        cut = None if isinstance(condition, str) else constants.triangle(condition)
        whole = next((v for v in (yes, no) if isinstance(v, str) and self.shape(v) == shape), None)
        if cut is None or whole is None or self.type(whole).dtype not in FLOATS:
            if isinstance(whole, str):
                yes, no = (self._like(v, whole) for v in (yes, no))
            return self.op("where", condition, yes, no)
        low, high = (yes, no) if cut.below else (no, yes)
        below = self.op("tril", self._whole(low, whole, shape), k=cut.k)
        above = self.op("triu", self._whole(high, whole, shape), k=cut.k + 1)
        return self.op("add", below, above)

    def finish(self, outputs: Sequence[str]) -> Graph:
        """The graph of these outputs; what none of them needs is left out."""
        return pruned(self.builder.finish(*outputs))

    def _whole(self, value: Value, like: str, shape: tuple[int, ...]) -> str:
        one = None if isinstance(value, str) else constants.uniform(constants.finite(value))
        if one is not None:
            return self.filled(like, one)
        return self.name(self.expand(value, shape))

    def _like(self, value: Value, other: str) -> Value:
        """A constant in the element type of another value: a torch scalar has none of its own."""
        if isinstance(value, str):
            return value
        return constants.finite(value).astype(self.type(other).dtype)

    def _largest(self, args: Sequence[Value | int | float]) -> str | None:
        names = [a for a in args if isinstance(a, str)]
        return max(names, key=lambda n: self.type(n).size, default=None)

    def _operand(self, op: str, position: int, value: Value | int | float, like: str | None) -> Arg:
        if isinstance(value, float) and abs(value) == math.inf:
            return math.copysign(constants.FAR, value)
        if isinstance(value, str | int | float):
            return value
        array = constants.finite(np.asarray(value))
        one = constants.uniform(array)
        literal = like is not None and position in ops.get(op).literals
        if literal and one is not None and not isinstance(one, bool):
            assert like is not None
            shape = self.shape(like)
            if np.broadcast_shapes(array.shape, shape) == shape:
                return float(one) if self.type(like).dtype in FLOATS else int(one)
        cut = constants.triangle(array)
        if literal and like is not None and cut is not None and array.dtype.kind == "f":
            return self._matrix(cut, like, array)
        return self.name(array, f"{op}_{ops.get(op).param(position)}")

    def _matrix(self, cut: Triangle, like: str, array: Array) -> str:
        """A constant triangle of floats, made of a value of its shape."""
        if self.shape(like) != array.shape:
            return self.name(array)
        parts = [
            self.op(half, self.filled(like, value), k=k)
            for half, value, k in (("tril", cut.below, cut.k), ("triu", cut.above, cut.k + 1))
            if value
        ]
        return parts[0] if len(parts) == 1 else self.op("add", *parts)


def pruned(graph: Graph) -> Graph:
    """The graph without the nodes and inputs that no output needs."""
    needed = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if any(v.name in needed for v in node.results):
            needed.update(node.operands)
            kept.append(node)
    inputs = tuple(i for i in graph.inputs if i.name in needed)
    return Graph(graph.name, inputs, tuple(reversed(kept)), graph.outputs)
