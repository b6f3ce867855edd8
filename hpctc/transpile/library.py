"""Functions of CUDA's and C's libraries, by the table where it has them."""

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.memory import Memory
from hpctc.transpile.scope import NO_VALUE, Typed


class Library(Memory):
    """Arithmetic, extremes and mathematics on scalars."""

    def _arithmetic_call(self, node: tree.Call, name: str) -> Typed | None:
        if name in ("max", "min", "umax", "umin", "fmaxf", "fminf", "fmax", "fmin") and (
            len(node.args) == 2
        ):
            return self._extreme(node, name)
        if name in ("abs", "labs", "llabs", "fabs", "fabsf"):
            return self._absolute(self.value(node.args[0]))
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
