"""Names while a function is translated: what each stands for, its type, and what C needs of it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.fold import Folder, constant, number
from hpctc.transpile.names import claimed
from hpctc.transpile.program import Defined, Program, last

_RESERVED = (
    "tx ty tz bx by bz auto break case char const continue default do double else enum extern "
    "float for goto if inline int long register restrict return short signed sizeof static struct "
    "switch typedef union unsigned void volatile while bool true false main exp log pow index y0 "
    "y1 j0 j1 gamma div abs free malloc memcpy memset"
)
RESERVED = frozenset(_RESERVED.split())
"""Names that no variable of the C may have."""


@dataclass(frozen=True)
class Typed:
    """A C expression and its CUDA type."""

    expr: tree.Expr
    type: tree.Type


NO_VALUE = Typed(tree.Number("0"), types.VOID)
"""What is called for its effect has this for a value."""

Scope = dict[str, Typed]
"""What names stand for."""


@dataclass(frozen=True)
class Barrier(tree.Node):
    """Here every thread of the block waits for the others (a warp's barrier is one as well)."""


@dataclass(frozen=True)
class Collective(tree.Node):
    """``target = kind(args)``, computed by the threads of a warp or block together."""

    kind: str
    target: tree.Name
    args: tuple[tree.Expr, ...]
    type: tree.Type


@dataclass(frozen=True)
class Warped(tree.Node):
    """A statement that a warp executes once: operations on fragments."""

    body: tree.Evaluate


@dataclass(frozen=True)
class Geometry:
    """The shape of a launch: blocks (possibly expressions), threads, dynamic shared bytes."""

    grid: tuple[tree.Expr, tree.Expr, tree.Expr]
    block: tuple[int, int, int]
    shared: tree.Expr

    @property
    def threads(self) -> int:
        """Threads of a block."""
        x, y, z = self.block
        return x * y * z


@dataclass
class Layout:
    """What a struct is made of."""

    fields: dict[str, tree.Type] = field(default_factory=dict)
    defaults: dict[str, tree.Expr] = field(default_factory=dict)
    """Field -> what it starts with."""
    methods: dict[str, list[Defined]] = field(default_factory=dict)
    templates: Mapping[str, tree.Type | tree.Expr] = field(default_factory=dict)
    """Its template arguments, and the types that it declares."""
    statics: dict[str, tree.Variable] = field(default_factory=dict)


@dataclass
class Shared:
    """What all functions of one C source have in common."""

    program: Program
    records: dict[str, str] = field(default_factory=dict)
    """Struct name -> its C definition, in order of need."""
    layouts: dict[str, "Layout"] = field(default_factory=dict)
    """Struct name -> what it is made of."""
    functions: dict[str, tree.Function | None] = field(default_factory=dict)
    """Emitted device functions by C name; None while one is being translated."""
    results: dict[str, tree.Type] = field(default_factory=dict)
    globals: dict[str, tree.Variable] = field(default_factory=dict)
    parallel: bool = True
    """Whether blocks may run at the same time: atomics are needed then."""


@dataclass
class Local:
    """A variable of the translated body."""

    type: tree.Type
    memory: str = "thread"
    """``thread``, ``shared`` or ``warp`` (a fragment)."""
    aligned: int = 0


class Scopes(ABC):
    """Base of the translator: scopes, unique names, types by name."""

    def __init__(
        self,
        shared: Shared,
        geometry: Geometry | None,
        templates: Mapping[str, tree.Type | tree.Expr],
        taken: Sequence[str] = (),
    ) -> None:
        self.shared = shared
        self.program = shared.program
        self.geometry = geometry
        self.templates = dict(templates)
        self.scopes: list[Scope] = [{}]
        self.locals: dict[str, Local] = {}
        self.closures: dict[str, Any] = {}
        """Lambdas by the name of their type."""
        self.used = {*RESERVED, *taken, *self.program.functions, *self.program.variables}
        self.fold = Folder()
        self.out: list[tree.Node] = []
        if geometry is not None:
            for axis, extent, blocks in zip("xyz", geometry.block, geometry.grid, strict=True):
                self.fold.ranges[f"t{axis}"] = (0, extent - 1)
                count = constant(blocks)
                self.fold.ranges[f"b{axis}"] = (0, float("inf") if count is None else count - 1)

    # --- names ---

    def lookup(self, name: str) -> Typed | None:
        """What a name stands for in the innermost scope that has it."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, name: str, what: Typed) -> None:
        """Let a name stand for an expression in the current scope."""
        self.scopes[-1][name] = what

    @contextmanager
    def nested(self) -> Iterator[None]:
        """A scope inside the current one."""
        self.scopes.append({})
        yield
        self.scopes.pop()

    @contextmanager
    def alone(self, around: Sequence[Scope] = ()) -> Iterator[None]:
        """A scope that sees these others only: the body of an inlined function."""
        kept, self.scopes = self.scopes, [*around, {}]
        yield
        self.scopes = kept

    def fresh(self, name: str) -> str:
        """A name like this one that no other variable of the C has."""
        base = identifier(name).strip("_") or "v"
        return claimed(f"v{base}" if base[0].isdigit() else base, self.used)

    def declare(self, name: str, kind: tree.Type, memory: str = "thread") -> tree.Name:
        """A new variable of the C for a variable of the source."""
        unique = tree.Name(self.fresh(name))
        self.locals[unique.name] = Local(kind, memory)
        self.bind(name, Typed(unique, kind))
        return unique

    # --- types ---

    def resolve(self, kind: tree.Type) -> tree.Type:
        """A type of the source as a type of the C; template arguments are put in."""
        match kind:
            case tree.Qualified(_, of):
                return self.resolve(of)
            case tree.Reference(to):
                return tree.Reference(self.resolve(to))
            case tree.Pointer(to):
                qualified = isinstance(to, tree.Qualified) and "const" in to.qualifiers
                inner = self.resolve(to)
                return tree.Pointer(tree.Qualified(("const",), inner) if qualified else inner)
            case tree.Array(of, size):
                return tree.Array(self.resolve(of), None if size is None else self.size(size))
            case tree.Named(name, args):
                space = last(name.rpartition("::")[0])
                if space and (layout := self.holder(space)) is not None:
                    return self._inner_of(layout, last(name), kind)
                return self.named(last(name), args, kind)
            case tree.Inner(holder, name):
                return self._inner_type(holder, name, kind)
        raise AssertionError(kind)

    def pointee(self, given: Typed, node: tree.Node) -> tree.Type:
        """What a pointer or array points to; anything else is a mistake in the source."""
        if not types.is_pointer(given.type):
            detail = f"{types.name(given.type) or 'this value'} is no pointer"
            raise Diagnosed("HPC0028", detail, node.at)
        return types.bare(types.element(given.type))

    def layout_of(self, kind: tree.Type) -> "Layout | None":
        """What a type is made of; None where it is no struct of the source."""
        return self.shared.layouts.get(types.name(kind))

    def holder(self, name: str) -> Layout | None:
        """The struct that stands before ``::``: the source's, or a template argument."""
        plain = name in self.program.records and not self.program.records[name][1]
        if plain or name in self.program.aliases or isinstance(self.templates.get(name), tree.Type):
            return self.layout_of(self.resolve(tree.Named(name)))
        return None

    def _inner_type(self, holder: tree.Type, name: str, node: tree.Type) -> tree.Type:
        return self._inner_of(self.layout_of(self.resolve(holder)), name, node)

    def _inner_of(self, layout: Layout | None, name: str, node: tree.Type) -> tree.Type:
        found = layout.templates.get(name) if layout is not None else None
        if not isinstance(found, tree.Type):
            raise Diagnosed("HPC0009", name, node.at)
        return found

    def size(self, node: tree.Expr) -> tree.Expr:
        """An extent, which must be a constant."""
        value = constant(self.expr(node).expr)
        if value is None:
            raise Diagnosed("HPC0027", at=node.at)
        return number(value)

    @abstractmethod
    def expr(self, node: tree.Expr) -> Typed:
        """Translate an expression (the expressions' part of the translator does)."""

    def named(
        self, name: str, args: tuple[tree.Expr | tree.Type, ...] | None, node: tree.Type
    ) -> tree.Type:
        """A type by its name."""
        name = name.removeprefix("struct ").removeprefix("union ")
        if isinstance(bound := self.templates.get(name), tree.Type):
            return bound
        if (scalar := types.scalar(name)) is not None:
            return tree.Named(scalar)
        if name in self.program.aliases:
            return self.resolve(self.program.aliases[name].type)
        if name in self.program.records:
            return self.record(name, args)
        if name in self.program.enums:
            return types.INT
        return self._builtin(name, args, node)

    def _builtin(
        self, name: str, args: tuple[tree.Expr | tree.Type, ...] | None, node: tree.Type
    ) -> tree.Type:
        """A type of CUDA's own, other than numbers and vectors."""
        if name == "fragment":
            assert args is not None
            return tree.Named("fragment", tuple(self.argument(a) for a in args))
        if name in ("thread_block", "thread_block_tile", "coalesced_group", "thread_group"):
            return tree.Named(name, args)
        if name in ("__nv_fp8_e4m3", "__nv_fp8_e5m2"):
            raise Diagnosed("HPC0016", name, node.at)
        if name in ("grid_group", "cluster_group"):
            raise Diagnosed("HPC0012" if name == "grid_group" else "HPC0022", name, node.at)
        if name == "auto":
            return tree.Named("auto")
        raise Diagnosed("HPC0009", name, node.at)

    def argument(self, node: tree.Expr | tree.Type) -> tree.Expr | tree.Type:
        """A template argument: a type, or a constant."""
        if isinstance(node, tree.Type):
            return self.tag(node)
        if isinstance(node, tree.Name) and self._names_type(node.name):
            return self.resolve(tree.Named(node.name))
        return self.expr(node).expr

    def _names_type(self, name: str) -> bool:
        """Whether what reads as a variable is a type: a struct's name in a launch's text."""
        known = name in self.program.records or name in self.program.aliases
        return isinstance(self.templates.get(name), tree.Type) or known

    def tag(self, node: tree.Type) -> tree.Type:
        """A type argument; wmma's empty tags are kept as they are."""
        if isinstance(node, tree.Named) and last(node.name) in (
            "row_major", "col_major", "matrix_a", "matrix_b", "accumulator", "tf32",
        ):  # fmt: skip
            return tree.Named(last(node.name))
        return self.resolve(node)

    def record(self, name: str, args: tuple[tree.Expr | tree.Type, ...] | None) -> tree.Type:
        """A struct of the source, instantiated; its C definition is noted once."""
        from hpctc.transpile.records import instantiate

        return instantiate(self, name, args or ())

    def refused(self, code: str, detail: str, node: tree.Node) -> Diagnosed:
        """The diagnostic of a node that does not become C."""
        return Diagnosed(code, detail, node.at)


_OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "over", "()": "call", "[]": "at",
              "==": "equal", "<": "less", ">": "greater", "%": "modulo"}  # fmt: skip


def identifier(name: str) -> str:
    """A function's name as C may have it: ``operator*`` becomes ``times``."""
    if not name.startswith("operator"):
        return name
    op = name.removeprefix("operator").strip()
    if op in _OPERATORS:
        return _OPERATORS[op]
    return f"{_OPERATORS[op[:-1]]}_assign" if op[:-1] in _OPERATORS else "operate"
