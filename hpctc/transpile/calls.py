"""Calls: CUDA's functions by the table, the source's own emitted or inlined."""

from abc import abstractmethod
from collections.abc import Sequence

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.deduce import deduce, select, specialised
from hpctc.transpile.expressions import Expressions
from hpctc.transpile.fold import constant, number
from hpctc.transpile.program import Defined, last
from hpctc.transpile.scope import Barrier, Collective, Typed

NO_VALUE = Typed(tree.Number("0"), types.VOID)

_ATOMICS = {
    "atomicAdd": "add", "atomicSub": "sub", "atomicMax": "max", "atomicMin": "min",
    "atomicAnd": "and", "atomicOr": "or", "atomicXor": "xor", "atomicExch": "exchange",
    "atomicCAS": "cas", "atomicInc": "increment", "atomicDec": "decrement",
}  # fmt: skip

_HALF2 = {
    "__hadd2": "+", "__hsub2": "-", "__hmul2": "*", "__h2div": "/", "__hneg2": "neg",
    "__hmax2": "max", "__hmin2": "min", "__hfma2": "fma",
}  # fmt: skip


class Calls(Expressions):
    """Translates every kind of call."""

    def _call(self, node: tree.Call) -> Typed:
        if isinstance(node.function, tree.Member):
            return self.method(node, node.function)
        if (static := self._static_call(node)) is not None:
            return static
        name = last(node.function.name) if isinstance(node.function, tree.Name) else ""
        if (value := self.lookup(name) if name else self.expr(node.function)) is not None:
            return self.called_value(node, value)
        if self._is_own(node, name):
            return self.own_call(node, name, [self.argument_of(a) for a in node.args])
        if name.endswith("_cast") and node.templates:
            return self._named_cast(node, name)
        if (found := self._intrinsic(node, name)) is not None:
            return found
        if name in intrinsics.UNSUPPORTED:
            raise self.refused(intrinsics.UNSUPPORTED[name], name, node)
        if intrinsics.ROUNDED.fullmatch(name):
            raise self.refused("HPC0019", name, node)
        raise self.refused("HPC0006", name, node)

    def _intrinsic(self, node: tree.Call, name: str) -> Typed | None:
        """A function of CUDA's or C's, None where it is unknown."""
        for attempt in (self._together, self._memory, self._arithmetic_call, self.group_call):
            try:
                found = attempt(node, name)
            except (IndexError, ValueError):  # too few arguments to take apart
                detail = f"{name} is called with {len(node.args)} arguments"
                raise self.refused("HPC0028", detail, node) from None
            if found is not None:
                return found
        return None

    def _static_call(self, node: tree.Call) -> Typed | None:
        """``Struct<T>::function()`` or ``Struct::function()``, None where it is another call."""
        match node.function:
            case tree.Scoped(holder, name):
                return self.static_call(node, holder, name)
            case tree.Name(name) if "::" in name:
                space, _, member = name.rpartition("::")
                if self.holder(last(space)) is not None:
                    return self.static_call(node, tree.Named(last(space)), member)
            case _:
                pass
        return None

    def _is_own(self, node: tree.Call, name: str) -> bool:
        """Whether a call means a function of the source and no overload of CUDA's."""
        if name not in self.program.functions:
            return False
        if name not in ("max", "min", "abs"):
            return True
        return any(
            len(f.item.parameters) == len(node.args)
            and (f.parameters or self._matches(node, f.item))
            for f in self.program.functions[name]
        )

    def _matches(self, node: tree.Call, function: tree.Function) -> bool:
        kept, self.out = self.out, []
        given = [types.name(self.expr(a).type) for a in node.args]
        self.out = kept
        return given == [types.name(self.resolve(p.type)) for p in function.parameters]

    def _named_cast(self, node: tree.Call, name: str) -> Typed:
        assert node.templates is not None
        kind = self.argument(node.templates[0])
        if not isinstance(kind, tree.Type):
            raise self.refused("HPC0024", name, node)
        given = self.expr(node.args[0])
        if isinstance(node.templates[0], tree.Reference):
            kind = tree.Reference(types.bare(kind))
        return self.cast(kind, given)

    # --- threads together ---

    def _together(self, node: tree.Call, name: str) -> Typed | None:
        if name in intrinsics.BARRIERS:
            self.out.append(Barrier(at=node.at))
            return NO_VALUE
        if name in intrinsics.FENCES:
            if not self.shared.parallel:
                return NO_VALUE
            return Typed(
                tree.Call(tree.Name("__atomic_thread_fence"), (tree.Name("__ATOMIC_SEQ_CST"),)),
                types.VOID,
            )
        if name == "__match_all_sync":
            return self._match_all(node)
        if (kind := intrinsics.COLLECTIVES.get(name)) is None:
            return None
        given = [self.expr(a) for a in node.args]
        if name.endswith("_sync") and not name.startswith("__syncthreads"):
            given = given[1:]  # the mask: who takes part is known from the control flow
        return self.collective(kind, given)

    def collective(self, kind: str, given: Sequence[Typed]) -> Typed:
        """A value that the threads of a warp or block make together."""
        if self.geometry is None:
            raise AssertionError("functions that use threads are inlined")
        made: tree.Type = types.INT
        if kind in ("shfl", "up", "down", "xor"):
            made = types.promoted(given[0].type) if given else types.INT
            made = given[0].type if types.is_float(given[0].type) else made
        elif kind in ("ballot", "active", "match"):
            made = types.UNSIGNED
        elif kind in ("add", "min", "max", "and", "or", "exor"):
            made = types.bare(given[0].type)
        if types.name(made) == "index":
            made = types.UNSIGNED
        target = self.temporary(kind.removeprefix("block_"), made)
        args = tuple(g.expr for g in given)
        self.out.append(Collective(kind, target, args, made))
        return Typed(target, made)

    def _match_all(self, node: tree.Call) -> Typed:
        _, value, flag = (self.expr(a) for a in node.args)
        match = self.collective("match", [value])
        active = self.collective("active", [])
        same = tree.Binary("==", match.expr, active.expr)
        place = self.dereferenced(flag).expr
        self.out.append(tree.Evaluate(tree.Assign("=", place, same)))
        return Typed(tree.Select(place, match.expr, tree.Number("0")), types.UNSIGNED)

    # --- memory ---

    def _memory(self, node: tree.Call, name: str) -> Typed | None:
        if name in intrinsics.LOADS:
            return self.dereferenced(self.expr(node.args[0]))
        if name in intrinsics.STORES:
            place, value = self.dereferenced(self.expr(node.args[0])), self.expr(node.args[1])
            return Typed(
                tree.Assign("=", place.expr, self.converted(value, place.type)), place.type
            )
        if name in intrinsics.NOTHING:
            return NO_VALUE
        if name == "printf":
            args = tuple(self.value(a).expr for a in node.args)
            return Typed(tree.Call(tree.Name("printf"), args), types.INT)
        if name in ("memcpy", "memset"):
            return Typed(
                tree.Call(tree.Name(name), tuple(self.expr(a).expr for a in node.args)), types.VOID
            )
        if name == "__pipeline_memcpy_async":
            to, what = (self.expr(a) for a in node.args[:2])
            size = self.expr(node.args[2]).expr
            copy = tree.Call(tree.Name("memcpy"), (to.expr, what.expr, size))
            return Typed(copy, types.VOID)
        kind = _ATOMICS.get(name.removesuffix("_block").removesuffix("_system"))
        return None if kind is None else self._atomic(kind, [self.expr(a) for a in node.args])

    def _atomic(self, kind: str, args: list[Typed]) -> Typed:
        held = self.pointee(args[0], args[0].expr)
        name = types.name(held)
        address, *values = (a.expr for a in args)
        if kind == "cas" and name in types.INTEGERS:
            return Typed(tree.Call(tree.Name(f"atomic_swap_if_{name}"), (address, *values)), held)
        if kind in ("max", "min") and name in types.INTEGERS:
            return Typed(tree.Call(tree.Name(f"atomic_{kind}_{name}"), (address, *values)), held)
        if kind in ("increment", "decrement"):
            return Typed(tree.Call(tree.Name(f"atomic_{kind}"), (address, *values)), held)
        if name in types.INTEGERS:
            builtin = "__atomic_exchange_n" if kind == "exchange" else f"__atomic_fetch_{kind}"
            order = tree.Name("__ATOMIC_SEQ_CST")
            return Typed(tree.Call(tree.Name(builtin), (address, *values, order)), held)
        if kind == "add" and name in ("float", "double", "_Float16"):
            return Typed(tree.Call(tree.Name(f"atomic_add_{name}"), (address, *values)), held)
        if kind == "exchange" and name == "float":
            return Typed(tree.Call(tree.Name("atomic_exchange_float"), (address, *values)), held)
        raise self.refused("HPC0006", f"atomic {kind} of {name or 'a pointer'}", args[0].expr)

    # --- arithmetic ---

    def _arithmetic_call(self, node: tree.Call, name: str) -> Typed | None:
        if name in ("max", "min", "umax", "umin", "fmaxf", "fminf", "fmax", "fmin") and (
            len(node.args) == 2
        ):
            return self._extreme(node, name)
        if name in ("abs", "labs", "llabs", "fabs", "fabsf"):
            return self._absolute(self.value(node.args[0]))
        if name.startswith("make_") and (made := types.scalar(name[5:])) in types.VECTORS:
            assert made is not None
            return Typed(self.construct(tree.Named(made), node.args), tree.Named(made))
        if (vectors := self._vector_call(node, name)) is not None:
            return vectors
        if (formula := intrinsics.formula(name)) is not None:
            return self._formula(node, name, formula)
        if name in ("__sincosf", "sincosf", "sincos"):
            return self._sine_and_cosine(node, name)
        return self._library(node, name)

    def _formula(self, node: tree.Call, name: str, formula: intrinsics.Formula) -> Typed:
        wide = name == "__bfloat162float"
        args = [self.expr(a) for a in node.args]
        if len(args) != formula.arity:
            raise self.refused("HPC0028", f"{name} is called with {len(args)} arguments", node)
        if "bf16" in {types.name(a.type) for a in args} and not wide:
            result = self.widened(Typed(formula.apply([self.widened(a).expr for a in args]),
                                        types.FLOAT))  # fmt: skip
            if formula.result == "_Float16":
                return Typed(tree.Call(tree.Name("float_to_bf16"), (result.expr,)), types.BF16)
            return Typed(result.expr, tree.Named(formula.result))
        return Typed(formula.apply([a.expr for a in args]), tree.Named(formula.result))

    def _library(self, node: tree.Call, name: str) -> Typed | None:
        if name in ("__bfloat162float", "__bfloat16_as_ushort"):
            given = self.expr(node.args[0])
            return self.widened(given) if name == "__bfloat162float" else Typed(
                given.expr, tree.Named("uint16_t")
            )  # fmt: skip
        if name in intrinsics.PREDICATES:
            return Typed(tree.Call(tree.Name(name), (self.value(node.args[0]).expr,)), types.BOOL)
        plain = name if name in intrinsics.FLOAT_MATH else name.removesuffix("f")
        if plain in intrinsics.FLOAT_MATH and len(node.args) != intrinsics.arity(plain):
            raise self.refused("HPC0028", f"{name} is called with {len(node.args)} arguments", node)
        if name in intrinsics.FLOAT_MATH:
            args = [self.value(a) for a in node.args]
            single = any(types.name(a.type) in ("float", "_Float16") for a in args) and not any(
                types.name(a.type) == "double" for a in args
            )
            function = tree.Name(name + ("f" if single else ""))
            made = types.FLOAT if single else types.DOUBLE
            return Typed(tree.Call(function, tuple(a.expr for a in args)), made)
        if plain in intrinsics.FLOAT_MATH:
            args = [self.value(a) for a in node.args]
            return Typed(tree.Call(tree.Name(name), tuple(a.expr for a in args)), types.FLOAT)
        return None

    def _extreme(self, node: tree.Call, name: str) -> Typed:
        left, right = (self.value(a) for a in node.args)
        return self.extreme("max" if "max" in name else "min", left, right, name)

    def extreme(self, which: str, left: Typed, right: Typed, name: str = "") -> Typed:
        """The larger or smaller of two values, as CUDA says it of NaNs."""
        kind = types.common(left.type, right.type)
        if name.endswith("f") and name.startswith("fm"):
            kind = types.FLOAT
        elif name.startswith("f") and not types.is_float(kind):
            kind = types.DOUBLE
        if types.name(kind) in types.VECTORS:
            return self.elementwise(which, [left, right])
        held = "int" if types.name(kind) == "index" else types.name(kind)
        op = ">" if which == "max" else "<"
        for value, other in ((left.expr, right.expr), (right.expr, left.expr)):
            fixed = _literal(other) and _repeatable(value)
            if (
                held != "_Float16"
                and fixed
                and types.name(left.type) == types.name(right.type) == held
            ):
                return Typed(tree.Select(tree.Binary(op, value, other), value, other), kind)
        call = tree.Call(tree.Name(f"{which}_{held}"), (left.expr, right.expr))
        return Typed(call, kind)

    def _absolute(self, given: Typed) -> Typed:
        kind = types.name(given.type)
        function = {"float": "fabsf", "_Float16": "fabsf", "double": "fabs", "int64_t": "llabs"}
        call = tree.Call(tree.Name(function.get(kind, "abs")), (given.expr,))
        return Typed(call, types.promoted(given.type))

    def _sine_and_cosine(self, node: tree.Call, name: str) -> Typed:
        value, *places = (self.expr(a) for a in node.args)
        single = "f" if name.endswith("f") else ""
        for function, place in zip(("sin", "cos"), places, strict=True):
            call = tree.Call(tree.Name(function + single), (value.expr,))
            target = self.dereferenced(place).expr
            self.out.append(tree.Evaluate(tree.Assign("=", target, call)))
        return NO_VALUE

    # --- vectors ---

    def _vector_call(self, node: tree.Call, name: str) -> Typed | None:
        if name in _HALF2:
            return self.elementwise(_HALF2[name], [self.expr(a) for a in node.args])
        shapes = {
            "__halves2half2": ("half2", None), "__floats2half2_rn": ("half2", None),
            "__float2half2_rn": ("half2", 2), "__half2half2": ("half2", 2),
            "__half22float2": ("float2", 0), "__float22half2_rn": ("half2", 0),
        }  # fmt: skip
        if name in ("__low2float", "__high2float", "__low2half", "__high2half"):
            part = tree.Member(self.expr(node.args[0]).expr, "x" if "low" in name else "y")
            half = Typed(part, types.HALF)
            return half if name.endswith("half") else self.cast(types.FLOAT, half)
        if name not in shapes:
            return None
        made, repeat = shapes[name]
        given = [self.expr(a) for a in node.args]
        element = tree.Named(types.VECTORS[made][0])
        if repeat == 0:
            held = types.VECTORS[types.name(given[0].type)][0]
            kept = self.held(given[0])
            given = [Typed(tree.Member(kept, axis), tree.Named(held)) for axis in "xy"]
        elif repeat:
            given = given * repeat
        parts = [self.cast(element, g) for g in given]
        return Typed(self.construct(tree.Named(made), (), parts), tree.Named(made))

    def held(self, given: Typed) -> tree.Expr:
        """A value that may be mentioned twice."""
        if isinstance(given.expr, tree.Name):
            return given.expr
        return self.temporary("pair", given.type, given.expr)

    def elementwise(self, op: str, args: list[Typed]) -> Typed:
        """An operation on vectors, place by place; a scalar goes with every place."""
        shape = next(types.name(a.type) for a in args if types.name(a.type) in types.VECTORS)
        element, width = types.VECTORS[shape]
        kept = [Typed(self.held(a), a.type) for a in args]
        values = []
        for axis in "xyzw"[:width]:
            parts = [
                Typed(tree.Member(k.expr, axis), tree.Named(element))
                if types.name(k.type) in types.VECTORS
                else k
                for k in kept
            ]
            values.append(self._place(op, parts, tree.Named(element)))
        return Typed(self.construct(tree.Named(shape), (), values), tree.Named(shape))

    def _place(self, op: str, parts: list[Typed], element: tree.Type) -> Typed:
        if op == "neg":
            made = Typed(tree.Unary("-", parts[0].expr), element)
        elif op == "fma":
            made = Typed(tree.Call(tree.Name("fmaf"), tuple(p.expr for p in parts)), types.FLOAT)
        elif op in ("max", "min"):
            made = self.extreme(op, parts[0], parts[1])
        else:
            made = self.operation(op, *parts)
        return self.cast(element, made)

    # --- the source's own functions ---

    def own_call(self, node: tree.Call, name: str, args: list[Typed]) -> Typed:
        """A call of one of the source's functions."""
        given = [a.type for a in args]
        found = self.program.functions[name]
        defined = select(self, found, given, node)
        bound = deduce(self, defined, given, node)
        defined = specialised(self, found, defined, bound)
        with_lambda = any(types.name(k) in self.closures for k in given)
        if with_lambda or (self.geometry is not None and self.program.uses_threads(name)):
            return self.inline(defined, args, bound, node)
        return self.emitted(defined, args, bound, node)

    @abstractmethod
    def static_call(self, node: tree.Call, holder: tree.Type, name: str) -> Typed:
        """``Struct<T>::function(args)`` (the objects' part of the translator does)."""

    @abstractmethod
    def called_value(self, node: tree.Call, given: Typed) -> Typed:
        """``f(args)`` where ``f`` is an object (the objects' part of the translator does)."""

    def argument_of(self, node: tree.Expr) -> Typed:
        """An argument; an initializer list waits for its parameter's type."""
        return self.expr(node)

    @abstractmethod
    def inline(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Put a function's body here (the statements' part of the translator does)."""

    @abstractmethod
    def emitted(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Call a function that the C has as well (the statements' part does)."""

    @abstractmethod
    def method(self, node: tree.Call, function: tree.Member) -> Typed:
        """A call of a method: of a group, or of a struct of the source."""

    @abstractmethod
    def group_call(self, node: tree.Call, name: str) -> Typed | None:
        """A function of cooperative groups or wmma (their part of the translator does)."""


def _literal(node: tree.Expr) -> bool:
    return isinstance(node, tree.Number) or (
        isinstance(node, tree.Unary) and node.op == "-" and isinstance(node.operand, tree.Number)
    )


def _repeatable(node: tree.Expr) -> bool:
    """Whether an expression may be written twice: short, and it does nothing."""
    nodes = list(tree.walk(node))
    return len(nodes) <= 12 and not any(
        isinstance(n, tree.Call | tree.Assign | tree.Postfix) for n in nodes
    )


def folded(node: tree.Expr) -> int | None:
    """The value of a translated constant."""
    return constant(node)


__all__ = ["NO_VALUE", "Calls", "folded", "number"]
