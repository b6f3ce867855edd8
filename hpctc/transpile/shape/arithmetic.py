"""Addresses and guards of a body in digits of its axes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fold import (
    COMPARISONS,
    MIRRORED,
    NEGATED,
    Linear,
    constant,
    linear,
    number,
    written,
)
from hpctc.transpile.scope import Local
from hpctc.transpile.shape.digits import Digit, Digits, only
from hpctc.transpile.statements import mutated

_SUMS = frozenset({"+", "-", "*", "/", "%", "<<", ">>", "&"})
LIMIT = 2**31


class Arithmetic:
    """Rewrites a body: integer constants are put in, every integer expression becomes a form."""

    def __init__(
        self,
        digits: Digits,
        locals_: Mapping[str, Local],
        constants: frozenset[str],
        leaves: Mapping[str, Linear],
    ) -> None:
        self.digits = digits
        self.locals = locals_
        self.constants = constants
        """Variables that keep the value they are declared with."""
        self.leaves = dict(leaves)
        """Names that stand for forms."""
        self.whole: dict[str, Linear] = {}
        """Axes that have become sums of loop variables."""
        self.tests: dict[str, tree.Expr] = {}
        """Names that stand for tests."""
        self.titles: dict[Digit, str] = {}
        """What the source calls a digit."""

    # --- expressions ---

    def integer(self, node: Any) -> str | None:
        """``int``, ``unsigned``, or None for what is no integer or not known as one."""
        if constant(node) is not None:
            return "int"
        match node:
            case Digit():
                return "int"
            case tree.Name(name):
                return self._named(name)
            case tree.Binary(op, left, right) if op in _SUMS:
                a, b = self.integer(left), self.integer(right)
                if a is None or b is None:
                    return None
                kind = "unsigned" if "unsigned" in (a, b) else "int"
                return None if kind == "unsigned" and op == "-" else kind
            case tree.Unary("-", operand):
                return "int" if self.integer(operand) == "int" else None
            case tree.Call(tree.Name("min_int" | "max_int"), (left, right)):
                return "int" if self.integer(left) == self.integer(right) == "int" else None
            case tree.Select(_, yes, no):
                return "int" if self.integer(yes) == self.integer(no) == "int" else None
            case _:
                return None

    def _named(self, name: str) -> str | None:
        local = self.locals.get(name)
        if local is None:
            return "int" if name in self.leaves or name in self.digits.ranges else None
        kind = types.name(local.type)
        if kind in ("unsigned", "uint64_t"):
            known = name in self.leaves or self.digits.range(tree.Name(name))[1] < LIMIT
            return "unsigned" if known else None
        return "int" if kind in types.INTEGERS else None

    def form(self, node: Any) -> Linear:
        """An integer expression as a form."""
        if (value := constant(node)) is not None:
            return Linear({}, value)
        match node:
            case Digit(axis, low, high):
                if (whole := self.whole.get(axis)) is None:
                    return self.digits.digit(axis, low, high)
                below = whole if high is None else self.digits.remainder(whole, high)
                return self.digits.quotient(below, low)
            case tree.Name(name) if name in self.leaves:
                return self.leaves[name]
            case tree.Unary("-", operand):
                return Linear({}).plus(self.form(operand), -1)
            case tree.Binary("+" | "-" as op, left, right):
                sign = 1 if op == "+" else -1
                return self.digits.merged(self.form(left).plus(self.form(right), sign))
            case tree.Binary(op, left, right) if op in _SUMS:
                return self._scaled(op, self.form(left), self.form(right))
            case tree.Select():
                chosen = self._chosen(node)
                return Linear({chosen: 1}) if isinstance(chosen, tree.Select) else self.form(chosen)
            case _:
                return Linear({self.inside(node): 1})

    def _scaled(self, op: str, left: Linear, right: Linear) -> Linear:
        if op == "<<" and not right.terms and 0 <= right.constant < 31:
            op, right = "*", Linear({}, 1 << right.constant)
        if op == "*":
            for factor, other in ((right, left), (left, right)):
                if not factor.terms:
                    return Linear({}).plus(other, factor.constant)
        elif not right.terms and self.digits.range_of(left)[0] >= 0:
            by = right.constant
            match op:
                case "/" if by > 0:
                    return self.digits.quotient(left, by)
                case "%" if by > 0:
                    return self.digits.remainder(left, by)
                case ">>" if 0 <= by < 31:
                    return self.digits.quotient(left, 1 << by)
                case "&" if by >= 0 and by & (by + 1) == 0:
                    return self.digits.remainder(left, by + 1)
        return linear(self.digits.binary(op, written(left), written(right)))

    def write(self, node: Any) -> Any:
        """Any node with its integer expressions normalised."""
        if (test := self._test(node)) is not None:
            return test
        match node:
            case tree.Select():
                return self._chosen(node)
            case tree.Name(name) if name in self.tests:
                return self.write(self.tests[name])
            case tree.Name() | Digit() | tree.Binary() | tree.Unary() | tree.Call():
                if self.integer(node) is not None:
                    return written(self.form(node))
            case tree.Cast(kind, tree.Cast(inner, _) as operand) if kind == inner:
                return self.write(operand)
            case _:
                pass
        return self.inside(node)

    def _test(self, node: Any) -> tree.Expr | None:
        """A comparison of integers, or several joined; None for what is no such test."""
        match node:
            case tree.Unary("!", tree.Binary(op, left, right)) if op in COMPARISONS:
                op = NEGATED[op]
            case tree.Unary("!", tree.Binary("&&" | "||" as op, left, right)):
                turned = "||" if op == "&&" else "&&"
                sides = (tree.Unary("!", left), tree.Unary("!", right))
                return self.digits.binary(turned, *map(self.write, sides))
            case tree.Binary("&&" | "||" as op, left, right):
                return self.digits.binary(op, self.write(left), self.write(right))
            case tree.Binary(op, left, right) if op in COMPARISONS:
                pass
            case _:
                return None
        if not (self.integer(left) and self.integer(right)):
            return None
        return self.compared(op, self.form(left), self.form(right))

    def _chosen(self, node: tree.Select) -> Any:
        """A choice, or what it comes to where the test is decided."""
        test = self.write(node.condition)
        if (known := constant(test)) is not None:
            return self.write(node.yes if known else node.no)
        return tree.Select(test, self.write(node.yes), self.write(node.no))

    def inside(self, node: Any) -> Any:
        """A node with what stands in it normalised."""
        return edit.rebuild(node, self.write)

    def compared(self, op: str, left: Linear, right: Linear) -> tree.Expr:
        """``left op right`` with constants on the right and a digit from its lowest cut."""
        known = self.digits.decided(op, written(left), written(right))
        if known is not None:
            return number(int(known))
        form = left.plus(right, -1)
        if (short := self._threshold(op, form)) is not None:
            return short
        if not left.terms and right.terms:
            left, right, op = right, left, MIRRORED[op]
        if right.terms or not left.constant:
            return tree.Binary(op, written(left), written(right))
        plain = Linear(left.terms)
        return tree.Binary(op, written(plain), number(right.constant - left.constant))

    def _threshold(self, op: str, form: Linear) -> tree.Expr | None:
        """``4 * d + r < 12`` with r below 4 is ``d < 3``; ``i / 256 < 2`` is ``i < 512``."""
        if op in ("==", "!="):
            return None
        if all(f < 0 for f in form.terms.values()):
            form, op = Linear({}).plus(form, -1), MIRRORED[op]
        if op in ("<=", ">"):  # form <= 0 is form - 1 < 0
            form = Linear(form.terms, form.constant - 1)
            op = "<" if op == "<=" else ">="
        limit = -form.constant
        ordered = sorted(form.terms.items(), key=lambda item: -item[1])
        if not ordered or ordered[-1][1] < 0 or limit <= 0:
            return None
        for count in range(1, len(ordered) + 1):
            step = ordered[count - 1][1]
            upper = Linear({t: f // step for t, f in ordered[:count]})
            exact = all(f % step == 0 for _, f in ordered[:count])
            low, high = self.digits.range_of(Linear(dict(ordered[count:])))
            if not (exact and low >= 0 and high < step):
                continue
            if limit % step and count < len(ordered):
                continue
            bound = -(-limit // step)
            digit = only(upper)
            if isinstance(digit, Digit):
                upper = self.digits.digit(digit.axis, 1, digit.high)
                bound *= digit.low
            return tree.Binary(op, written(upper), number(bound))
        return None

    # --- statements ---

    def statements(self, body: Sequence[Any]) -> tuple[Any, ...]:
        """A list of statements; simple integer constants are put in where they are read."""
        return tuple(s for part in body for s in self._statement(part))

    def _statement(self, node: Any) -> list[Any]:
        match node:
            case tree.Declaration((variable,)) if self._put_in(variable):
                return []
            case tree.Block(body):
                return [tree.Block(self.statements(body))]
            case tree.If(condition, then, otherwise):
                return self._branch(node, self.write(condition), then, otherwise)
            case tree.For():
                return self._loop(node)
            case tree.While() | tree.Do() | tree.Switch():
                return [edit.rebuild(node, self._only)]
            case _:
                return [self.write(node)]

    def _only(self, node: Any) -> Any:
        if isinstance(node, tree.Expr):
            return self.write(node)
        made = self._statement(node)
        return made[0] if len(made) == 1 else tree.Block(tuple(made))

    def _branch(self, node: tree.If, condition: Any, then: Any, otherwise: Any) -> list[Any]:
        if (known := constant(condition)) is not None:
            kept = then if known else otherwise
            return [] if kept is None else [self._only(kept)]
        made = self._only(then)
        other = None if otherwise is None else self._only(otherwise)
        return [replace(node, condition=condition, then=made, otherwise=other)]

    def _loop(self, node: tree.For) -> list[Any]:
        if (before := span_of(node)) is not None:  # the test itself decides how far it goes
            self.digits.ranges.pop(before[0], None)
        start = None if node.start is None else self.inside(node.start)
        condition = None if node.condition is None else self.write(node.condition)
        step = None if node.step is None else self.write(node.step)
        made = replace(node, start=start, condition=condition, step=step)
        if (span := span_of(made)) is not None and span[0] not in mutated(node.body):
            name, first, end = span
            low, high = self.digits.range(first)[0], self.digits.range(end)[1] - 1
            if low <= high:
                self.digits.ranges[name] = (low, high)
        return [replace(made, body=self._only(node.body))]

    def _put_in(self, variable: tree.Variable) -> bool:
        """Whether a variable is an integer constant whose form replaces it from here on."""
        name, value = variable.name, variable.value
        if value is None or name not in self.constants or isinstance(variable.type, tree.Array):
            return False
        kind = types.name(variable.type)
        if kind == "bool" and self._decided(value):
            self.tests[name] = self.write(value)
            return True
        if kind not in ("int", "index", "unsigned", "int64_t", "uint64_t"):
            return False
        if not self.integer(value):
            return False
        form = self.form(value)
        low, high = self.digits.range_of(form)
        fits = kind == "int" or (low >= 0 and high < LIMIT)
        simple = all(isinstance(t, Digit) or self._stays(t) for t in form.terms)
        if fits and simple:
            self.leaves[name] = form
            if isinstance(only(form), Digit):
                self.titles.setdefault(only(form), name)
            return True
        if fits:
            self.digits.ranges[name] = (low, high)
        return False

    def _stays(self, node: Any) -> bool:
        """Whether a name means the same from here to the end of the scope."""
        return isinstance(node, tree.Name) and (
            node.name in self.constants or node.name in self.digits.ranges
        )

    def _decided(self, node: Any) -> bool:
        """Whether a test is one of integers that stay."""
        match node:
            case tree.Binary("&&" | "||", left, right):
                return self._decided(left) and self._decided(right)
            case tree.Unary("!", operand):
                return self._decided(operand)
            case tree.Binary(op, left, right) if op in COMPARISONS:
                terms = {**self.form(left).terms, **self.form(right).terms} if (
                    self.integer(left) and self.integer(right)) else {node: 1}  # fmt: skip
                return all(isinstance(t, Digit) or self._stays(t) for t in terms)
            case _:
                return constant(node) is not None


def span_of(node: tree.For) -> tuple[str, tree.Expr, tree.Expr] | None:
    """``name, first, end`` of ``for (int name = first; name < end; ++name)``."""
    match node:
        case tree.For(
            tree.Declaration((tree.Variable(name, value=first),)),
            tree.Binary("<", tree.Name(tested), end),
            tree.Unary("++", tree.Name(stepped)) | tree.Postfix("++", tree.Name(stepped)),
        ) if first is not None and name == tested == stepped:
            return name, first, end
        case _:
            return None


def rounds(node: tree.For) -> int:
    """How often a loop goes round, where its head says so; else 0."""
    if (span := span_of(node)) is None:
        return 0
    first, end = constant(span[1]), constant(span[2])
    return 0 if first is None or end is None else max(0, end - first)
