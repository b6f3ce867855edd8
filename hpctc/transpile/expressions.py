"""Expressions of CUDA C++ as expressions of C, each with its type."""

import re
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import fold, types
from hpctc.transpile.fold import constant, number
from hpctc.transpile.program import last
from hpctc.transpile.scope import Layout, Scopes, Typed

_CONSTANTS: dict[str, tuple[str, tree.Type]] = {
    "true": ("1", types.BOOL), "false": ("0", types.BOOL), "INFINITY": ("INFINITY", types.FLOAT),
    "NAN": ("NAN", types.FLOAT), "FLT_MAX": ("FLT_MAX", types.FLOAT),
    "FLT_MIN": ("FLT_MIN", types.FLOAT), "FLT_EPSILON": ("FLT_EPSILON", types.FLOAT),
    "DBL_MAX": ("DBL_MAX", types.DOUBLE), "INT_MAX": ("INT_MAX", types.INT),
    "INT_MIN": ("INT_MIN", types.INT), "UINT_MAX": ("UINT_MAX", types.UNSIGNED),
    "M_PI": ("M_PI", types.DOUBLE), "nullptr": ("0", tree.Pointer(types.VOID)),
    "NULL": ("0", tree.Pointer(types.VOID)),
}  # fmt: skip

_FIT_INT = frozenset({"index", "bool", "int8_t", "uint8_t", "int16_t", "uint16_t"})

_SIGN_MATTERS = frozenset({"/", "%", ">>", *fold.COMPARISONS})


class Expressions(Scopes):
    """One method a kind of node."""

    def expr(self, node: tree.Expr) -> Typed:
        """The C of an expression, and its type; what must run before it goes to ``out``."""
        method: Callable[[Any], Typed] | None = getattr(
            self, f"_{type(node).__name__.lower()}", None
        )
        if method is None:
            raise self.refused("HPC0024", type(node).__name__, node)
        return method(node)

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

    # --- leaves ---

    def _name(self, node: tree.Name) -> Typed:
        if (found := self.lookup(node.name)) is not None:
            return found
        name = last(node.name)
        bound = self.templates.get(name)
        if bound is not None and not isinstance(bound, tree.Type):
            return Typed(bound, types.INT)
        if name == "warpSize":
            return Typed(number(32), types.INT)
        if (value := self._enumerator(node.name)) is not None:
            return Typed(number(value), types.INT)
        if (static := self._static(node.name)) is not None:
            return static
        if name in self.program.variables:
            return self._global(self.program.variables[name])
        if name in _CONSTANTS:
            text, kind = _CONSTANTS[name]
            return Typed(tree.Number(text) if text.isdigit() else tree.Name(text), kind)
        raise self.refused("HPC0007", name, node)

    def _enumerator(self, name: str) -> int | None:
        """The value of ``Mode::Sum`` or ``Sum``; the enum's name tells two of that name apart."""
        known = self.program.enumerators
        scoped = "::".join(name.split("::")[-2:])
        return known.get(scoped, known.get(last(name)))

    def _static(self, name: str) -> Typed | None:
        """``Struct::constant``, also by a template parameter that stands for the struct."""
        holder, _, member = name.rpartition("::")
        return self._constant_of(self.holder(last(holder)), member)

    def _constant_of(self, layout: Layout | None, name: str) -> Typed | None:
        variable = layout.statics.get(name) if layout is not None else None
        if layout is None or variable is None or variable.value is None:
            return None
        kept, self.templates = self.templates, {**self.templates, **layout.templates}
        with self.alone():
            kind = self.resolve(variable.type)
            value = self.expr(variable.value).expr
        self.templates = kept
        return Typed(value, kind)

    def _scoped(self, node: tree.Scoped) -> Typed:
        found = self._constant_of(self.layout_of(self.resolve(node.holder)), node.name)
        if found is None:
            raise self.refused("HPC0007", node.name, node)
        return found

    def _global(self, variable: tree.Variable) -> Typed:
        if "__shared__" in variable.storage:
            return self.shared_by_name(variable)
        kind = self.resolve(variable.type)
        plain = variable.value is not None and not isinstance(kind, tree.Array)
        if plain and ("constexpr" in variable.storage or "const" in _qualifiers(variable.type)):
            assert variable.value is not None
            with self.alone():
                return Typed(self.expr(variable.value).expr, kind)
        self.shared.globals.setdefault(variable.name, variable)
        return Typed(tree.Name(variable.name), kind)

    def _number(self, node: tree.Number) -> Typed:
        text = node.text
        hexadecimal = text[:2] in ("0x", "0X")
        if re.search(r"[pP]" if hexadecimal else r"[.eE]", text):
            single = text[-1] in "fF"
            return Typed(node, types.FLOAT if single else types.DOUBLE)
        suffix = "".join(c for c in text.lower() if c in "ul")
        if (value := fold.constant(node)) is None:
            raise self.refused("HPC0028", f"{text} is no number", node)
        wide = "l" in suffix or value > (0xFFFFFFFF if "u" in suffix or hexadecimal else 0x7FFFFFFF)
        signless = "u" in suffix or (hexadecimal and 0x7FFFFFFF < value <= 0xFFFFFFFF)
        names = (("int", "unsigned"), ("int64_t", "uint64_t"))
        return Typed(node, tree.Named(names[wide][signless]))

    def _text(self, node: tree.Text) -> Typed:
        if node.text.startswith("'"):
            return Typed(node, types.INT)
        return Typed(node, tree.Pointer(tree.Named("char")))

    @abstractmethod
    def shared_by_name(self, variable: tree.Variable) -> Typed:
        """A file's ``__shared__`` variable (the statements' part of the translator does)."""

    # --- operators ---

    def _unary(self, node: tree.Unary) -> Typed:
        if node.op == "&":
            inner = self.expr(node.operand)
            if isinstance(inner.expr, tree.Unary) and inner.expr.op == "*":
                return Typed(inner.expr.operand, tree.Pointer(inner.type))
            return Typed(tree.Unary("&", inner.expr), tree.Pointer(inner.type))
        if node.op == "*":
            inner = self.expr(node.operand)
            return self.dereferenced(inner)
        if node.op == "!":
            return self.negated(node.operand)
        inner = self.expr(node.operand) if node.op in ("++", "--") else self.value(node.operand)
        if (found := self.overloaded(node.op, [inner], node)) is not None:
            return found
        if node.op in ("++", "--"):
            return Typed(tree.Unary(node.op, inner.expr), inner.type)
        if node.op == "+":
            return Typed(inner.expr, types.promoted(inner.type))
        if node.op == "-" and types.name(inner.type) == "half2":
            return self.elementwise("neg", [inner])
        if node.op == "-" and (value := constant(inner.expr)) is not None and value >= 0:
            return Typed(number(-value), types.promoted(inner.type))
        return Typed(tree.Unary(node.op, inner.expr), types.promoted(inner.type))

    def dereferenced(self, pointer: Typed) -> Typed:
        """``*pointer``, written as an index where the pointer is a sum."""
        kind = self.pointee(pointer, pointer.expr)
        match pointer.expr:
            case tree.Unary("&", operand):
                return Typed(operand, kind)
            case tree.Binary("+", left, right) if not isinstance(left, tree.Cast):
                return Typed(tree.Index(left, right), kind)
            case _:
                return Typed(tree.Unary("*", pointer.expr), kind)

    def negated(self, node: tree.Expr) -> Typed:
        """``!node``; a comparison of integers is turned around."""
        inner = self.value(node)
        match inner.expr:
            case tree.Unary("!", operand):
                return Typed(operand, types.BOOL)
            case tree.Binary(op, left, right) if op in fold.NEGATED and self._integers(node):
                return Typed(tree.Binary(fold.NEGATED[op], left, right), types.BOOL)
            case _:
                pass
        if (value := constant(inner.expr)) is not None:
            return Typed(number(int(not value)), types.BOOL)
        return Typed(tree.Unary("!", inner.expr), types.BOOL)

    def _integers(self, node: tree.Expr) -> bool:
        if not isinstance(node, tree.Binary):
            return False
        kept, self.out = self.out, []
        found = all(types.is_integer(self.expr(side).type) for side in (node.left, node.right))
        self.out = kept
        return found

    def _postfix(self, node: tree.Postfix) -> Typed:
        inner = self.expr(node.operand)
        return Typed(tree.Postfix(node.op, inner.expr), inner.type)

    def _binary(self, node: tree.Binary) -> Typed:
        if node.op in ("&&", "||"):
            return self._short_circuit(node)
        if node.op == ",":
            left, right = self.expr(node.left), self.expr(node.right)
            return Typed(tree.Binary(",", left.expr, right.expr), right.type)
        left, right = self.expr(node.left), self.expr(node.right)
        if (found := self.overloaded(node.op, [left, right], node)) is not None:
            return found
        return self.operation(node.op, left, right)

    def operation(self, op: str, left: Typed, right: Typed) -> Typed:
        """``left op right`` of translated operands."""
        narrow = "bf16" in (types.name(left.type), types.name(right.type))
        left, right = self.widened(left), self.widened(right)
        if types.name(left.type) in types.VECTORS:
            return self.elementwise(op, [left, right])
        kind = types.common(left.type, right.type)
        if types.is_pointer(kind):
            return self._pointer(op, left, right, kind)
        if op in ("<<", ">>"):
            kind = types.promoted(left.type)
        if op in _SIGN_MATTERS and types.name(kind) == "index":
            left, right = self._unsigned_like_cuda(op, left, right)
        if types.is_float(kind) and op not in ("<<", ">>"):
            left = Typed(self.converted(left, kind), left.type)
            right = Typed(self.converted(right, kind), right.type)
        result = types.BOOL if op in fold.COMPARISONS else kind
        if types.name(kind) in ("int", "index"):
            return Typed(self.fold.binary(op, left.expr, right.expr), result)
        made = Typed(tree.Binary(op, left.expr, right.expr), result)
        if narrow and types.name(result) == "float":
            return Typed(tree.Call(tree.Name("float_to_bf16"), (made.expr,)), types.BF16)
        return made

    def _unsigned_like_cuda(self, op: str, left: Typed, right: Typed) -> tuple[Typed, Typed]:
        """A comparison or division of thread indices with what may be negative."""
        lows = [self.fold.range(side.expr)[0] for side in (left, right)]
        sums = [types.name(s.type) == "index" and _only_adds(s.expr) for s in (left, right)]
        if all(low >= 0 or plain for low, plain in zip(lows, sums, strict=True)):
            return left, right
        if op in ("<", "<=", ">", ">=", "==", "!=") and _guards(left, right):
            return left, right
        cast = tree.Cast(types.UNSIGNED, left.expr)
        return Typed(cast, types.UNSIGNED), right

    def _pointer(self, op: str, left: Typed, right: Typed, kind: tree.Type) -> Typed:
        if op == "-" and types.is_pointer(left.type) and types.is_pointer(right.type):
            return Typed(tree.Binary(op, left.expr, right.expr), types.LONG)
        if op in fold.COMPARISONS:
            return Typed(tree.Binary(op, left.expr, right.expr), types.BOOL)
        if op == "+" and constant(right.expr) == 0:
            return Typed(left.expr, kind)
        match left.expr:
            case tree.Unary("&", tree.Index(base, index)) if op == "+":
                moved = self.fold.binary("+", index, right.expr)
                return Typed(tree.Unary("&", tree.Index(base, moved)), kind)
            case tree.Binary("+", base, index) if op == "+" and types.is_integer(right.type):
                return Typed(tree.Binary("+", base, self.fold.binary("+", index, right.expr)), kind)
            case _:
                return Typed(tree.Binary(op, left.expr, right.expr), kind)

    def _short_circuit(self, node: tree.Binary) -> Typed:
        left = self.value(node.left)
        kept, self.out = self.out, []
        right = self.value(node.right)
        late, self.out = self.out, kept
        if not late:
            return Typed(self.fold.binary(node.op, left.expr, right.expr), types.BOOL)
        result = self.temporary("both" if node.op == "&&" else "either", types.BOOL, left.expr)
        test: tree.Expr = result if node.op == "&&" else tree.Unary("!", result)
        then = tree.Evaluate(tree.Assign("=", result, right.expr))
        self.out.append(tree.If(test, tree.Block((*late, then))))  # type: ignore[arg-type]
        return Typed(result, types.BOOL)

    def temporary(self, name: str, kind: tree.Type, value: tree.Expr | None = None) -> tree.Name:
        """A variable of the C that the source does not have, declared in ``out``."""
        from hpctc.transpile.scope import Local

        unique = tree.Name(self.fresh(name))
        self.locals[unique.name] = Local(kind)
        self.out.append(tree.Declaration((tree.Variable(unique.name, kind, value=value),)))
        return unique

    def _assign(self, node: tree.Assign) -> Typed:
        target = self.expr(node.target)
        if isinstance(node.value, tree.Braces):
            literal = self.construct(target.type, node.value.items)
            return Typed(tree.Assign("=", target.expr, literal), target.type)
        value = self.expr(node.value)
        if (found := self.overloaded(node.op, [target, value], node)) is not None:
            return found
        compound = node.op != "="
        special = types.name(target.type) in {"bf16", *types.VECTORS}
        if compound and special:
            value = self.operation(node.op[:-1], target, value)
            return Typed(
                tree.Assign("=", target.expr, self.converted(value, target.type)), target.type
            )
        if compound:
            value = self.widened(value)
            if types.name(value.type) == "index" and node.op in ("/=", "%=", ">>="):
                value = self.signless(value)
            return Typed(tree.Assign(node.op, target.expr, value.expr), target.type)
        return Typed(tree.Assign("=", target.expr, self.converted(value, target.type)), target.type)

    def _select(self, node: tree.Select) -> Typed:
        condition = self.value(node.condition).expr
        kept, self.out = self.out, []
        yes = self.expr(node.yes)
        first, self.out = self.out, []
        no = self.expr(node.no)
        second, self.out = self.out, kept
        kind = yes.type if types.name(yes.type) == types.name(no.type) else types.common(
            self.widened(yes).type, self.widened(no).type
        )  # fmt: skip
        if (known := constant(condition)) is not None:
            self.out += first if known else second
            return Typed((yes if known else no).expr, kind)
        yes_expr, no_expr = self.converted(yes, kind), self.converted(no, kind)
        if not first and not second:
            return Typed(tree.Select(condition, yes_expr, no_expr), kind)
        result = self.temporary("picked", kind)
        then = (*first, tree.Evaluate(tree.Assign("=", result, yes_expr)))
        other = (*second, tree.Evaluate(tree.Assign("=", result, no_expr)))
        self.out.append(tree.If(condition, tree.Block(then), tree.Block(other)))  # type: ignore[arg-type]
        return Typed(result, kind)

    # --- access ---

    def _index(self, node: tree.Index) -> Typed:
        base, index = self.expr(node.base), self.expr(node.index)
        if (found := self.overloaded("[]", [base, index], node)) is not None:
            return found
        kind = self.pointee(base, node)
        match base.expr:
            case tree.Unary("&", tree.Index(inner, offset)):
                moved = self.fold.binary("+", offset, index.expr)
                return Typed(tree.Index(inner, moved), kind)
            case tree.Binary("+", inner, offset) if not isinstance(inner, tree.Cast):
                moved = self.fold.binary("+", offset, index.expr)
                return Typed(tree.Index(inner, moved), kind)
            case _:
                return Typed(tree.Index(base.expr, index.expr), kind)

    def _member(self, node: tree.Member) -> Typed:
        base = node.base
        plain = isinstance(base, tree.Name) and self.lookup(base.name) is None
        if plain and (found := self._geometry(base.name, node.name, node)) is not None:  # type: ignore[union-attr]
            return found
        given = self.expr(base)
        holder = self.pointee(given, node) if node.arrow else types.bare(given.type)
        name = types.name(holder)
        if name == "fragment":
            return self.fragment_member(given, holder, node.name)
        kind = self._field(name, node)
        if isinstance(kind, tree.Reference):
            pointer = tree.Member(given.expr, node.name, node.arrow)
            return Typed(tree.Unary("*", pointer), types.bare(kind))
        if node.arrow and isinstance(given.expr, tree.Unary) and given.expr.op == "&":
            return Typed(tree.Member(given.expr.operand, node.name), kind)
        if not node.arrow and isinstance(given.expr, tree.Unary) and given.expr.op == "*":
            return Typed(tree.Member(given.expr.operand, node.name, arrow=True), kind)
        return Typed(tree.Member(given.expr, node.name, node.arrow), kind)

    @abstractmethod
    def fragment_member(self, given: Typed, kind: tree.Type, member: str) -> Typed:
        """``fragment.x`` and ``fragment.num_elements`` (the warp's part of the translator does)."""

    def _field(self, name: str, node: tree.Member) -> tree.Type:
        if name in types.VECTORS:
            return tree.Named(types.VECTORS[name][0])
        layout = self.shared.layouts.get(name)
        if layout is None or node.name not in layout.fields:
            raise self.refused("HPC0007", f"{name or 'this value'} has no member {node.name}", node)
        return layout.fields[node.name]

    def _geometry(self, name: str, axis: str, node: tree.Node) -> Typed | None:
        if name not in ("threadIdx", "blockIdx", "blockDim", "gridDim"):
            return None
        if self.geometry is None or axis not in "xyz":
            raise self.refused("HPC0024", f"{name}.{axis}", node)
        where = "xyz".index(axis)
        if name == "blockDim":
            return Typed(number(self.geometry.block[where]), types.INDEX)
        blocks = self.geometry.grid[where]
        if name == "gridDim":
            return Typed(blocks, types.INDEX)
        extent = self.geometry.block[where] if name == "threadIdx" else constant(blocks)
        if extent == 1:
            return Typed(number(0), types.INDEX)
        return Typed(tree.Name(f"{'t' if name == 'threadIdx' else 'b'}{axis}"), types.INDEX)

    # --- casts and values ---

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

    @abstractmethod
    def elementwise(self, op: str, args: list[Typed]) -> Typed:
        """An operation on vectors, place by place (the calls' part of the translator does)."""

    @abstractmethod
    def overloaded(self, op: str, given: Sequence[Typed], node: tree.Expr) -> Typed | None:
        """An operator that the source defines (the objects' part of the translator does)."""

    @abstractmethod
    def made(self, kind: tree.Type, args: Sequence[tree.Expr], node: tree.Node) -> Typed | None:
        """An object from a constructor of the source (the objects' part does)."""

    @abstractmethod
    def blank(self, kind: tree.Type) -> tree.Expr | None:
        """What a struct's members say they start with (the objects' part does)."""


def _qualifiers(kind: tree.Type) -> tuple[str, ...]:
    return kind.qualifiers if isinstance(kind, tree.Qualified) else ()


def _only_adds(node: tree.Expr) -> bool:
    """Whether an expression of thread indices cannot be negative unless it overflows."""
    return not any(
        (isinstance(n, tree.Binary) and n.op == "-") or (isinstance(n, tree.Unary) and n.op == "-")
        for n in tree.walk(node)
    )


def _guards(left: Typed, right: Typed) -> bool:
    """``index < n`` with an int n: a size, which is not negative."""
    kinds = {types.name(left.type), types.name(right.type)}
    names = [s.expr for s in (left, right) if types.name(s.type) == "int"]
    return kinds == {"index", "int"} and all(isinstance(n, tree.Name) for n in names) and all(
        _only_adds(s.expr) for s in (left, right)
    )  # fmt: skip
