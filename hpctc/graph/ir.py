"""The graph itself: plain immutable data, no behaviour that needs the operator registry."""

from dataclasses import dataclass

Arg = str | int | float
"""An operand: a str names a value; a number is a literal of the other operand's dtype."""

Attr = bool | int | float | str | tuple[int, ...]
"""An attribute's value."""

DTYPES = ("float32", "float16", "int32", "int8", "bool")
"""The element types, by numpy's names."""

ITEMSIZE = {"float32": 4, "float16": 2, "int32": 4, "int8": 1, "bool": 1}
"""Bytes an element takes in C."""


SHORT = {"float32": "f32", "float16": "f16", "int32": "i32", "int8": "i8", "bool": "bool"}
"""numpy's name of an element type -> the text form's."""


@dataclass(frozen=True, slots=True)
class TensorType:
    """Shape and element type of a value; the rank-0 shape is ``()``."""

    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Number of elements."""
        count = 1
        for extent in self.shape:
            count *= extent
        return count

    @property
    def nbytes(self) -> int:
        """Size in bytes, as C stores it (bool is one byte)."""
        return self.size * ITEMSIZE[self.dtype]

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __str__(self) -> str:
        """As the text form writes it: ``f32[128, 256]``."""
        return f"{SHORT[self.dtype]}[{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval ``[low, high]`` that holds all elements of a tensor; infinities allowed."""

    low: float
    high: float

    def within(self, other: "Interval") -> bool:
        """Whether this interval lies inside ``other``."""
        return other.low <= self.low and self.high <= other.high

    def __contains__(self, value: float) -> bool:
        """Whether a number lies in the interval."""
        return self.low <= value <= self.high

    def __str__(self) -> str:
        """As the text form writes it: ``[-1, 1]``; six digits, for reading; no -0."""
        return f"[{self.low + 0.0:.6g}, {self.high + 0.0:.6g}]"


@dataclass(frozen=True, slots=True)
class Value:
    """A typed name: the result of a node."""

    name: str
    type: TensorType


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter of the graph with the interval from which its elements may be drawn."""

    name: str
    type: TensorType
    domain: Interval


@dataclass(frozen=True, slots=True)
class Node:
    """One application of an operator; most have one result, ``split`` has several."""

    results: tuple[Value, ...]
    op: str
    args: tuple[Arg, ...]
    attrs: tuple[tuple[str, Attr], ...] = ()
    """Every attribute of the operator, in the order of its declaration, defaults filled in."""

    @property
    def operands(self) -> tuple[str, ...]:
        """The names of the values this node reads, literals left out."""
        return tuple(a for a in self.args if isinstance(a, str))


@dataclass(frozen=True, slots=True)
class Graph:
    """Inputs, nodes in an order in which every value is defined before it is used, outputs."""

    name: str
    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    def types(self) -> dict[str, TensorType]:
        """Name -> type of every input and every result."""
        known = {i.name: i.type for i in self.inputs}
        known.update((v.name, v.type) for n in self.nodes for v in n.results)
        return known

    def producers(self) -> dict[str, Node]:
        """Name of a result -> the node that makes it."""
        return {v.name: n for n in self.nodes for v in n.results}

    def users(self) -> dict[str, list[Node]]:
        """Name of a value -> the nodes that read it, in order; unused values are there too."""
        found: dict[str, list[Node]] = {name: [] for name in self.types()}
        for node in self.nodes:
            for name in dict.fromkeys(node.operands):
                found[name].append(node)
        return found
