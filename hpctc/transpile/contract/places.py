"""Where an expression points and what an index says: arrays, forms, tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.contract.forms import Doubt, Form, Space
from hpctc.transpile.contract.values import Bound, Test
from hpctc.transpile.fold import NEGATED, constant, number
from hpctc.transpile.kernel import Translated

_ELEMENTS = frozenset(
    {"float", "_Float16", "bf16", "int", "unsigned", "int8_t", "uint8_t", "int16_t", "bool"}
)


@dataclass(frozen=True)
class Place:
    """A place of an array, counted in the array's elements."""

    array: str
    index: Form
    type: tree.Type
    """Of what stands there."""


class Places:
    """The part of the reader that knows no statements."""

    def __init__(self, kernel: Translated, space: Space) -> None:
        self.kernel = kernel
        self.space = space
        self.ints: dict[str, Form] = {}
        """Int variables whose values are forms."""
        self.known: dict[str, tree.Expr] = {}
        """Pointers, and ints that are no forms: put in where they are used."""
        self.wraps = any(types.name(v.type).startswith("u") for v in kernel.locals.values())
        self.data = data_ints(kernel.body)
        """Int variables that hold what was loaded: they are no indices."""

    def inlined(self, node: Any) -> Any:
        """The expression with constants put in; ``int2{a, b}.x`` is a."""

        def change(part: tree.Node) -> tree.Node:
            match part:
                case tree.Member(tree.Name(name), axis) if f"{name}.{axis}" in known:
                    return tree.Name(f"{name}.{axis}")
                case _:
                    return part

        known = self.ints.keys() | self.known.keys()
        made = edit.transform(node, change)
        return edit.substitute(made, self.known)

    def is_index(self, target: tree.Expr) -> bool:
        """Whether an expression names an int variable of the thread, or a member of one."""
        if isinstance(target, tree.Member):
            target = target.base
        if not isinstance(target, tree.Name) or target.name in self.data:
            return False
        local = self.kernel.locals.get(target.name)
        if local is None or local.memory != "thread":
            return False
        name = types.name(local.type)
        return types.is_integer(tree.Named(types.VECTORS.get(name, (name, 1))[0]))

    def element(self, array: str) -> str:
        """The name of the type of an array's elements."""
        local = self.kernel.locals.get(array)
        kind = types.bare(local.type if local is not None else self.kernel.pointers[array])
        while isinstance(kind, tree.Array):
            kind = types.bare(kind.of)
        name = types.name(kind)
        element = types.VECTORS.get(name, (name, 1))[0]
        if element not in _ELEMENTS:
            raise Doubt
        return element

    def knows(self, name: str) -> bool:
        """Whether a variable stands for an index here."""
        return any(key.split(".")[0] == name for key in (*self.ints, *self.known))

    def learn(self, target: tree.Expr, value: tree.Expr) -> None:
        """From here on a variable stands for this index (or pointer)."""
        match target, value:
            case tree.Name(name), tree.Compound(_, tree.Braces(items)):
                for axis, item in zip("xyzw", items, strict=False):
                    self._keep(f"{name}.{axis}", item)
            case tree.Name(name), _:
                self._keep(name, value)
            case tree.Member(tree.Name(name), axis), _:
                self._keep(f"{name}.{axis}", value)
            case _:
                raise Doubt

    def _keep(self, name: str, value: tree.Expr) -> None:
        inside = self.inlined(value)
        self.forget({name})
        try:
            self.ints[name] = self.form(inside)
        except Doubt:
            self.known[name] = inside

    def forget(self, names: set[str]) -> None:
        """These variables no longer have a value that is known."""
        for table in (self.ints, self.known):
            for key in [k for k in table if k.split(".")[0] in names or k in names]:
                del table[key]

    # --- places ---

    def width(self, kind: tree.Type) -> int:
        """How many elements a type holds."""
        kind = types.bare(kind)
        if isinstance(kind, tree.Array):
            count = constant(kind.size)
            if count is None:
                raise Doubt
            return count * self.width(kind.of)
        name = types.name(kind)
        element, width = types.VECTORS.get(name, (name, 1))
        if element not in _ELEMENTS:
            raise Doubt
        return width

    def _seen_as(self, array: str, kind: tree.Type) -> tree.Type:
        """An array seen through a pointer to another type: so many of its own elements."""
        own, name = self.element(array), types.name(kind)
        element, width = types.VECTORS.get(name, (name, 1))
        if element == own:
            return kind
        size, whole = types.BYTES[own], types.BYTES.get(element, 0) * width
        if not whole or whole % size:
            raise Doubt
        return tree.Array(tree.Named(own), number(whole // size))

    def place(self, node: tree.Expr, test: Test = ()) -> Place:
        """The place that an expression names."""
        match node:
            case tree.Name(name):
                local = self.kernel.locals.get(name)
                if local is None:
                    raise Doubt
                return Place(name, Form(), types.bare(local.type))
            case tree.Index(base, index):
                return self._moved(self._pointed(base, test), self.form(index, test))
            case tree.Unary("*", pointer):
                return self._pointed(pointer, test)
            case tree.Member(base, axis) if axis in "xyzw":
                if node.arrow:
                    raise Doubt
                held = self.place(base, test)
                if types.name(held.type) not in types.VECTORS:
                    raise Doubt
                lane = "xyzw".index(axis)
                return Place(held.array, held.index + lane, tree.Named(self.element(held.array)))
            case _:
                raise Doubt

    def _pointed(self, node: tree.Expr, test: Test) -> Place:
        """The place that a pointer (or an array, which becomes one) points to."""
        match node:
            case tree.Name(name) if name in self.kernel.pointers:
                return Place(name, Form(), types.bare(self.kernel.pointers[name]))
            case tree.Binary("+", left, right):
                return self._moved(self._pointed(left, test), self.form(right, test))
            case tree.Binary("-", left, right):
                return self._moved(self._pointed(left, test), self.form(right, test) * -1)
            case tree.Unary("&", operand):
                return self.place(operand, test)
            case tree.Cast(tree.Pointer(to), operand):
                held = self._pointed(operand, test)
                return Place(held.array, held.index, self._seen_as(held.array, types.bare(to)))
            case tree.Name() | tree.Index():
                held = self.place(node, test)
                if not isinstance(held.type, tree.Array):
                    raise Doubt
                return Place(held.array, held.index, types.bare(held.type.of))
            case _:
                raise Doubt

    def _moved(self, place: Place, by: Form) -> Place:
        return Place(place.array, place.index + by * self.width(place.type), place.type)

    # --- ints ---

    def form(self, node: tree.Expr, test: Test = ()) -> Form:
        """An int expression; what a test excludes need not be right."""
        if (value := constant(node)) is not None:
            return Form((), value)
        match node:
            case tree.Name(name) if name in self.ints:
                return self.space.norm(self.ints[name])
            case tree.Binary(op, left, right):
                return self._binary(op, left, right, test)
            case tree.Unary("-", operand):
                return self._signed(self.form(operand, test) * -1)
            case tree.Cast(kind, operand) if types.name(kind) in ("int", "int64_t"):
                return self.form(operand, test)
            case tree.Cast(kind, operand) if types.name(kind) in ("unsigned", "uint64_t"):
                inner = self.form(operand, test)
                if self._natural(inner, test):
                    return inner
                raise Doubt
            case _:
                raise Doubt

    def _binary(self, op: str, left: tree.Expr, right: tree.Expr, test: Test) -> Form:
        a, b = self.form(left, test), self.form(right, test)
        by = None if b.terms else b.constant
        match op:
            case "+":
                return a + b
            case "-":
                return self._signed(a - b)
            case "*":
                if not a.terms or not b.terms:
                    return b * a.constant if not a.terms else a * b.constant
            case "<<" if by is not None:
                return a * (1 << by)
            case ">>" if by is not None:
                return self.space.divided(a, 1 << by)[0]
            case "&" if by is not None and by >= 0 and by & (by + 1) == 0:
                return self.space.divided(a, by + 1)[1]
            case "/" | "%" if by is not None and by > 0 and self._natural(a, test):
                return self.space.divided(a, by)[0 if op == "/" else 1]
            case _:
                pass
        raise Doubt

    def _signed(self, form: Form) -> Form:
        """A difference: among unsigned variables a negative one would wrap around."""
        if self.wraps and self.space.range(form)[0] < 0:
            raise Doubt
        return form

    def _natural(self, form: Form, test: Test) -> bool:
        """Whether a form is not negative wherever the test holds: C's ``/`` rounds to zero."""
        if self.space.range(form)[0] >= 0:
            return True
        for bound in test:
            gap = self.space.norm(form) - self.space.norm(bound.form)
            if bound.low is not None and self.space.range(gap)[0] + bound.low >= 0:
                return True
        return False

    # --- tests ---

    def less(self, left: Form, right: Form) -> Bound:
        """``left < right``."""
        gap = left - right
        return Bound(gap - gap.constant, None, -1 - gap.constant)

    def maybe_test(self, node: tree.Expr, test: Test) -> Test | None:
        """The condition as a test, or None where it asks for data."""
        try:
            return self.test(node, test)
        except Doubt:
            return None

    def test(self, node: tree.Expr, test: Test) -> Test:
        """The condition as a conjunction of intervals."""
        match node:
            case tree.Binary("&&", left, right):
                first = self.test(left, test)
                return (*first, *self.test(right, (*test, *first)))
            case tree.Binary("<" | "<=" | ">" | ">=" as op, left, right):
                a, b = self.form(left, test), self.form(right, test)
                if op in (">", ">="):
                    a, b = b, a
                return self._decided(self.less(a, b + (1 if op in ("<=", ">=") else 0)))
            case tree.Binary("==", left, right):
                gap = self.form(left, test) - self.form(right, test)
                return (Bound(gap - gap.constant, -gap.constant, -gap.constant),)
            case tree.Unary("!", operand):
                return self.negation(operand)
            case _:
                raise Doubt

    def _decided(self, bound: Bound) -> Test:
        """``-x <= -1`` is ``1 <= x``."""
        first = bound.form.terms[:1]
        if bound.high is not None and first and first[0][1] < 0:
            return (Bound(bound.form * -1, -bound.high, None),)
        return (bound,)

    def negation(self, node: tree.Expr) -> Test:
        """``!node`` as a test."""
        match self.inlined(node):
            case tree.Binary("||", left, right):
                return (*self.negation(left), *self.negation(right))
            case tree.Binary(op, left, right) if op in NEGATED and op != "==":
                return self.test(tree.Binary(NEGATED[op], left, right), ())
            case tree.Unary("!", operand):
                return self.test(operand, ())
            case _:
                raise Doubt


def data_ints(body: Sequence[Any]) -> frozenset[str]:
    """Variables that are set from memory, and those that are set from them."""
    sources: dict[str, set[str]] = {}
    found: set[str] = set()
    for statement in body:
        for node in tree.walk(statement):
            match node:
                case tree.Variable(name, _, _, _, tree.Node() as value):
                    pass
                case tree.Assign(_, tree.Name(name) | tree.Member(tree.Name(name), _), value):
                    pass
                case _:
                    continue
            if any(map(_loads, tree.walk(value))):
                found.add(name)
            sources.setdefault(name, set()).update(edit.mentions(value))
    grown = True
    while grown:
        more = {name for name, used in sources.items() if used & found} - found
        found |= more
        grown = bool(more)
    return frozenset(found)


def _loads(node: tree.Node) -> bool:
    return isinstance(node, tree.Index) or (isinstance(node, tree.Unary) and node.op == "*")
