"""Statements other than loops as lines of C; the environment of the expressions in them."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import tvm_ffi
from tvm import ir, tirx

from hpctc.lower.c import maths
from hpctc.lower.c.expr import AND, ATOM, Expressions, Piece, is_number, new_analyzer, row_major
from hpctc.lower.c.lanes import nbytes
from hpctc.lower.c.layout import wrapped
from hpctc.lower.c.names import Scope, tidy
from hpctc.lower.c.repeats import repeated
from hpctc.lower.c.tree import conjuncts, constant, find, same, statements
from hpctc.lower.c.types import C_TYPES, dtype_of
from hpctc.lower.c.vectors import type_name

STACK_BYTES = 64 << 10
"""Local arrays up to this size lie on the stack, larger ones on the heap."""

LONG = 12
"""A text of more characters is not written twice in a row but given a name."""

UPDATES: dict[Any, str] = {tirx.Add: "+=", tirx.Sub: "-=", tirx.Mul: "*="}
"""Updates in place that C writes with one operator."""


class Statements:
    """Writes statements as indented lines; the environment of the expressions in them."""

    def __init__(self, scope: Scope, registers: Mapping[Any, int], body: Any) -> None:
        self.lines: list[str] = []
        self.helpers: set[tuple[str, str]] = set()
        self.vector_types: set[tuple[str, int]] = set()
        self.names: dict[Any, str] = {}
        self.flat: set[Any] = set()
        """Buffers that C indexes by one number; the others are arrays as in TIR, or scalars."""
        self.registers = registers
        """Local arrays that are arrays of vectors, with the lanes of each."""
        self.spilled: list[tuple[Any, Any, str]] = []
        """Vectors copied out of a register tile to be read by lane: buffer, index, C text."""
        self.undeclared: set[Any] = set()
        """Scalars whose declaration waits for their first value."""
        self.bound: list[tuple[Any, str]] = []
        """Expressions that have a name in the statement that is being written."""
        self.stores = Counter(s.buffer for s in find(body, tirx.BufferStore))
        self.analyzer = new_analyzer()
        self.scope = scope
        self.depth = 1
        self.expressions = Expressions(self)
        self.by_type: dict[Any, Callable[[Any], None]] = {
            tirx.SeqStmt: self.block,
            tirx.AllocBuffer: self.block,
            tirx.BufferStore: self.store,
            tirx.IfThenElse: self.branch,
            tirx.Bind: self.bind,
            tirx.While: self.while_loop,
            tirx.Evaluate: lambda stmt: None,
            tirx.AssertStmt: lambda stmt: None,
        }

    # The environment of expressions.

    def name(self, var: Any) -> str:
        """The C name of a variable."""
        return self.names[var]

    def element(self, buffer: Any, indices: Any) -> Piece:
        """``x[i * 50 + k]`` of a pointer, ``acc[i][k]`` of a local array, ``acc`` of a scalar."""
        for spilled, index, text in self.spilled:
            if spilled.same_as(buffer) and same(index, indices):
                return text, ATOM
        name = self.names[buffer]
        if buffer in self.flat:
            return f"{name}[{self.text(row_major(indices, buffer.shape, self.analyzer))}]", ATOM
        subscripts = [
            f"[{self.text(self.analyzer.simplify(index))}]"
            for index, extent in zip(indices, self.shape(buffer), strict=True)
            if extent != 1
        ]
        return name + "".join(subscripts), ATOM

    def shape(self, buffer: Any) -> list[int]:
        """The extents of a local array in C, counted in vectors where it is made of vectors."""
        extents = [constant(e) for e in buffer.shape]
        known = [e for e in extents if e is not None]
        if len(known) != len(extents):
            raise NotImplementedError(f"the size of {buffer.name} is not known: {buffer.shape}")
        if buffer in self.registers:
            known[-1] //= self.registers[buffer]
        return known

    def helper(self, name: str, kind: str) -> str:
        """Note the need of a helper."""
        self.helpers.add((name, kind))
        return maths.helper_name(name, kind)

    def vector_type(self, dtype: str, lanes: int) -> str:
        """Note the need of a vector type."""
        self.vector_types.add((dtype, lanes))
        return type_name(dtype, lanes)

    def known(self, expr: Any) -> str | None:
        """The variable that holds an expression's value already, if there is one."""
        for other, name in self.bound:
            if tvm_ffi.structural_equal(other, expr):
                return name
        return None

    def text(self, expr: Any, least: int = 0) -> str:
        """An expression as C."""
        return self.expressions.text(expr, least)

    # Statements.

    def line(self, text: str) -> None:
        """Add a line at the present depth, broken where it is too long."""
        self.lines += wrapped(text, "  " * self.depth)

    def statement(self, stmt: Any) -> None:
        """Print any statement."""
        rule = self.by_type.get(type(stmt))
        if rule is None:
            raise NotImplementedError(f"the C printer has no rule for {type(stmt).__name__}")
        rule(stmt)

    def block(self, stmt: Any) -> None:
        """Statements in order; what they allocate on the heap is freed at the end."""
        heap: list[str] = []
        parts = statements(stmt)
        for place, part in enumerate(parts):
            if isinstance(part, tirx.AllocBuffer):
                heap += self.allocate(part.buffer, parts[place + 1 :])
            else:
                self.statement(part)
        for name in reversed(heap):
            self.line(f"free({name});")

    def allocate(self, buffer: Any, rest: list[Any]) -> list[str]:
        """Declare a local buffer; its name if it has to be freed.

        A scalar that one of the next statements, ``rest``, sets is declared there.
        """
        wanted = tidy(buffer.name)
        other = "acc" if self.stores[buffer] > 1 else f"{wanted}_local"
        name = self.names[buffer] = self.scope.fresh(wanted, other)
        extents = self.shape(buffer)
        kind, size = C_TYPES[dtype_of(buffer)], nbytes(buffer)
        if size > STACK_BYTES:
            self.flat.add(buffer)
            self.line(f"{kind} *restrict {name} = aligned_alloc(64, {-(-size // 64) * 64});")
            return [name]
        if buffer in self.registers:
            kind = self.vector_type(dtype_of(buffer), self.registers[buffer])
        elif all(e == 1 for e in extents) and sets_next(rest, buffer):
            self.undeclared.add(buffer)
            return []
        elif any(divides(i) for i in indices_of(rest, buffer)):
            self.flat.add(buffer)
            extents = [size // nbytes_of_element(buffer)]
        subscripts = "".join(f"[{e}]" for e in extents if e != 1)
        align = "_Alignas(64) " if size >= 64 else ""
        self.line(f"{align}{kind} {name}{subscripts};")
        return []

    def store(self, stmt: Any) -> None:
        """``y[i] = value;``, or an update in place."""
        self.bind_repeated(stmt.value)
        self.bind_clipped(stmt)
        target, _ = self.element(stmt.buffer, stmt.indices)
        operator = UPDATES.get(type(stmt.value))
        if stmt.buffer in self.undeclared:
            self.undeclared.remove(stmt.buffer)
            const = "const " if self.stores[stmt.buffer] == 1 else ""
            kind = C_TYPES[dtype_of(stmt.buffer)]
            self.line(f"{const}{kind} {target} = {self.text(stmt.value)};")
        elif not updates(stmt):
            self.line(f"{target} = {self.text(stmt.value)};")
        elif operator is None:
            self.extreme(target, stmt.value)
        else:
            self.line(f"{target} {operator} {self.text(stmt.value.b)};")
        self.forget(stmt.buffer)

    def forget(self, buffer: Any) -> None:
        """Drop the names of values that a store into a buffer may have changed."""
        self.bound = [(e, name) for e, name in self.bound if not uses_buffer(e, buffer)]

    def bind_repeated(self, value: Any) -> None:
        """Give a name to what an expression would spell out twice."""
        for expr in repeated(value):
            if len(self.text(expr)) > LONG and self.known(expr) is None:
                self.bind_repeated(expr)
                self.hold(expr, {tirx.Sub: "d", ir.TensorLoad: "v"}.get(type(expr), "t"))

    def bind_clipped(self, stmt: Any) -> None:
        """Give a name to what is clipped: ``v < 0 ? 0 : v`` needs it twice."""
        clips, value = [], stmt.value
        while isinstance(value, tirx.Min | tirx.Max) and not updates(stmt):
            value = value.a if is_number(value.b) else value.b
            clips.append(value)
        for inner in reversed(clips):
            text, strength = self.expressions.piece(inner)
            if strength < ATOM or "(" in text:
                self.hold(inner, "v")

    def hold(self, expr: Any, wanted: str) -> None:
        """Compute an expression into a constant; later statements know it by that name."""
        text, name = self.text(expr), self.scope.fresh(wanted)
        kind = "int" if dtype_of(expr) == "int32" else C_TYPES[dtype_of(expr)]
        self.line(f"const {kind} {name} = {text};")
        self.bound.append((expr, name))

    def extreme(self, target: str, value: Any) -> None:
        """``acc = acc > v ? acc : v``: what gcc turns into SIMD, at the price of forgetting NaN."""
        operator = ">" if isinstance(value, tirx.Max) else "<"
        text = self.text(value.b)
        if len(text) > LONG or not text.replace("_", "").isalnum():
            name = self.scope.fresh("v")
            self.line(f"const {C_TYPES[dtype_of(value)]} {name} = {text};")
            text = name
        self.line(f"{target} = {target} {operator} {text} ? {target} : {text};")

    def bind(self, stmt: Any) -> None:
        """``const float v = ...;``."""
        self.bind_repeated(stmt.value)
        value = self.text(stmt.value)
        name = self.names[stmt.var] = self.scope.fresh(tidy(stmt.var.name))
        self.line(f"const {C_TYPES[dtype_of(stmt.var)]} {name} = {value};")

    def nested(self, head: str, body: Callable[[], None], tail: str = "}") -> None:
        """``head {``, the body one step deeper in a scope of its own, ``tail``."""
        outer, self.scope = self.scope, self.scope.inner()
        self.bound = []  # what the block, or its next round, writes may have changed
        self.line(f"{head} {{")
        self.depth += 1
        body()
        self.depth -= 1
        self.bound = []
        self.scope = outer
        self.line(tail)

    def branch(self, stmt: Any) -> None:
        """``if (...) { ... } else { ... }``."""
        condition = " && ".join(self.text(c, AND + 1) for c in conjuncts(stmt.condition))
        self.nested(f"if ({condition})", lambda: self.statement(stmt.then_case))
        if stmt.else_case is not None:
            self.lines.pop()
            self.nested("} else", lambda: self.statement(stmt.else_case))

    def while_loop(self, stmt: Any) -> None:
        """``while (...) { ... }``."""
        self.nested(f"while ({self.text(stmt.condition)})", lambda: self.statement(stmt.body))


def updates(stmt: Any) -> bool:
    """Whether a store computes the new value of an element from the old one."""
    value: Any = stmt.value
    return bool(
        type(value) in {*UPDATES, tirx.Min, tirx.Max}
        and isinstance(value.a, ir.TensorLoad)
        and value.a.source.same_as(stmt.buffer)
        and same(value.a.indices, stmt.indices)
    )


def sets_next(rest: list[Any], buffer: Any) -> bool:
    """Whether, but for other declarations, the next statement gives a buffer its first value."""
    for part in rest:
        if isinstance(part, tirx.BufferStore) and part.buffer.same_as(buffer):
            return True
        if not isinstance(part, tirx.AllocBuffer) and uses_buffer(part, buffer):
            return False
        if not isinstance(part, tirx.AllocBuffer | tirx.BufferStore):
            return False
    return False


def uses_buffer(root: Any, buffer: Any) -> bool:
    """Whether a buffer is read or written under ``root``."""
    return bool(indices_of([root], buffer))


def indices_of(roots: list[Any], buffer: Any) -> list[Any]:
    """The index of every access of a buffer."""
    found = []
    for root in roots:
        found += [s.indices for s in find(root, tirx.BufferStore) if s.buffer.same_as(buffer)]
        found += [x.indices for x in find(root, ir.TensorLoad) if x.source.same_as(buffer)]
    return found


def divides(index: Any) -> bool:
    """Whether an index takes a fused loop variable apart."""
    return len(index) > 1 and bool(find(list(index), (tirx.FloorDiv, tirx.FloorMod)))


def nbytes_of_element(buffer: Any) -> int:
    """Bytes of one element."""
    count = 1
    for extent in buffer.shape:
        count *= constant(extent) or 1
    return nbytes(buffer) // count
