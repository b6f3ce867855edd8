"""Build a graph from Python, one application after the other, each type-checked at once."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from hpctc.graph import ops
from hpctc.graph.errors import GraphError
from hpctc.graph.infer import Typed, results
from hpctc.graph.ir import DTYPES, Arg, Attr, Graph, Input, Interval, Node, TensorType, Value

DEFAULT_DOMAIN = {
    "float32": Interval(-1.0, 1.0),
    "float16": Interval(-1.0, 1.0),
    "int32": Interval(-8.0, 8.0),
    "int8": Interval(-8.0, 8.0),
    "bool": Interval(0.0, 1.0),
}
"""Where the elements of an input lie when nothing is said."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Builder:
    """Collects inputs and applications and ends in a :class:`Graph`.

    ::

        b = Builder("mlp")
        x = b.input("x", (128, 256))
        w = b.input("w", (256, 512))
        y = b.op("relu", b.op("matmul", x, w))
        graph = b.finish(y)
    """

    def __init__(self, name: str, reserved: Collection[str] = ()) -> None:
        """Begin an empty graph; no fresh name will be one of ``reserved``."""
        self.name = name
        self._reserved = frozenset(reserved)
        self._inputs: list[Input] = []
        self._nodes: list[Node] = []
        self._types: dict[str, TensorType] = {}

    @property
    def types(self) -> Mapping[str, TensorType]:
        """Name -> type of everything defined so far; a view that grows with the graph."""
        return MappingProxyType(self._types)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The parameters declared so far."""
        return tuple(self._inputs)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The applications made so far."""
        return tuple(self._nodes)

    def type_of(self, name: str) -> TensorType:
        """The type of a value; an unknown name is an error that names the nearest."""
        if name not in self._types:
            near = difflib.get_close_matches(name, self._types, 1)
            raise GraphError(
                f"there is no value {name!r} in graph {self.name}",
                f"did you mean {near[0]!r}?"
                if near
                else f"defined so far: {', '.join(self._types) or 'nothing'}",
                about=name,
            )
        return self._types[name]

    def input(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str = "float32",
        domain: Interval | None = None,
    ) -> str:
        """Declare a parameter; its elements lie in ``domain`` (by default [-1, 1] for floats)."""
        if dtype not in DTYPES:
            raise GraphError(
                f"input {name!r} has element type {dtype!r}",
                f"there are {', '.join(DTYPES)}",
                about=name,
            )
        self._define(name, TensorType(tuple(shape), dtype))
        legal = domain if domain is not None else DEFAULT_DOMAIN[dtype]
        self._inputs.append(Input(name, self._types[name], legal))
        return name

    def op(self, op: str, *args: Arg, name: str | None = None, **attrs: Attr) -> str:
        """Apply an operator; return the name of its (first) result."""
        return self.apply(op, args, attrs, [name] if name else [])[0]

    def ops(
        self, op: str, *args: Arg, names: tuple[str, ...] = (), **attrs: Attr
    ) -> tuple[str, ...]:
        """Apply an operator; return the names of all its results."""
        return self.apply(op, args, attrs, names)

    def finish(self, *outputs: str) -> Graph:
        """The graph that returns ``outputs``."""
        for name in outputs:
            self.type_of(name)
        if not outputs:
            raise GraphError(f"graph {self.name} returns nothing", "name at least one output")
        return Graph(self.name, tuple(self._inputs), tuple(self._nodes), tuple(outputs))

    def fresh(self, stem: str) -> str:
        """A name that is not taken yet: ``stem``, or ``stem2``, ``stem3``, ..."""
        count = 1
        name = stem
        while name in self._types:
            count += 1
            name = f"{stem}{count}"
        return name

    def apply(
        self,
        op: str,
        args: Sequence[Arg],
        attrs: Mapping[str, Attr],
        names: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Apply an operator; return the names of its results: ``names``, or fresh ones."""
        declared = ops.get(op)
        operands: list[Typed] = [self.type_of(a) if isinstance(a, str) else a for a in args]
        literals, full, types = results(declared, operands, attrs)
        names = tuple(names) or self._temporaries(len(types))
        if len(names) != len(types):
            raise GraphError(
                f"{op} has {len(types)} result{'s' if len(types) != 1 else ''}, "
                f"but {len(names)} names are given",
                "give one name a result",
            )
        kept = tuple(a if isinstance(a, str) else n for a, n in zip(args, literals, strict=True))
        for name, kind in zip(names, types, strict=True):
            self._define(name, kind)
        made = tuple(Value(n, t) for n, t in zip(names, types, strict=True))
        self._nodes.append(Node(made, op, kept, tuple(full.items())))
        return names

    def _temporaries(self, count: int) -> tuple[str, ...]:
        found: list[str] = []
        number = len(self._nodes)
        while len(found) < count:
            name = f"v{number}"
            if name not in self._types and name not in self._reserved:
                found.append(name)
            number += 1
        return tuple(found)

    def _define(self, name: str, kind: TensorType) -> None:
        if not NAME.fullmatch(name):
            raise GraphError(
                f"{name!r} is no name",
                "a name is letters, digits and _, and starts with no digit",
                about=name,
            )
        if name in self._types:
            raise GraphError(
                f"{name!r} is defined twice", "give the second one another name", about=name
            )
        self._types[name] = kind
