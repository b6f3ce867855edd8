"""Objects of C++: methods, constructors, operators, functors and lambdas, inlined where called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hpctc.syntax import tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.changes import address, mutated
from hpctc.transpile.deduce import deduce, viable
from hpctc.transpile.fold import number
from hpctc.transpile.inlining import Inlining
from hpctc.transpile.program import Defined, last
from hpctc.transpile.scope import Layout, Scope, Typed

_LIMITS = {
    (kind, name): text
    for kind, texts in {
        "float": "max FLT_MAX,lowest -FLT_MAX,min FLT_MIN,epsilon FLT_EPSILON,infinity INFINITY"
        ",quiet_NaN NAN",
        "double": "max DBL_MAX,lowest -DBL_MAX,min DBL_MIN,epsilon DBL_EPSILON"
        ",infinity (double)INFINITY,quiet_NaN (double)NAN",
        "int": "max INT_MAX,lowest INT_MIN,min INT_MIN",
        "unsigned": "max UINT_MAX,lowest 0u,min 0u",
        "int64_t": "max INT64_MAX,lowest INT64_MIN,min INT64_MIN",
    }.items()
    for name, text in (row.split(" ") for row in texts.split(","))
}
"""(type, member of std::numeric_limits) -> C."""

MAKER = "constructor"
"""The name under which a struct's constructors are noted."""


@dataclass(frozen=True)
class Closure:
    """A lambda with what it sees."""

    node: tree.Lambda
    around: tuple[Scope, ...]
    """Scopes of where it was made; by reference, but for the last, which holds the copies."""
    mutable: frozenset[str]


class Objects(Inlining):
    """Calls of what is no plain function."""

    def method(self, node: tree.Call, function: tree.Member) -> Typed:
        """``object.method(args)``."""
        given = self.expr(function.base)
        kind = self.pointee(given, node) if function.arrow else types.bare(given.type)
        layout = self.shared.layouts.get(types.name(kind))
        if layout is None or function.name not in layout.methods:
            raise self.refused("HPC0006", f"{types.name(kind)}::{function.name}", node)
        place = self.dereferenced(given) if function.arrow else given
        args = [self.argument_of(a) for a in node.args]
        return self._method(place, layout, function.name, args, node)

    def static_call(self, node: tree.Call, holder: tree.Type, name: str) -> Typed:
        """``Struct<T>::function(args)``, and what the standard library says of a type."""
        if isinstance(holder, tree.Named) and last(holder.name) == "numeric_limits":
            return self._limit(holder, name, node)
        kind = self.resolve(holder)
        layout = self.layout_of(kind)
        if layout is None or name not in layout.methods:
            raise self.refused("HPC0006", f"{types.name(kind)}::{name}", node)
        args = [self.argument_of(a) for a in node.args]
        return self._method(Typed(tree.Name("none"), kind), layout, name, args, node)

    def _limit(self, holder: tree.Named, name: str, node: tree.Call) -> Typed:
        """``std::numeric_limits<T>::name()``."""
        kind = self.resolve(holder.args[0]) if holder.args else types.VOID  # type: ignore[arg-type]
        text = _LIMITS.get((types.name(kind), name))
        if text is None:
            raise self.refused("HPC0006", f"numeric_limits<{types.name(kind)}>::{name}", node)
        return Typed(intrinsics.expression(text), kind)

    def called_value(self, node: tree.Call, given: Typed) -> Typed:
        """``f(args)`` where ``f`` is an object: a lambda, or a struct with ``operator()``."""
        name = types.name(given.type)
        if name in self.closures:
            return self._lambda_call(self.closures[name], node)
        layout = self.shared.layouts.get(name)
        if layout is None or "operator()" not in layout.methods:
            raise self.refused("HPC0024", "a call through a pointer", node)
        args = [self.argument_of(a) for a in node.args]
        return self._method(given, layout, "operator()", args, node)

    def overloaded(self, op: str, given: Sequence[Typed], node: tree.Expr) -> Typed | None:
        """An operator that the source defines for these operands, None where it does not."""
        name = f"operator{op}"
        kinds = [types.name(g.type) for g in given]
        if not any(k in types.VECTORS or k in self.shared.layouts for k in kinds):
            return None
        layout = self.shared.layouts.get(kinds[0])
        if layout is not None and name in layout.methods:
            return self._method(given[0], layout, name, given[1:], node)
        found = self.program.functions.get(name, ())
        if not any(viable(self, f, [g.type for g in given]) for f in found):
            return None
        call = tree.Call(tree.Name(name), (), at=node.at)
        return self.own_call(call, name, list(given))

    def made(self, kind: tree.Type, args: Sequence[tree.Expr], node: tree.Node) -> Typed | None:
        """An object from a constructor of the source, None where its struct has none that fits."""
        layout = self.shared.layouts.get(types.name(kind))
        makers = layout.methods.get(MAKER, []) if layout is not None else []
        fitting = [m for m in makers if takes(m.item, len(args))]
        if layout is None or not fitting:
            return None
        given = [self.argument_of(a) for a in args]
        held = types.bare(kind)
        name = self.temporary(types.name(held).lower(), held, self.blank(held))
        place = Typed(name, held)
        maker = fitting[0].item
        self._begin(place, layout, maker, given, node)
        self._method(place, layout, MAKER, given, node)
        return place

    def blank(self, kind: tree.Type) -> tree.Expr | None:
        """What a struct's members say they start with; None where none does."""
        layout = self.shared.layouts.get(types.name(kind))
        if layout is None or not layout.defaults:
            return None
        with self.alone():
            values = [
                self.converted(self.expr(layout.defaults[name]), field)
                if name in layout.defaults
                else number(0)
                for name, field in layout.fields.items()
            ]
        return tree.Compound(types.bare(kind), tree.Braces(tuple(values)))

    # --- methods ---

    def _method(
        self, given: Typed, layout: Layout, name: str, args: Sequence[Typed], node: tree.Node
    ) -> Typed:
        fitting = [m for m in layout.methods[name] if takes(m.item, len(args))]
        if not fitting:
            raise self.refused("HPC0005", f"{name} is called with {len(args)} arguments", node)
        method = fitting[0]
        call = node if isinstance(node, tree.Call) else tree.Call(tree.Name(name), ())
        bound = deduce(self, method, [a.type for a in args], call)
        fields = self._fields(given, layout)
        return self.inlined(
            method.item, list(args), {**layout.templates, **bound}, node, (fields,)
        )  # fmt: skip

    def _fields(self, given: Typed, layout: Layout) -> Scope:
        """What the members' names stand for in a method of this object."""
        base = given.expr
        if not _is_place(base):
            base = self.temporary("self", types.bare(given.type), base)
        arrow = isinstance(base, tree.Unary) and base.op == "*"
        holder = base.operand if isinstance(base, tree.Unary) and arrow else base
        fields = {}
        for name, field in layout.fields.items():
            place: tree.Expr = tree.Member(holder, name, arrow)
            if isinstance(field, tree.Reference):
                place = tree.Unary("*", place)
            fields[name] = Typed(place, types.bare(field))
        here = holder if arrow else tree.Unary("&", base)
        return {**fields, "this": Typed(here, tree.Pointer(types.bare(given.type)))}

    def _begin(
        self, place: Typed, layout: Layout, maker: tree.Function, args: Sequence[Typed],
        node: tree.Node,
    ) -> None:  # fmt: skip
        """``: field(value), ...`` of a constructor."""
        if not maker.begin:
            return
        scope = {p.name: a for p, a in zip(maker.parameters, args, strict=False)}
        fields = self._fields(place, layout)
        for entry in maker.begin:
            step = entry.path[0]
            assert isinstance(step, tree.Member)
            if step.name not in fields:
                raise self.refused("HPC0007", f"{maker.name} has no member {step.name}", node)
            target = fields[step.name]
            if isinstance(layout.fields[step.name], tree.Reference):
                self._refer(target, entry, (fields, scope))
                continue
            values = entry.value.items if isinstance(entry.value, tree.Braces) else ()
            with self.alone((fields, scope)):
                if len(values) == 1 and not isinstance(values[0], tree.Braces):
                    value = self.converted(self.expr(values[0]), target.type)
                else:
                    value = self.construct(target.type, values)
            self.out.append(tree.Evaluate(tree.Assign("=", target.expr, value)))

    def _refer(self, target: Typed, entry: tree.Designated, around: Sequence[Scope]) -> None:
        """Let a member that is a reference point to what a constructor is given."""
        assert isinstance(target.expr, tree.Unary)
        assert isinstance(entry.value, tree.Braces)
        with self.alone(around):
            given = self.expr(entry.value.items[0])
        pointer = tree.Assign("=", target.expr.operand, address(given.expr))
        self.out.append(tree.Evaluate(pointer))

    # --- lambdas ---

    def _lambda(self, node: tree.Lambda) -> Typed:
        """A lambda as a value: what it captures by value and may change is copied now."""
        name = self.fresh("lambda")
        copies: Scope = {}
        for captured in self._by_value(node):
            found = self.lookup(captured)
            if found is not None and captured in self.mutable and not types.is_pointer(found.type):
                kept = self.temporary(captured, types.bare(found.type), found.expr)
                copies[captured] = Typed(kept, found.type)
        around = (*self.scopes, copies)
        self.closures[name] = Closure(node, around, frozenset(self.mutable))
        return Typed(tree.Name(name), tree.Named(name))

    def _by_value(self, node: tree.Lambda) -> set[str]:
        words = [w.strip() for w in node.captures.strip("[]").split(",")]
        named = {w for w in words if re.fullmatch(r"\w+", w)}
        if "=" not in words:
            return named
        used = {n.name for n in tree.walk(node.body) if isinstance(n, tree.Name)}
        return used - {w.lstrip("&") for w in words if w.startswith("&")}

    def _lambda_call(self, closure: Closure, node: tree.Call) -> Typed:
        function = tree.Function(
            "lambda", closure.node.result or tree.Named("auto"), closure.node.parameters,
            closure.node.body,
        )  # fmt: skip
        args = [self.argument_of(a) for a in node.args]
        kept, self.mutable = self.mutable, set(closure.mutable) | mutated(closure.node.body)
        value = self.inlined(function, args, {}, node, closure.around)
        self.mutable = kept
        return value


def takes(function: tree.Function, count: int) -> bool:
    """Whether a function can be called with so many arguments."""
    least = sum(p.value is None for p in function.parameters)
    return least <= count <= len(function.parameters)


def _is_place(node: tree.Expr) -> bool:
    """Whether an expression names an object that is there, and may be written several times."""
    match node:
        case tree.Name():
            return True
        case tree.Index(base, index):
            return _is_place(base) and not _acts(index)
        case tree.Member(base, _):
            return _is_place(base)
        case tree.Unary("*", operand):
            return not _acts(operand)
        case _:
            return False


def _acts(node: tree.Expr) -> bool:
    return any(isinstance(n, tree.Call | tree.Assign | tree.Postfix) for n in tree.walk(node))


__all__ = ["Closure", "Defined", "Objects"]
