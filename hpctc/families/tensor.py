"""Graphs written as formulas: a tensor is a value of the graph under its author's pen.

``q @ k.turned() * scale`` applies three operators. Every operator of the registry is a method of
its name: ``x.softmax(axis=-1)``, ``x.conv2d(w, padding=1)``.
"""

from collections.abc import Callable
from typing import Any

from hpctc.graph import ops
from hpctc.graph.build import Builder
from hpctc.graph.ir import Arg, Graph, Interval

FAR = -1e4
"""Stands for minus infinity in masks: its exponential is 0 in any float."""


class Tensor:
    """A value of a graph."""

    def __init__(self, pen: "Pen", name: str) -> None:
        self.pen = pen
        self.name = name

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents."""
        return self.pen.builder.type_of(self.name).shape

    def __getattr__(self, op: str) -> Callable[..., "Tensor"]:
        """The operator of that name with one result; this tensor is its first operand."""
        if op not in ops.OPS:
            raise AttributeError(f"a tensor has no attribute and the registry no operator {op!r}")
        return lambda *others, **attrs: self.pen.op(op, self, *others, **attrs)

    def __add__(self, other: Any) -> "Tensor":
        return self.pen.op("add", self, other)

    def __sub__(self, other: Any) -> "Tensor":
        return self.pen.op("sub", self, other)

    def __rsub__(self, other: Any) -> "Tensor":
        return self.pen.op("sub", other, self)

    def __mul__(self, other: Any) -> "Tensor":
        return self.pen.op("mul", self, other)

    def __truediv__(self, other: Any) -> "Tensor":
        return self.pen.op("div", self, other)

    def __matmul__(self, other: "Tensor") -> "Tensor":
        return self.pen.op("matmul", self, other)

    def __neg__(self) -> "Tensor":
        return self.pen.op("neg", self)

    __radd__ = __add__
    __rmul__ = __mul__

    def view(self, *shape: int) -> "Tensor":
        """The elements in row-major order in another shape; nothing if it is this one's."""
        return self if shape == self.shape else self.pen.op("reshape", self, shape=shape)

    def permuted(self, *perm: int) -> "Tensor":
        """The axes in another order."""
        return self.pen.op("transpose", self, perm=perm)

    def turned(self) -> "Tensor":
        """The last two axes exchanged."""
        rank = len(self.shape)
        return self.permuted(*range(rank - 2), rank - 1, rank - 2)

    def cut(self, axis: int, begin: int, end: int) -> "Tensor":
        """Elements ``begin`` to ``end`` (left out) along an axis."""
        begins, ends = [0] * len(self.shape), list(self.shape)
        if (begin, end) == (0, ends[axis]):
            return self
        begins[axis], ends[axis] = begin, end
        return self.pen.op("slice", self, begin=tuple(begins), end=tuple(ends))

    def parts(self, count: int, axis: int) -> tuple["Tensor", ...]:
        """The tensor in equal parts along an axis."""
        if count == 1:
            return (self,)
        made: tuple[Tensor, ...] = self.pen.apply("split", self, parts=count, axis=axis)
        return made

    def filled(self, value: float) -> "Tensor":
        """One value in the shape of this tensor."""
        return self.pen.op("clip", self, min=value, max=value)


class Pen:
    """Writes one graph."""

    def __init__(self, name: str) -> None:
        self.builder = Builder(name)

    def input(
        self, name: str, *shape: int, low: float | None = None, high: float | None = None,
        dtype: str = "float32",
    ) -> Tensor:  # fmt: skip
        """A parameter of the graph; its elements lie in [low, high], by default [-1, 1]."""
        domain = None if low is None or high is None else Interval(float(low), float(high))
        return Tensor(self, self.builder.input(name, shape, dtype, domain))

    def weight(self, name: str, *shape: int) -> Tensor:
        """A float parameter of small elements, as training leaves them."""
        return self.input(name, *shape, low=-0.5, high=0.5)

    def scale(self, name: str, *shape: int) -> Tensor:
        """A float parameter around 1, or a variance: positive."""
        return self.input(name, *shape, low=0.5, high=1.5)

    def index(self, name: str, *shape: int, below: int) -> Tensor:
        """Whole numbers from 0 to ``below``, which is left out."""
        return self.input(name, *shape, low=0, high=below - 1, dtype="int32")

    def apply(self, op: str, *operands: Any, **attrs: Any) -> Any:
        """Apply an operator: a tensor, or a tuple of them if it has several results."""
        args: list[Arg] = [o.name if isinstance(o, Tensor) else o for o in operands]
        made = tuple(Tensor(self, n) for n in self.builder.ops(op, *args, **attrs))
        return made[0] if len(made) == 1 else made

    def op(self, op: str, *operands: Any, **attrs: Any) -> Tensor:
        """Apply an operator that has one result."""
        made = self.apply(op, *operands, **attrs)
        assert isinstance(made, Tensor)
        return made

    def concat(self, parts: "list[Tensor]", axis: int) -> Tensor:
        """Tensors one after the other along an axis."""
        return parts[0] if len(parts) == 1 else self.op("concat", *parts, axis=axis)

    def stack(self, parts: "list[Tensor]", axis: int) -> Tensor:
        """Tensors one after the other along a new axis."""
        return self.op("stack", *parts, axis=axis)

    def finish(self, *outputs: Tensor) -> Graph:
        """The graph that returns these tensors."""
        return self.builder.finish(*(t.name for t in outputs))
