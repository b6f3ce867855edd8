"""Statements as lines of C; the environment of the expressions in them."""

from collections.abc import Callable, Mapping
from typing import Any

from tvm import ir, tirx

from hpctc.lower.c import maths
from hpctc.lower.c.expr import ADD, AND, ATOM, Expressions, Piece, new_analyzer, row_major
from hpctc.lower.c.lanes import SIMD, lanes_of, nbytes
from hpctc.lower.c.names import Scope, loop_names, tidy
from hpctc.lower.c.scalars import is_scalar
from hpctc.lower.c.tree import (
    PARALLEL,
    UNROLLED,
    VECTORIZED,
    conjuncts,
    constant,
    find,
    same,
    statements,
    substitute,
    uses,
)
from hpctc.lower.c.types import C_TYPES, dtype_of
from hpctc.lower.c.vectors import Vectors, type_name

STACK_BYTES = 64 << 10
"""Local arrays up to this size lie on the stack, larger ones on the heap."""

REDUCTIONS: dict[Any, str] = {tirx.Add: "+", tirx.Mul: "*", tirx.Max: "max", tirx.Min: "min"}
"""Updates that OpenMP may carry out in any order."""

UPDATES: dict[Any, str] = {tirx.Add: "+=", tirx.Sub: "-=", tirx.Mul: "*="}
"""Updates in place that C writes with one operator."""


class Writer:
    """Writes statements as indented lines; the environment of the expressions in them."""

    def __init__(self, scope: Scope, registers: Mapping[Any, int]) -> None:
        self.lines: list[str] = []
        self.helpers: set[tuple[str, str]] = set()
        self.vector_types: set[tuple[str, int]] = set()
        self.names: dict[Any, str] = {}
        self.flat: set[Any] = set()
        """Buffers that are a pointer in C; the others are arrays or scalars."""
        self.registers = registers
        """Local arrays that are arrays of vectors, with the lanes of each."""
        self.spilled: list[tuple[Any, Any, str]] = []
        """Vectors copied out of a register tile to be read by lane: buffer, index, C text."""
        self.threaded: list[Any] = []
        """Variables of the parallel loops around here; loops inside them are not parallel again."""
        self.undeclared: set[Any] = set()
        """Scalars whose declaration waits for their first value."""
        self.analyzer = new_analyzer()
        self.scope = scope
        self.depth = 1
        self.expressions = Expressions(self)
        self.by_type: dict[Any, Callable[[Any], None]] = {
            tirx.SeqStmt: self.block,
            tirx.AllocBuffer: self.block,
            tirx.For: self.loop,
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

    def text(self, expr: Any, least: int = 0) -> str:
        """An expression as C."""
        return self.expressions.text(expr, least)

    # Statements.

    def line(self, text: str) -> None:
        """Add a line at the present depth."""
        self.lines.append("  " * self.depth + text)

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
        for part, then in zip(parts, [*parts[1:], None], strict=True):
            if isinstance(part, tirx.AllocBuffer):
                heap += self.allocate(part.buffer, then)
            else:
                self.statement(part)
        for name in reversed(heap):
            self.line(f"free({name});")

    def allocate(self, buffer: Any, then: Any) -> list[str]:
        """Declare a local buffer; its name if it has to be freed.

        A scalar that the next statement, ``then``, sets is declared there with its first value.
        """
        name = self.names[buffer] = self.scope.fresh(tidy(buffer.name))
        subscripts = "".join(f"[{e}]" for e in self.shape(buffer) if e != 1)
        kind, size = C_TYPES[dtype_of(buffer)], nbytes(buffer)
        if size > STACK_BYTES:
            self.flat.add(buffer)
            self.line(f"{kind} *restrict {name} = aligned_alloc(64, {-(-size // 64) * 64});")
            return [name]
        if buffer in self.registers:
            kind = self.vector_type(dtype_of(buffer), self.registers[buffer])
        elif not subscripts and isinstance(then, tirx.BufferStore) and then.buffer.same_as(buffer):
            self.undeclared.add(buffer)
            return []
        align = "_Alignas(64) " if size >= 64 else ""
        self.line(f"{align}{kind} {name}{subscripts};")
        return []

    def store(self, stmt: Any) -> None:
        """``y[i] = value;``, or an update in place."""
        target, _ = self.element(stmt.buffer, stmt.indices)
        if stmt.buffer in self.undeclared:
            self.undeclared.remove(stmt.buffer)
            target = f"{C_TYPES[dtype_of(stmt.buffer)]} {target}"
        elif self.updates(stmt):
            operator = UPDATES.get(type(stmt.value))
            if operator is None:
                self.extreme(target, stmt.value)
            else:
                self.line(f"{target} {operator} {self.text(stmt.value.b)};")
            return
        self.line(f"{target} = {self.text(stmt.value)};")

    def updates(self, stmt: Any) -> bool:
        """Whether a store computes the new value of an element from the old one."""
        value: Any = stmt.value
        return bool(
            type(value) in {*UPDATES, tirx.Min, tirx.Max}
            and isinstance(value.a, ir.TensorLoad)
            and value.a.source.same_as(stmt.buffer)
            and same(value.a.indices, stmt.indices)
        )

    def extreme(self, target: str, value: Any) -> None:
        """``acc = acc > v ? acc : v``: what gcc turns into SIMD, at the price of forgetting NaN."""
        operator = ">" if isinstance(value, tirx.Max) else "<"
        text, strength = self.expressions.piece(value.b)
        if strength < ATOM or "(" in text:
            name = self.scope.fresh("value")
            self.line(f"const {C_TYPES[dtype_of(value)]} {name} = {text};")
            text = name
        self.line(f"{target} = {target} {operator} {text} ? {target} : {text};")

    def bind(self, stmt: Any) -> None:
        """``const float v = ...;``."""
        value = self.text(stmt.value)
        name = self.names[stmt.var] = self.scope.fresh(tidy(stmt.var.name))
        self.line(f"const {C_TYPES[dtype_of(stmt.var)]} {name} = {value};")

    def nested(self, head: str, body: Callable[[], None], tail: str = "}") -> None:
        """``head {``, the body one step deeper in a scope of its own, ``tail``."""
        outer, self.scope = self.scope, self.scope.inner()
        self.line(f"{head} {{")
        self.depth += 1
        body()
        self.depth -= 1
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

    # Loops.

    def loop(self, stmt: Any) -> None:
        """A loop in the form that its kind asks for."""
        if int(stmt.kind) == VECTORIZED and lanes_of(stmt):
            self.vector_loop(stmt)
        else:
            spilled = len(self.spilled)
            for load in find(stmt.body, ir.TensorLoad) if SIMD in stmt.annotations else []:
                self.spill(load, stmt.loop_var)
            self.scalar_loop(stmt)
            del self.spilled[spilled:]

    def scalar_loop(self, stmt: Any) -> None:
        """``for (int i = 0; i < n; ++i) { ... }`` under the pragma of its kind."""
        outer, self.scope = self.scope, self.scope.inner()
        var = stmt.loop_var
        name = self.names[var] = self.scope.fresh(*loop_names(var.name))
        for k, (buffer, index, text) in enumerate(self.spilled):
            self.spilled[k] = (buffer, index, text.replace("[?]", f"[{name}]"))
        self.pragma(stmt)
        first = self.text(stmt.min)
        last = self.text(self.analyzer.simplify(stmt.min + stmt.extent), ADD)
        self.analyzer.bind(var, ir.Range.from_min_extent(stmt.min, stmt.extent), True)
        kind = "int" if dtype_of(var) == "int32" else C_TYPES[dtype_of(var)]
        step = f"++{name}" if stmt.step is None else f"{name} += {self.text(stmt.step)}"
        head = f"for ({kind} {name} = {first}; {name} < {last}; {step})"
        self.nested(head, lambda: self.statement(stmt.body))
        self.scope = outer
        if self.threaded and self.threaded[0].same_as(var):
            self.threaded = []

    def pragma(self, stmt: Any) -> None:
        """The pragma that a loop's kind asks for."""
        kind = int(stmt.kind)
        words = []
        if kind == PARALLEL and not self.threaded:
            self.threaded = parallel_nest(stmt)
            words.append("parallel for")
            if len(self.threaded) > 1:
                words.append(f"collapse({len(self.threaded)})")
        if kind == VECTORIZED or SIMD in stmt.annotations:
            words.append("simd" + self.reduction(stmt))
        if words:
            self.line(f"#pragma omp {' '.join(words)}")
        elif kind == UNROLLED and (constant(stmt.extent) or 0) > 1:
            self.line(f"#pragma GCC unroll {constant(stmt.extent)}")

    def reduction(self, loop: Any) -> str:
        """The clauses for the scalars that a SIMD loop accumulates."""
        inside = [a.buffer for a in find(loop, tirx.AllocBuffer)]
        clauses: dict[str, None] = {}
        for store in find(loop.body, tirx.BufferStore):
            operator = REDUCTIONS.get(type(store.value))
            if operator and is_scalar(store.buffer) and store.buffer not in inside:
                clauses[f" reduction({operator}:{self.name(store.buffer)})"] = None
        return "".join(clauses)

    def vector_loop(self, loop: Any) -> None:
        """One vector for all lanes; where the loop may end early, lane by lane in that case."""
        lanes = lanes_of(loop)
        if constant(loop.extent) == lanes or self.only_registers(loop):
            self.vector_stores(loop, lanes)
            return
        whole = self.text(self.analyzer.simplify(lanes <= loop.extent))
        self.nested(f"if ({whole})", lambda: self.vector_stores(loop, lanes))
        self.lines.pop()
        self.nested("} else", lambda: self.lane_by_lane(loop))

    def only_registers(self, loop: Any) -> bool:
        """Whether a loop writes register tiles only: it may then run over all lanes."""
        return all(s.buffer in self.registers for s in find(loop.body, tirx.BufferStore))

    def vector_stores(self, loop: Any, lanes: int) -> None:
        """The body of a vector loop, once for all lanes."""
        vectors = Vectors(self, loop, lanes, self.registers)
        for stmt in statements(loop.body):
            target, _ = vectors.element(stmt.buffer, stmt.indices)
            operator = UPDATES.get(type(stmt.value))
            if operator and self.updates(stmt):
                self.line(f"{target} {operator} {vectors.text(stmt.value.b)};")
            else:
                self.line(f"{target} = {vectors.vector(stmt.value)};")

    def lane_by_lane(self, loop: Any) -> None:
        """The body of a vector loop that ends early: copies of the tile's vectors, read by lane."""
        spilled = len(self.spilled)
        for load in find(loop.body, ir.TensorLoad):
            self.spill(load, loop.loop_var)
        self.scalar_loop(loop)
        del self.spilled[spilled:]

    def spill(self, load: Any, lane: Any) -> None:
        """Copy a vector of a register tile to a variable that a loop over ``lane`` can subscript.

        Subscripting the tile itself would force it out of its registers for its whole life.
        """
        buffer, lanes = load.source, self.registers.get(load.source)
        if lanes is None or not uses(load.indices, lane):
            return
        if any(b.same_as(buffer) and same(i, load.indices) for b, i, _ in self.spilled):
            return
        start = [substitute(i, {lane: tirx.IntImm("int32", 0)}) for i in load.indices]
        source, _ = self.element(buffer, [*start[:-1], start[-1] // lanes])
        name = self.scope.fresh(f"{self.names[buffer]}_lanes")
        kind = self.vector_type(dtype_of(buffer), lanes)
        self.line(f"const {kind} {name} = {source};")
        self.spilled.append((buffer, load.indices, f"{name}[?]"))


def parallel_nest(loop: Any) -> list[Any]:
    """The variables of parallel loops that are nested with nothing in between, outermost first."""
    found = [loop.loop_var]
    while isinstance(loop.body, tirx.For) and int(loop.body.kind) == PARALLEL:
        loop = loop.body
        if any(uses([loop.min, loop.extent], var) for var in found):
            break
        found.append(loop.loop_var)
    return found
