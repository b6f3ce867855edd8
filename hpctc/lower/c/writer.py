"""Loops as lines of C: serial, parallel, unrolled, SIMD, and loops over the lanes of vectors."""

from collections.abc import Mapping
from typing import Any

from tvm import ir, tirx

from hpctc.lower.c.expr import ADD
from hpctc.lower.c.lanes import SIMD, lanes_of
from hpctc.lower.c.names import Scope, loop_names
from hpctc.lower.c.scalars import is_single
from hpctc.lower.c.statements import UPDATES, Statements, updates
from hpctc.lower.c.tree import (
    PARALLEL,
    UNROLLED,
    VECTORIZED,
    constant,
    find,
    same,
    statements,
    substitute,
    uses,
)
from hpctc.lower.c.types import C_TYPES, dtype_of
from hpctc.lower.c.vectors import Vectors

REDUCTIONS: dict[Any, str] = {tirx.Add: "+", tirx.Mul: "*", tirx.Max: "max", tirx.Min: "min"}
"""Updates that OpenMP may carry out in any order."""


class Writer(Statements):
    """Writes all statements of a function."""

    def __init__(self, scope: Scope, registers: Mapping[Any, int], body: Any) -> None:
        super().__init__(scope, registers, body)
        self.threaded: list[Any] = []
        """Variables of the parallel loops around here; loops inside them are not parallel again."""
        self.by_type[tirx.For] = self.loop

    def loop(self, stmt: Any) -> None:
        """A loop in the form that its kind asks for."""
        if int(stmt.kind) == VECTORIZED and lanes_of(stmt):
            self.vector_loop(stmt)
        elif SIMD in stmt.annotations:
            self.lane_by_lane(stmt)
        else:
            self.scalar_loop(stmt)

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
            local = store.buffer not in self.flat and store.buffer not in inside
            if operator and local and is_single(store.buffer):
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
            if not updates(stmt):
                self.line(f"{target} = {vectors.vector(stmt.value)};")
            elif operator is None:
                self.line(f"{target} = {vectors.fold(stmt.value)};")
            else:
                self.line(f"{target} {operator} {vectors.text(stmt.value.b)};")
            self.forget(stmt.buffer)

    def lane_by_lane(self, loop: Any) -> None:
        """A SIMD loop: it reads register tiles through copies of their vectors."""
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
