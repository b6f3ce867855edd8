"""Values of a wanted type: conversions, casts, and what is built of parts."""

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.places import Places
from hpctc.transpile.scope import Local, Typed

_FIT_INT = frozenset({"index", "bool", "int8_t", "uint8_t", "int16_t", "uint16_t"})
"""Types whose every value an int holds."""


class Conversions(Places):
    """C's own conversions are left to C; bfloat16 and CUDA's vectors are not C's."""

    def value(self, node: tree.Expr) -> Typed:
        """An expression for arithmetic: bfloat16 arrives as float."""
        return self.widened(self.expr(node))

    def widened(self, given: Typed) -> Typed:
        """A bfloat16 as the float that it stands for."""
        if types.name(given.type) == "bf16":
            return Typed(tree.Call(tree.Name("bf16_to_float"), (given.expr,)), types.FLOAT)
        return given

    def converted(self, given: Typed, kind: tree.Type) -> tree.Expr:
        """A value for a place of this type; C's own conversions are left to C."""
        wanted, had = types.name(kind), types.name(given.type)
        if wanted == "bf16" and had != "bf16":
            return tree.Call(tree.Name("float_to_bf16"), (given.expr,))
        if had == "bf16" and wanted in types.RANK and wanted != "bf16":
            return self.widened(given).expr
        if had == "index" and wanted not in ("index", "int", "unsigned") and wanted in types.RANK:
            return self.signless(given).expr
        return given.expr

    def signless(self, given: Typed) -> Typed:
        """What is made of thread indices, as unsigned where it may be negative as int."""
        if types.name(given.type) == "index" and self.fold.range(given.expr)[0] < 0:
            return Typed(tree.Cast(types.UNSIGNED, given.expr), types.UNSIGNED)
        return given

    def _cast(self, node: tree.Cast) -> Typed:
        return self.cast(self.resolve(node.type), self.expr(node.operand))

    def cast(self, kind: tree.Type, given: Typed) -> Typed:
        """``(kind)given``; casts that change nothing are dropped."""
        if isinstance(kind, tree.Reference):
            pointer = self.cast(tree.Pointer(kind.to), Typed(tree.Unary("&", given.expr),
                                                             tree.Pointer(given.type)))  # fmt: skip
            return self.dereferenced(pointer)
        wanted, had = types.name(kind), types.name(given.type)
        if types.is_pointer(kind) and isinstance(given.type, tree.Array | tree.Pointer):
            held = types.bare(types.element(kind))
            if types.bare(types.element(given.type)) == held:
                return Typed(given.expr, kind)
            return Typed(tree.Cast(kind, given.expr), kind)
        if wanted == had or (wanted == "int" and had in _FIT_INT):
            return Typed(given.expr, kind)
        if "bf16" in (wanted, had):
            return Typed(self.converted(given, kind), kind)
        if wanted == "int" and constant(given.expr) is not None:
            return Typed(given.expr, kind)
        if had == "index" and wanted not in ("unsigned", "index"):
            given = self.signless(given)
        if wanted in types.VECTORS:
            return self.broadcast(wanted, given)
        return Typed(tree.Cast(kind, given.expr), kind)

    def broadcast(self, name: str, given: Typed) -> Typed:
        """A scalar as a vector with that value in every place."""
        _, width = types.VECTORS[name]
        return Typed(self.construct(tree.Named(name), (), [given] * width), tree.Named(name))

    def _construct(self, node: tree.Construct) -> Typed:
        kind = self.resolve(node.type)
        if types.name(kind) in types.RANK or types.is_pointer(kind):
            if not node.args:
                return Typed(number(0), kind)
            return self.cast(kind, self.expr(node.args[0]))
        if (found := self.made(kind, node.args, node)) is not None:
            return found
        if not node.args and (blank := self.blank(kind)) is not None:
            return Typed(blank, kind)
        return Typed(self.construct(kind, node.args), kind)

    def construct(
        self, kind: tree.Type, args: tuple[tree.Expr, ...], given: list[Typed] | None = None
    ) -> tree.Expr:
        """A compound literal of a vector or struct; arrays become initializer lists."""
        kind = types.bare(kind)
        values = (
            given if given is not None else [self._entry(kind, i, a) for i, a in enumerate(args)]
        )
        name = types.name(kind)
        if name in types.VECTORS:
            place = tree.Named(types.VECTORS[name][0])
            items = tuple(self.converted(v, place) for v in values)
        else:
            items = tuple(v.expr for v in values)
        braces = tree.Braces(items or (number(0),))
        return braces if isinstance(kind, tree.Array) else tree.Compound(kind, braces)

    def _entry(self, kind: tree.Type, place: int, node: tree.Expr) -> Typed:
        if not isinstance(node, tree.Braces):
            return self.expr(node)
        if isinstance(kind, tree.Array):
            inner = kind.of
        else:
            layout = self.shared.layouts.get(types.name(kind))
            fields = list(layout.fields.values()) if layout is not None else []
            inner = fields[place] if place < len(fields) else types.INT
        return Typed(self.construct(inner, node.items), inner)

    def _braces(self, node: tree.Braces) -> Typed:
        raise self.refused("HPC0024", "an initializer list here", node)

    def _compound(self, node: tree.Compound) -> Typed:
        kind = self.resolve(node.type)
        return Typed(self.construct(kind, node.value.items), kind)

    def _sizeof(self, node: tree.SizeOf) -> Typed:
        operand = node.operand
        kind = self.resolve(operand) if isinstance(operand, tree.Type) else self.expr(operand).type
        name = types.name(kind)
        if name in types.BYTES:
            return Typed(number(types.BYTES[name]), types.ULONG)
        return Typed(tree.SizeOf(kind), types.ULONG)

    def temporary(self, name: str, kind: tree.Type, value: tree.Expr | None = None) -> tree.Name:
        """A variable of the C that the source does not have, declared in ``out``."""
        unique = tree.Name(self.fresh(name))
        self.locals[unique.name] = Local(kind)
        self.out.append(tree.Declaration((tree.Variable(unique.name, kind, value=value),)))
        return unique
