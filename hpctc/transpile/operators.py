"""Operators, with C's types and CUDA's unsigned thread indices."""

from hpctc.syntax import tree
from hpctc.transpile import fold, types
from hpctc.transpile.conversions import Conversions
from hpctc.transpile.fold import constant, number
from hpctc.transpile.scope import Typed

_SIGN_MATTERS = frozenset({"/", "%", ">>", *fold.COMPARISONS})


class Operators(Conversions):
    """One method a kind of operator, and :meth:`operation` for operands that are translated."""

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
