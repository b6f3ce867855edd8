"""Integer arithmetic that is decided before the program runs: constants, ranges, linear forms.

Every rule is about C's int where nothing overflows; what overflows in CUDA is undefined as well.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hpctc.syntax import tree

INFINITE = float("inf")
Range = tuple[float, float]
ANY: Range = (-INFINITE, INFINITE)

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
COMPARISONS = frozenset(_COMPARE)
NEGATED = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def number(value: int) -> tree.Expr:
    """An int literal; a negative one is a sign before it."""
    return tree.Number(str(value)) if value >= 0 else tree.Unary("-", tree.Number(str(-value)))


def constant(node: tree.Node | None) -> int | None:
    """The value of an int literal, None where the node is something else."""
    if isinstance(node, tree.Unary) and node.op == "-":
        value = constant(node.operand)
        return None if value is None else -value
    if not isinstance(node, tree.Number):
        return None
    try:
        return int(node.text.rstrip("uUlL"), 0)
    except ValueError:
        return None


@dataclass(frozen=True)
class Linear:
    """``sum(coefficient * term) + constant``."""

    terms: Mapping[tree.Expr, int]
    constant: int = 0

    def plus(self, other: "Linear", times: int = 1) -> "Linear":
        """``self + times * other``."""
        terms = dict(self.terms)
        for term, factor in other.terms.items():
            terms[term] = terms.get(term, 0) + times * factor
        kept = {t: f for t, f in terms.items() if f}
        return Linear(kept, self.constant + times * other.constant)

    def without(self, *names: str) -> "Linear":
        """The form less its terms in these variables."""
        gone = {tree.Name(n) for n in names}
        return Linear({t: f for t, f in self.terms.items() if t not in gone}, self.constant)

    def of(self, name: str) -> int:
        """The coefficient of a variable."""
        return self.terms.get(tree.Name(name), 0)


def linear(node: tree.Expr) -> Linear:
    """A sum of products as a linear form; what is not linear is a term by itself."""
    if (value := constant(node)) is not None:
        return Linear({}, value)
    match node:
        case tree.Binary("+", left, right):
            return linear(left).plus(linear(right))
        case tree.Binary("-", left, right):
            return linear(left).plus(linear(right), -1)
        case tree.Binary("*", left, right):
            for factor, other in ((constant(right), left), (constant(left), right)):
                if factor is not None:
                    return Linear({}).plus(linear(other), factor)
        case tree.Unary("-", operand):
            return Linear({}).plus(linear(operand), -1)
        case tree.Binary("<<", left, right) if (by := constant(right)) is not None:
            return Linear({}).plus(linear(left), 1 << by)
        case _:
            pass
    return Linear({node: 1})


def written(form: Linear) -> tree.Expr:
    """A linear form as an expression, positive terms first, larger strides before smaller."""
    parts: list[tuple[int, tree.Expr]] = []
    for term, factor in sorted(form.terms.items(), key=lambda item: -item[1]):
        size = abs(factor)
        product = term if size == 1 else tree.Binary("*", term, tree.Number(str(size)))
        parts.append((factor, product))
    total: tree.Expr | None = None
    for factor, product in parts:
        if total is None:
            total = product if factor > 0 else tree.Unary("-", product)
        else:
            total = tree.Binary("+" if factor > 0 else "-", total, product)
    if total is None:
        return number(form.constant)
    if form.constant:
        op = "+" if form.constant > 0 else "-"
        return tree.Binary(op, total, tree.Number(str(abs(form.constant))))
    return total


@dataclass
class Folder:
    """Folds int expressions, knowing in which closed interval each variable lies."""

    ranges: dict[str, Range] = field(default_factory=dict)

    def range(self, node: tree.Expr) -> Range:
        """The closed interval of an int expression."""
        if (value := constant(node)) is not None:
            return value, value
        match node:
            case tree.Name(name):
                return self.ranges.get(name, ANY)
            case tree.Binary(op, left, right):
                return self._binary(op, left, right)
            case tree.Unary("-", operand):
                low, high = self.range(operand)
                return -high, -low
            case tree.Select(_, yes, no):
                return _union((self.range(yes), self.range(no)))
            case tree.Call(tree.Name(name), (left, right)) if name in ("min_int", "max_int"):
                pick = min if name == "min_int" else max
                (a, b), (c, d) = self.range(left), self.range(right)
                return pick(a, c), pick(b, d)
            case _:
                return ANY

    def _binary(self, op: str, left: tree.Expr, right: tree.Expr) -> Range:
        (a, b), (c, d) = self.range(left), self.range(right)
        match op:
            case "+":
                return a + c, b + d
            case "-":
                return a - d, b - c
            case "*":
                return _union((_product(x, y),) * 2 for x in (a, b) for y in (c, d))
            case "/" if c == d and c > 0 and a >= 0:
                return a // c, b // c if b != INFINITE else b
            case "%" if c == d and c > 0:
                return (0 if a >= 0 else 1 - c), min(b, c - 1) if a >= 0 else c - 1
            case ">>" if c == d and a >= 0:
                return int(a) >> int(c), (b if b == INFINITE else int(b) >> int(c))
            case "&" if c >= 0 and d != INFINITE:
                return 0, min(b, d) if a >= 0 else d
            case "&" if a >= 0 and b != INFINITE:
                return 0, b
            case "|" | "^" if a >= 0 and c >= 0 and INFINITE not in (b, d):
                return 0, (1 << max(int(b).bit_length(), int(d).bit_length())) - 1
            case _:
                return (0, 1) if op in COMPARISONS or op in ("&&", "||") else ANY

    def binary(self, op: str, left: tree.Expr, right: tree.Expr) -> tree.Expr:
        """``left op right`` of ints, folded as far as the ranges say."""
        if op in ("&&", "||"):
            return self._logical(op, left, right)
        if op in COMPARISONS and (known := self.decided(op, left, right)) is not None:
            return number(int(known))
        a, b = constant(left), constant(right)
        if a is not None and b is not None and (value := _evaluate(op, a, b)) is not None:
            return number(value)
        if op in ("+", "-", "*"):
            return _arithmetic(op, left, right)
        if op in ("/", "%") and b is not None and b > 0:
            return self._quotient(op, left, b)
        if op == ">>" and b is not None and self.range(left)[0] >= 0:
            return self._shifted(left, b)
        if op == "&" and b is not None and b >= 0 and b & (b + 1) == 0:
            return self._masked(left, b)
        if op in ("|", "^", "<<", ">>") and b == 0:
            return left
        return tree.Binary(op, left, right)

    def decided(self, op: str, left: tree.Expr, right: tree.Expr) -> bool | None:
        """Whether a comparison always holds, never holds, or (None) depends."""
        form = linear(left).plus(linear(right), -1)
        low, high = self.range_of(form)
        compare = _COMPARE[op]
        if op in ("==", "!="):
            if low > 0 or high < 0:
                return op == "!="
            return (op == "==") if low == high == 0 else None
        at_low, at_high = compare(low, 0), compare(high, 0)
        return at_low if at_low == at_high else None

    def range_of(self, form: Linear) -> Range:
        """The closed interval of a linear form."""
        low: float = form.constant
        high: float = form.constant
        for term, factor in form.terms.items():
            a, b = self.range(term)
            products = _product(a, factor), _product(b, factor)
            low, high = low + min(products), high + max(products)
        return low, high

    def _logical(self, op: str, left: tree.Expr, right: tree.Expr) -> tree.Expr:
        for one, other in ((left, right), (right, left)):
            value = constant(one)
            if value is None:
                continue
            if op == "&&":
                return other if value else number(0)
            return number(1) if value else other
        return tree.Binary(op, left, right)

    def _quotient(self, op: str, left: tree.Expr, by: int) -> tree.Expr:
        form = linear(left)
        low, _ = self.range_of(form)
        if low >= 0:
            whole = Linear(
                {t: f for t, f in form.terms.items() if f % by == 0}, form.constant // by * by
            )
            rest = form.plus(whole, -1)
            floor, ceiling = self.range_of(rest)
            if floor >= 0 and ceiling < by:
                if op == "%":
                    return written(rest)
                return written(Linear({t: f // by for t, f in whole.terms.items()},
                                      whole.constant // by))  # fmt: skip
            if op == "%" and whole.terms and floor >= 0:
                return tree.Binary(op, written(rest), number(by))
        if by == 1:
            return left if op == "/" else number(0)
        return tree.Binary(op, left, number(by))

    def _shifted(self, left: tree.Expr, by: int) -> tree.Expr:
        folded = self._quotient("/", left, 1 << by)
        kept = isinstance(folded, tree.Binary) and folded.op == "/" and folded.left == left
        return tree.Binary(">>", left, number(by)) if kept else folded

    def _masked(self, left: tree.Expr, mask: int) -> tree.Expr:
        low, _ = self.range(left)
        if low < 0:
            return tree.Binary("&", left, number(mask))
        folded = self._quotient("%", left, mask + 1)
        if isinstance(folded, tree.Binary) and folded.op == "%":
            return tree.Binary("&", folded.left, number(mask))
        return folded


def _union(ranges: Iterable[Range]) -> Range:
    found = list(ranges)
    return min(low for low, _ in found), max(high for _, high in found)


def _product(a: float, b: float) -> float:
    return 0 if a == 0 or b == 0 else a * b


def _evaluate(op: str, a: int, b: int) -> int | None:
    if op in ("/", "%"):
        if b == 0:
            return None
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if op == "/" else a - quotient * b
    if op in ("<<", ">>") and not 0 <= b < 32:
        return None
    simple: dict[str, Callable[[int, int], int]] = {
        "+": operator.add, "-": operator.sub, "*": operator.mul, "<<": operator.lshift,
        ">>": operator.rshift, "&": operator.and_, "|": operator.or_, "^": operator.xor,
    }  # fmt: skip
    value = simple[op](a, b) if op in simple else None
    return value if value is not None and -(2**31) <= value < 2**31 else None


def _arithmetic(op: str, left: tree.Expr, right: tree.Expr) -> tree.Expr:
    a, b = constant(left), constant(right)
    if op == "*":
        return _product_of(left, right)
    if b == 0:
        return left
    if a == 0 and op == "+":
        return right
    if b is not None and b < 0:
        return tree.Binary("-" if op == "+" else "+", left, number(-b))
    form = linear(left).plus(linear(right), 1 if op == "+" else -1)
    if not form.terms:
        return number(form.constant)
    if len(form.terms) < len(linear(left).terms) + len(linear(right).terms):
        return written(form)
    return tree.Binary(op, left, right)


def _product_of(left: tree.Expr, right: tree.Expr) -> tree.Expr:
    for inner, factor in ((right, constant(left)), (left, constant(right))):
        if factor is None:
            continue
        if factor in (0, 1):
            return inner if factor else number(0)
        form = linear(inner)
        if len(form.terms) == 1 and form.constant == 0 and inner not in form.terms:
            return written(Linear({}).plus(form, factor))
    return tree.Binary("*", left, right)
