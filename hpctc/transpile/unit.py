"""The whole C source: includes, helpers, types, one function a kernel, and the entry."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hpctc.core.records import Launch, Tensor
from hpctc.native.call import C_TYPES
from hpctc.syntax import tree
from hpctc.syntax.parse import parse
from hpctc.syntax.printer import show
from hpctc.transpile import intrinsics, types
from hpctc.transpile.blocks import loops, shapes
from hpctc.transpile.contract.writer import prelude
from hpctc.transpile.deduce import Bound
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.fold import number
from hpctc.transpile.kernel import translate
from hpctc.transpile.names import claimed
from hpctc.transpile.program import Defined, Program
from hpctc.transpile.records import spelled, vector
from hpctc.transpile.scope import RESERVED, Geometry, Shared

_HEADERS = {
    "float.h": r"\b(FLT|DBL)_\w+\b",
    "limits.h": r"\bU?INT_(MAX|MIN)\b",
    "math.h": r"\b(" + "|".join(f"{n}f?" for n in sorted(intrinsics.FLOAT_MATH))
    + r"|isnan|isinf|isfinite|signbit|INFINITY|NAN|M_PI|llrintf)\b",
    "stdbool.h": r"\bbool\b",
    "stdint.h": r"\bu?int(8|16|32|64)_t\b",
    "stdio.h": r"\bprintf\b",
    "stdlib.h": r"\b(aligned_alloc|free|abs|llabs)\b",
    "string.h": r"\bmem(cpy|set)\b",
}  # fmt: skip

_TRAPPING = r" \? |\bif \(|\b(ceil|floor|trunc|round|rint|nearbyint)f?\("
"""What the compiler leaves out of SIMD for the sake of exception flags: choices, and rounding."""

QUIET = """// Nobody reads the exception flags: conditional arithmetic may become SIMD.
#pragma GCC optimize("no-trapping-math")
"""

WIDE = """#ifdef __AVX512F__
// Much arithmetic on every load: whole vectors, where gcc prefers halves of them.
#pragma GCC target("prefer-vector-width=512")
#endif
"""
"""For functions of ours that gcc vectorises; docs/schedules.md has what it is worth."""

STACK = 16_384
"""Bytes up to which a buffer between kernels lies on the stack."""


@dataclass(frozen=True)
class Call:
    """A launch whose extents and scalar arguments may be expressions of the entry's parameters."""

    kernel: str
    geometry: Geometry
    args: tuple[str | tree.Expr, ...]
    """A str names a buffer."""
    templates: tuple[tree.Expr | tree.Type, ...] = ()
    at: tree.Position | None = None


@dataclass(frozen=True)
class Buffer:
    """A global array as the entry knows it."""

    name: str
    type: tree.Type
    """Of an element."""
    const: bool = False
    count: int | None = None
    """Elements; needed only for a buffer that the entry allocates."""


@dataclass
class Unit:
    """Collects the parts of one C source."""

    program: Program
    entry: str
    parameters: str
    """The entry's, as C spells them."""
    buffers: Mapping[str, Buffer]
    scratch: Sequence[Buffer] = ()
    functions: dict[str, str] = field(default_factory=dict)

    def write(self, calls: Sequence[Call]) -> str:
        """The C text."""
        self.shared = Shared(self.program)
        self.taken = {self.entry, *self.buffers}
        self.made: dict[Any, str] = {}
        alone = len(calls) == 1 and not self.scratch and self._fits(calls[0])
        statements: list[Any] = []
        for call in calls:
            statements += self._inline(call) if alone else [self._call(call)]
        head, tail = self._scratch()
        body = show(tree.Block((*head, *statements, *tail)))
        entry = f"void {self.entry}({self.parameters}) {body}"
        if not statements:
            entry = f"void {self.entry}({self.parameters}) {{\n}}\n"
        return self._assembled(entry)

    # --- kernels ---

    def _prepared(self, call: Call) -> tuple[Defined, Bound, list[tree.Type]]:
        defined = self.program.kernel(call.kernel)
        scopes = resolver(self.shared)
        bound: Bound = {}
        for parameter, argument in zip(defined.parameters, call.templates, strict=False):
            bound[parameter.name] = scopes.argument(argument)
        for parameter in defined.parameters:
            if parameter.name not in bound and parameter.default is not None:
                bound[parameter.name] = scopes.argument(parameter.default)
        given = defined.item.parameters
        if len(call.args) != len(given):
            detail = f"{call.kernel} has {len(given)} parameters and is given {len(call.args)}"
            raise Diagnosed("HPC0005", detail, defined.item.at)
        self._deduced(defined, call, bound)
        scopes.templates = dict(bound)
        return defined, bound, [scopes.resolve(p.type) for p in given]

    def _deduced(self, defined: Defined, call: Call, bound: Bound) -> None:
        from hpctc.transpile.deduce import match

        names = {p.name for p in defined.parameters}
        for parameter, arg in zip(defined.item.parameters, call.args, strict=True):
            if isinstance(arg, str) and arg in self.buffers:
                match(parameter.type, tree.Pointer(self.buffers[arg].type), names, bound)
        missing = [p.name for p in defined.parameters if p.name not in bound]
        if missing:
            raise Diagnosed("HPC0018", f"{missing[0]} of {call.kernel}", defined.item.at)

    def _fits(self, call: Call) -> bool:
        """Whether the kernel's pointers have the entry's types, so that no cast is needed."""
        _, _, kinds = self._prepared(call)
        named = [a for a in call.args if isinstance(a, str)]
        if len(set(named)) != len(named):
            return False
        for arg, kind in zip(call.args, kinds, strict=True):
            if isinstance(arg, str) and arg in self.buffers:
                held = types.bare(types.element(kind))
                if spelled(held) != spelled(self.buffers[arg].type):
                    return False
        return True

    def _inline(self, call: Call) -> tuple[Any, ...]:
        defined, bound, kinds = self._prepared(call)
        args = [tree.Name(a) if isinstance(a, str) else a for a in call.args]
        return self._loops(defined, call, bound, kinds, args)

    def _call(self, call: Call) -> tree.Evaluate:
        defined, bound, kinds = self._prepared(call)
        key = (call.kernel, call.templates, call.geometry, tuple(
            None if isinstance(a, str) else a for a in call.args))  # fmt: skip
        if key not in self.made:
            self.made[key] = self._function(defined, call, bound, kinds)
        values = []
        for arg, kind in zip(call.args, kinds, strict=True):
            if isinstance(arg, str):
                values.append(self._pointer(arg, kind))
            elif isinstance(arg, tree.Name):
                values.append(arg)
        return tree.Evaluate(tree.Call(tree.Name(self.made[key]), tuple(values)))

    def _pointer(self, name: str, kind: tree.Type) -> tree.Expr:
        buffer = self.buffers[name]
        held = types.element(kind)
        same = spelled(types.bare(held)) == spelled(buffer.type)
        const = isinstance(held, tree.Qualified)
        if same and (const or not buffer.const):
            return tree.Name(name)
        return tree.Cast(spelled(types.decayed(kind)), tree.Name(name))

    def _function(
        self, defined: Defined, call: Call, bound: Bound, kinds: Sequence[tree.Type]
    ) -> str:
        name = claimed(call.kernel.rpartition("::")[2], self.taken)
        args: list[tree.Expr] = []
        parameters = []
        named = [a for a in call.args if isinstance(a, str)]
        distinct = len(set(named)) == len(named)
        for given, arg, kind in zip(defined.item.parameters, call.args, kinds, strict=True):
            own = own_name(given.name, args)
            if isinstance(arg, str):
                pointer = types.decayed(kind)
                assert isinstance(pointer, tree.Pointer)
                words = ("restrict",) if distinct else ()
                parameters.append(tree.Parameter(own, spelled(tree.Pointer(pointer.to, words))))
                args.append(tree.Name(own))
            elif isinstance(arg, tree.Name):
                parameters.append(tree.Parameter(own, spelled(kind)))
                args.append(tree.Name(own))
            else:
                args.append(arg)
        body = self._loops(defined, call, bound, kinds, args)
        made = tree.Function(name, types.VOID, tuple(parameters), tree.Block(body), ("static",))
        self.functions[name] = show(shapes(made))
        return name

    def _loops(
        self, defined: Defined, call: Call, bound: Bound,
        kinds: Sequence[tree.Type], args: Sequence[tree.Expr],
    ) -> tuple[Any, ...]:  # fmt: skip
        const = set()
        for given, arg, kind in zip(call.args, args, kinds, strict=True):
            if isinstance(given, str) and isinstance(arg, tree.Name):
                held = types.element(kind)
                if isinstance(held, tree.Qualified) or self.buffers[given].const:
                    const.add(arg.name)
        kernel = translate(self.shared, defined, call.geometry, bound, args)
        named = [a for a in call.args if isinstance(a, str)]
        if len(set(named)) != len(named):
            pointers = {a.name for a in args if isinstance(a, tree.Name)}
            kernel = replace(kernel, aliased=frozenset(pointers))
        return tuple(shapes(s) for s in loops(kernel, call.geometry, frozenset(const)))

    # --- the text ---

    def _scratch(self) -> tuple[list[Any], list[Any]]:
        head: list[Any] = []
        tail: list[Any] = []
        for buffer in self.scratch:
            count = buffer.count or 1
            kind = spelled(buffer.type)
            size = types.BYTES[types.name(buffer.type)]
            if count * size <= STACK:
                array = tree.Array(kind, number(count))
                variable = tree.Variable(buffer.name, array, ("_Alignas(64)",))
            else:
                total = number(-(-count * size // 64) * 64)
                made = tree.Call(tree.Name("aligned_alloc"), (number(64), total))
                variable = tree.Variable(buffer.name, tree.Pointer(kind), value=made)
                tail.append(tree.Evaluate(tree.Call(tree.Name("free"), (tree.Name(buffer.name),))))
            head.append(tree.Declaration((variable,)))
        return head, tail

    def _assembled(self, entry: str) -> str:
        device = [show(shapes(f)) for f in self.shared.functions.values() if f is not None]
        parts = [*self._globals(), *device, *self.functions.values(), entry]
        records = list(self.shared.records.values())
        text = "\n".join([*records, *parts])
        maths, text = intrinsics.vectorised(text)
        text = "\n".join([*maths, *intrinsics.needed(text), text])
        vectors = [vector(name) for name in types.VECTORS if re.search(rf"\b{name}\b", text)]
        aliases = self._aliases(text)
        tiles = prelude(text)
        text = "\n".join([*tiles, *vectors, *aliases, text])
        includes = "".join(
            f"#include <{header}>\n" for header, words in _HEADERS.items() if re.search(words, text)
        )
        asked = QUIET * bool(maths or re.search(_TRAPPING, text)) + WIDE * bool(maths)
        told = f"#if defined(__GNUC__) && !defined(__clang__)\n{asked}#endif\n\n" if asked else ""
        head = f"{includes}\n" if includes else ""
        return f"{head}{told}{text}"

    def _aliases(self, text: str) -> list[str]:
        found = sorted(set(re.findall(r"\baliased_(\w+)\b", text)))
        return [f"typedef {n} __attribute__((may_alias)) aliased_{n};\n" for n in found]

    def _globals(self) -> list[str]:
        made = []
        scopes = resolver(self.shared)
        done: set[str] = set()
        while pending := [n for n in self.shared.globals if n not in done]:
            for name in pending:
                done.add(name)
                variable = self.shared.globals[name]
                value = scopes.initial(variable)
                kind = variable.type
                words = kind.qualifiers if isinstance(kind, tree.Qualified) else ()
                const = {"__constant__", "const", "constexpr"} & {*variable.storage, *words}
                storage = ("static", "const") if const else ("static",)
                kind = spelled(scopes.resolve(variable.type))
                made.append(
                    show(tree.Declaration((tree.Variable(name, kind, storage, value=value),)))
                )
        return made


def own_name(name: str, args: Sequence[tree.Expr]) -> str:
    """A parameter's name that C and the parameters before it leave free."""
    used = {a.name for a in args if isinstance(a, tree.Name)}
    candidate = name or "unused"
    while candidate in used or candidate in RESERVED:
        candidate += "_"
    return candidate


def resolver(shared: Shared) -> Any:
    """A translator outside every function: it resolves types and constants."""
    from hpctc.transpile.kernel import Translator

    return Translator(shared, None, {})


def buffer(tensor: Tensor, const: bool) -> Buffer:
    """A record's tensor as a buffer of the C."""
    kind = types.CANONICAL.get(C_TYPES.get(tensor.dtype, tensor.dtype + "_t"), "int")
    count = int(np.prod(tensor.shape, dtype=np.int64))
    return Buffer(tensor.name, tree.Named(kind), const, count)


def parameter(tensor: Tensor, const: str = "") -> str:
    """A record's tensor as a parameter of the entry; as :func:`hpctc.native.call.prototype`."""
    kind = C_TYPES.get(tensor.dtype, f"{tensor.dtype}_t")
    return f"{const}{kind} *restrict {tensor.name}"


def literal(value: float, kind: tree.Type) -> tree.Expr:
    """A scalar argument as C writes it, in its parameter's type."""
    if types.is_integer(kind):
        return number(int(value))
    text = repr(float(value))
    if text in ("inf", "-inf", "nan"):
        name = tree.Name("NAN" if text == "nan" else "INFINITY")
        return tree.Unary("-", name) if text.startswith("-") else name
    suffix = "f" if types.name(kind) in ("float", "_Float16", "bf16") else ""
    literal = tree.Number(text.removeprefix("-") + suffix)
    return tree.Unary("-", literal) if text.startswith("-") else literal


def geometry(launch: Launch) -> Geometry:
    """The shape of a recorded launch."""
    x, y, z = (number(e) for e in launch.grid)
    return Geometry((x, y, z), launch.block, number(launch.shared_bytes))


def split(kernel: str) -> tuple[str, tuple[tree.Expr | tree.Type, ...]]:
    """``scale<float, 4>`` as a name and template arguments."""
    name, _, rest = kernel.partition("<")
    if not rest:
        return name, ()
    inner = rest.rstrip().removesuffix(">")
    unit = parse(f"template <typename A> void f(A a) {{}} void g() {{ f<{inner}>(); }}")
    function = unit.items[-1]
    call = next(n for n in tree.walk(function) if isinstance(n, tree.Call))
    return name.strip(), call.templates or ()


__all__ = ["Buffer", "Call", "Unit", "buffer", "geometry", "literal", "parameter", "split"]
