"""One scheduled TIR function as one C function."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tvm import ir, tirx

from hpctc.lower.c import maths
from hpctc.lower.c.expr import ADD, AND, ATOM, Expressions, Piece, new_analyzer, row_major
from hpctc.lower.c.names import Scope, identifier
from hpctc.lower.c.passes import lower
from hpctc.lower.c.scalars import is_scalar
from hpctc.lower.c.tree import (
    PARALLEL,
    UNROLLED,
    VECTORIZED,
    conjuncts,
    constant,
    find,
    statements,
)
from hpctc.lower.c.types import C_TYPES, ITEMSIZE, dtype_of

SIMD = "hpctc.simd"
"""Annotation of a serial loop that is to be ``#pragma omp simd``."""

STACK_BYTES = 64 << 10
"""Local arrays up to this size lie on the stack, larger ones on the heap."""


@dataclass
class CFunction:
    """A printed function and what it needs around it."""

    name: str
    params: list[str]
    """Declarations: ``const float *restrict x``."""
    body: list[str]
    """Lines, indented by one step."""
    helpers: set[tuple[str, str]] = field(default_factory=set)
    """Maths helpers in use: name, dtype."""

    def text(self, qualifier: str = "") -> str:
        """The definition."""
        head = f"{qualifier}void {self.name}({', '.join(self.params)}) {{"
        return "\n".join([head, *self.body, "}"]) + "\n"


def print_function(
    func: tirx.PrimFunc, name: str, args: Sequence[str] = (), taken: Sequence[str] = ()
) -> CFunction:
    """Print a scheduled (or unscheduled) function whose body still has blocks.

    ``args`` names its parameters, in order; without them the names in ``func`` are taken. Names in
    ``taken`` are used elsewhere in the file and not given to locals.
    """
    lowered = lower(func)
    scope = Scope({name, *taken})
    names = list(args) or [scope.fresh(p.name) for p in lowered.params]
    scope.taken.update(names)
    writer = Writer(scope)
    written = {s.buffer for s in find(lowered.body, tirx.BufferStore)}
    params = []
    for param, c_name in zip(lowered.params, names, strict=True):
        writer.names[param] = c_name
        writer.flat.add(param)
        const = "" if param in written else "const "
        params.append(f"{const}{C_TYPES[dtype_of(param)]} *restrict {c_name}")
    writer.statement(lowered.body)
    return CFunction(name, params, writer.lines, writer.helpers)


class Writer:
    """Writes statements as indented lines; the environment of the expressions in them."""

    def __init__(self, scope: Scope) -> None:
        self.lines: list[str] = []
        self.helpers: set[tuple[str, str]] = set()
        self.names: dict[Any, str] = {}
        self.flat: set[Any] = set()
        """Buffers that are a pointer in C; the others are arrays or scalars."""
        self.undeclared: set[Any] = set()
        """Scalars whose declaration waits for their first value."""
        self.analyzer = new_analyzer()
        self.scope = scope
        self.depth = 1
        self.expressions = Expressions(self)
        self.by_type: dict[Any, Callable[[Any], None]] = {
            tirx.SeqStmt: self.block,
            tirx.For: self.loop,
            tirx.BufferStore: self.store,
            tirx.IfThenElse: self.branch,
            tirx.Bind: self.bind,
            tirx.While: self.while_loop,
            tirx.AllocBuffer: lambda s: self.block(s),
            tirx.AttrStmt: lambda s: self.statement(s.body),
            tirx.Evaluate: lambda s: None,
            tirx.AssertStmt: lambda s: None,
        }

    # The environment of expressions.

    def name(self, var: Any) -> str:
        """The C name of a variable."""
        return self.names[var]

    def element(self, buffer: Any, indices: Any) -> Piece:
        """``x[i * 50 + k]`` of a pointer, ``acc[i][k]`` of a local array, ``acc`` of a scalar."""
        name = self.names[buffer]
        if buffer in self.flat:
            return f"{name}[{self.text(row_major(indices, buffer.shape, self.analyzer))}]", ATOM
        subscripts = [
            f"[{self.text(self.analyzer.simplify(index))}]"
            for index, extent in zip(indices, buffer.shape, strict=True)
            if constant(extent) != 1
        ]
        return name + "".join(subscripts), ATOM

    def helper(self, name: str, dtype: str) -> str:
        """Note the need of a helper."""
        self.helpers.add((name, dtype))
        return maths.helper_name(name, dtype)

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
        extents = [constant(e) for e in buffer.shape]
        if None in extents:
            raise NotImplementedError(f"the size of {buffer.name} is not known: {buffer.shape}")
        dtype = dtype_of(buffer)
        size = ITEMSIZE[dtype]
        for extent in extents:
            size *= extent or 0
        if size > STACK_BYTES:
            self.flat.add(buffer)
            size = -(-size // 64) * 64
            self.line(f"{C_TYPES[dtype]} *restrict {name} = aligned_alloc(64, {size});")
            return [name]
        subscripts = "".join(f"[{e}]" for e in extents if e != 1)
        if not subscripts and isinstance(then, tirx.BufferStore) and then.buffer.same_as(buffer):
            self.undeclared.add(buffer)
            return []
        align = "_Alignas(64) " if size >= 64 else ""
        self.line(f"{align}{C_TYPES[dtype]} {name}{subscripts};")
        return []

    def store(self, stmt: Any) -> None:
        """``y[i] = value;`` or ``y[i] += value;``."""
        target, _ = self.element(stmt.buffer, stmt.indices)
        value = stmt.value
        if stmt.buffer in self.undeclared:
            self.undeclared.remove(stmt.buffer)
            self.line(f"{C_TYPES[dtype_of(stmt.buffer)]} {target} = {self.text(value)};")
            return
        for kind, operator in ((tirx.Add, "+="), (tirx.Mul, "*="), (tirx.Sub, "-=")):
            if isinstance(value, kind) and isinstance(value.a, ir.TensorLoad):
                left, _ = self.expressions.piece(value.a)
                if left == target:
                    self.line(f"{target} {operator} {self.text(value.b)};")
                    return
        for kind, operator in ((tirx.Max, ">"), (tirx.Min, "<")):
            if isinstance(value, kind) and isinstance(value.a, ir.TensorLoad):
                left, _ = self.expressions.piece(value.a)
                if left == target:
                    self.update(target, operator, value.b)
                    return
        self.line(f"{target} = {self.text(value)};")

    def update(self, target: str, operator: str, value: Any) -> None:
        """``acc = acc > v ? acc : v``: what gcc turns into SIMD, at the price of forgetting NaN."""
        text, strength = self.expressions.piece(value)
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

    def nested(self, head: str, body: Any, tail: str = "}") -> None:
        """``head {``, the body one step deeper in a scope of its own, ``tail``."""
        outer, self.scope = self.scope, self.scope.inner()
        self.line(f"{head} {{")
        self.depth += 1
        self.statement(body)
        self.depth -= 1
        self.scope = outer
        self.line(tail)

    def branch(self, stmt: Any) -> None:
        """``if (...) { ... } else { ... }``."""
        condition = " && ".join(self.text(c, AND + 1) for c in conjuncts(stmt.condition))
        self.nested(f"if ({condition})", stmt.then_case)
        if stmt.else_case is not None:
            self.lines.pop()
            self.nested("} else", stmt.else_case)

    def while_loop(self, stmt: Any) -> None:
        """``while (...) { ... }``."""
        self.nested(f"while ({self.text(stmt.condition)})", stmt.body)

    def loop(self, stmt: Any) -> None:
        """``for (int i = 0; i < n; ++i) { ... }`` under the pragma of its kind."""
        outer, self.scope = self.scope, self.scope.inner()
        self.pragma(stmt)
        first = self.text(stmt.min)
        last = self.text(self.analyzer.simplify(stmt.min + stmt.extent), ADD)
        name = self.scope.fresh(*loop_names(stmt.loop_var.name))
        self.names[stmt.loop_var] = name
        self.analyzer.bind(stmt.loop_var, ir.Range.from_min_extent(stmt.min, stmt.extent), True)
        kind = "int" if dtype_of(stmt.loop_var) == "int32" else C_TYPES[dtype_of(stmt.loop_var)]
        step = f"++{name}" if stmt.step is None else f"{name} += {self.text(stmt.step)}"
        self.nested(f"for ({kind} {name} = {first}; {name} < {last}; {step})", stmt.body)
        self.scope = outer

    def reduction(self, loop: Any) -> str:
        """The clauses for the scalars that a SIMD loop accumulates."""
        inside = [a.buffer for a in find(loop, tirx.AllocBuffer)]
        clauses: dict[str, None] = {}
        for store in find(loop.body, tirx.BufferStore):
            operator = REDUCTIONS.get(type(store.value))
            if operator and is_scalar(store.buffer) and store.buffer not in inside:
                clauses[f" reduction({operator}:{self.name(store.buffer)})"] = None
        return "".join(clauses)

    def pragma(self, stmt: Any) -> None:
        """The pragma that a loop's kind asks for."""
        kind = int(stmt.kind)
        simd = kind == VECTORIZED or SIMD in stmt.annotations
        words = ["parallel for"] if kind == PARALLEL else []
        if simd:
            words.append("simd" + self.reduction(stmt))
        if words:
            self.line(f"#pragma omp {' '.join(words)}")
        elif kind == UNROLLED and (extent := constant(stmt.extent)) is not None and extent > 1:
            self.line(f"#pragma GCC unroll {extent}")


REDUCTIONS = {tirx.Add: "+", tirx.Mul: "*", tirx.Max: "max", tirx.Min: "min"}
"""Updates that OpenMP may carry out in any order."""


def tidy(name: str) -> str:
    """A buffer's or a bound value's name without TVM's decoration."""
    text = re.sub(r"^(T_|v_(?=\w))", "", name)
    text = re.sub(r"[._](local|global)$", "", text)
    return identifier(text)


def loop_names(name: str) -> tuple[str, ...]:
    """What a loop variable may be called, the best first: ``ax0`` and ``i1`` become i, j, k..."""
    text = re.sub(r"_(init|fused|pad)\b", "", name.replace("_fused", ""))
    if re.fullmatch(r"(ax|i|v)_?\d*", text):
        return ("i", "j", "k", "l", "m", "n", "i")
    return (text,)
