"""A translated kernel as stores of floats under loops over digits.

Indices become forms, tests become intervals, vector types become their lanes, int and pointer
constants are put in where they are used.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.forms import ZERO, Doubt, Form, Space, name_of
from hpctc.transpile.contract.kinds import CASTS, FUNCTIONS, Kinds
from hpctc.transpile.contract.places import Places
from hpctc.transpile.contract.values import (
    ZERO_VALUE,
    Coordinate,
    Gather,
    Load,
    Loop,
    Op,
    Pick,
    Step,
    Store,
    Sync,
    Test,
    Value,
    binary,
    is_zero,
    loads,
)
from hpctc.transpile.fold import COMPARISONS, constant, number
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.nodes import Reduction
from hpctc.transpile.scope import Barrier, Geometry
from hpctc.transpile.statements import mutated

_ARITHMETIC = frozenset({"+", "-", "*", "/", *COMPARISONS})
_BITS = frozenset({"&", "|", "^", "<<", ">>"})


class Reader(Places):
    """Reads one kernel; ``space`` holds the digits that it met."""

    def __init__(self, kernel: Translated, geometry: Geometry) -> None:
        super().__init__(kernel, Space())
        self.kinds = Kinds(self.element)
        self.block = geometry.block
        self.around: Test = ()
        """The test under which the loop around runs: what is set under another may be unset."""
        self.born: dict[str, Test] = {}
        """Variable -> the test under which it was declared without a value."""
        for axis, threads, blocks in zip("xyz", geometry.block, geometry.grid, strict=True):
            count = constant(blocks)
            if count is None:
                raise Doubt
            self.ints[f"t{axis}"] = self.space.digit(f"t{axis}", threads)
            self.ints[f"b{axis}"] = self.space.digit(f"b{axis}", count)

    def steps(self, statements: Sequence[Any], test: Test) -> list[Step]:
        """The steps of a statement list that runs under a test."""
        made: list[Step] = []
        for statement in statements:
            if (leaves := _leaves(statement)) is not None:
                test = (*test, *self.negation(leaves))
                continue
            made += self._step(statement, test)
        return made

    def _step(self, node: Any, test: Test) -> list[Step]:
        match node:
            case Barrier() if not test:
                return [Sync()]
            case tree.Block(body):
                return self.steps(body, test)
            case tree.Declaration(variables):
                return [s for v in variables for s in self._declared(v, test)]
            case tree.Evaluate(tree.Assign(op, target, value)):
                return self._evaluated(op, target, value, test)
            case tree.If():
                return self._if(node, test)
            case tree.For():
                return self._for(node, test)
            case Reduction() if not test:
                return [self._gathered(node)]
            case tree.Evaluate(tree.Number() | tree.Name()):
                return []
            case _:
                raise Doubt

    def _declared(self, variable: tree.Variable, test: Test) -> list[Step]:
        if variable.value is None:
            self.born[variable.name] = test
            return []
        kind = types.bare(variable.type)
        if isinstance(kind, tree.Array):
            return self._cleared(variable, kind, test)
        name = types.name(kind)
        element = types.VECTORS[name][0] if name in types.VECTORS else name
        index = types.is_integer(tree.Named(element)) and variable.name not in self.data
        if index or types.is_pointer(kind):
            self.learn(tree.Name(variable.name), variable.value)
            return []
        return self._assigned("=", tree.Name(variable.name), variable.value, test)

    def _cleared(self, variable: tree.Variable, kind: tree.Array, test: Test) -> list[Step]:
        """``float acc[4][4] = {}``: a loop over all of its places."""
        match variable.value:
            case tree.Braces(items) if all(self._bare(item) for item in items):
                place = self.space.digit(variable.name, self.width(kind))
                store = Store(variable.name, place, ZERO_VALUE, test)
                return [Loop(name_of(place), (store,)) if place != ZERO else store]
            case _:
                raise Doubt

    def _evaluated(self, op: str, target: tree.Expr, value: tree.Expr, test: Test) -> list[Step]:
        if not self.is_index(target):
            return self._assigned(op, target, value, test)
        if op != "=" or test not in (self.around, self._birth(target)):
            raise Doubt
        self.learn(target, value)
        return []

    def _birth(self, target: tree.Expr) -> Test | None:
        """The test under which an int was declared: what follows there, in its scope, sees it."""
        base = target.base if isinstance(target, tree.Member) else target
        return self.born.get(base.name) if isinstance(base, tree.Name) else None

    def _assigned(self, op: str, target: tree.Expr, value: tree.Expr, test: Test) -> list[Step]:
        place = self.place(self.inlined(target))
        given = self._bare(value) or self.lanes(self.inlined(value), test)
        if len(given) != self.width(place.type):
            raise Doubt
        stores: list[Step] = []
        for lane, one in enumerate(given):
            own = Load(place.array, place.index + lane)
            if any(part.array == own.array and part != own for part in loads(one)):
                raise Doubt
            if op != "=":
                one = binary(op.removesuffix("="), own, one)
            one = self.kinds.converted(one, self.element(own.array))
            stores.append(Store(own.array, own.index, one, test))
        return stores

    def _bare(self, value: tree.Expr) -> list[Value] | None:
        """A literal by itself: it is converted, not computed with."""
        return [ZERO_VALUE] if is_zero(Op(value)) else None

    def _if(self, node: tree.If, test: Test) -> list[Step]:
        condition = self.test(self.inlined(node.condition), test)
        if any(self.knows(name) for name in mutated(node)):
            raise Doubt
        then = self.steps((node.then,), (*test, *condition))
        if node.otherwise is None:
            return then
        other = self.steps((node.otherwise,), test)
        if len(then) != len(other):
            raise Doubt
        made: list[Step] = []
        for yes, no in zip(then, other, strict=True):
            if not (isinstance(yes, Store) and isinstance(no, Store)):
                raise Doubt
            if (yes.array, yes.index) != (no.array, no.index) or no.test != test:
                raise Doubt
            if yes.test != (*test, *condition):
                raise Doubt
            made.append(Store(no.array, no.index, Pick(condition, yes.value, no.value), test))
        return made

    def _for(self, node: tree.For, test: Test) -> list[Step]:
        match node.start, node.condition:
            case (
                tree.Declaration((tree.Variable(name, kind, value=tree.Node() as start),)),
                tree.Binary(op, tree.Name(tested), limit),
            ) if tested == name and op in ("<", "<=") and types.is_integer(kind):
                pass
            case _:
                raise Doubt
        by = _increment(node.step, name)
        first = self.form(self.inlined(start))
        bound = self.form(self.inlined(limit)) + (1 if op == "<=" else 0)
        low, high = self.space.range(bound - first)
        trips = max(0, -(-high // by))
        if not trips:
            return []
        digit = self.space.digit(name, trips)
        if max(0, -(-low // by)) != trips:
            test = (*test, self.less(first + digit * by, bound))
        self.ints[name] = first + digit * by
        carried = mutated(node.body)
        self.forget(carried)
        around, self.around = self.around, test
        body = self.steps((node.body,), test)
        self.around = around
        self.forget({*carried, name})
        return [Loop(name_of(digit), tuple(body))] if digit != ZERO else body

    def _gathered(self, node: Reduction) -> Step:
        """A reduction over threads whose number differs in whole digits."""
        if node.op.symbol != "+" or node.start is not None or types.name(node.type) != "float":
            raise Doubt
        flat, factor = ZERO, 1
        for axis, extent in zip("xyz", self.block, strict=True):
            flat += self.ints[f"t{axis}"] * factor
            factor *= extent
        group = node.group
        high, low = self.space.divided(flat, group.width if group.stride == 1 else group.stride)
        within = low if group.stride == 1 else high
        digits = tuple(a for a, _ in within.terms if isinstance(a, str))
        if any(within.parts()) or prod(self.space.extents[d] for d in digits) != group.width:
            raise Doubt
        return Gather(node.target.name, self.value(self.inlined(node.value), ()), digits)

    # --- values ---

    def lanes(self, node: tree.Expr, test: Test) -> list[Value]:
        """The floats of a value: one of a scalar, four of a float4."""
        match node:
            case tree.Compound(kind, tree.Braces(items)) if len(items) == self.width(kind):
                return [self.value(item, test) for item in items]
            case tree.Select(condition, yes, no):
                tested = self.maybe_test(condition, test)
                if tested is not None:
                    first = self.lanes(yes, (*test, *tested))
                    pairs = zip(first, self.lanes(no, test), strict=True)
                    return [Pick(tested, a, b) for a, b in pairs]
            case tree.Index() | tree.Member() | tree.Name() | tree.Unary("*", _):
                if (made := self._int(node)) is not None:
                    return [made]
                place = self.place(node, test)
                return [Load(place.array, place.index + i) for i in range(self.width(place.type))]
            case _:
                pass
        return [self._operation(node, test)]

    def value(self, node: tree.Expr, test: Test) -> Value:
        """A scalar value."""
        found = self.lanes(node, test)
        if len(found) != 1:
            raise Doubt
        return found[0]

    def _int(self, node: tree.Expr) -> Value | None:
        if isinstance(node, tree.Name) and node.name in self.ints:
            return _index(self.ints[node.name])
        return None

    def _operation(self, node: tree.Expr, test: Test) -> Value:
        match node:
            case tree.Number(text):
                if not text.endswith(("f", "F")) and constant(node) is None:
                    raise Doubt
                return Op(node)
            case tree.Cast(kind, operand) if types.name(kind) in CASTS:
                inner = self._integer(operand, test) or self.value(operand, test)
                return self.kinds.converted(inner, types.name(kind))
            case tree.Binary(op, left, right) if op in _ARITHMETIC | _BITS:
                return binary(op, self._float(left, test), self._float(right, test))
            case tree.Unary("-" | "~" as op, operand):
                return Op(tree.Unary(op, tree.Name("0")), (self._float(operand, test),))
            case tree.Select(condition, yes, no):
                parts = tuple(self.value(p, test) for p in (condition, yes, no))
                zero, one, two = (tree.Name(str(i)) for i in range(3))
                return Op(tree.Select(zero, one, two), parts)
            case tree.Call(tree.Name("fmaf"), (left, right, more)):
                product = binary("*", self._float(left, test), self._float(right, test))
                return binary("+", product, self._float(more, test))
            case tree.Call(tree.Name(name), args) if name in FUNCTIONS:
                names = tuple(tree.Name(str(i)) for i in range(len(args)))
                parts = tuple(self._float(a, test) for a in args)
                return Op(tree.Call(tree.Name(name), names), parts)
            case _:
                raise Doubt

    def _integer(self, node: tree.Expr, test: Test) -> Value | None:
        try:
            form = self.form(node, test)
        except Doubt:
            return None
        return _index(form)

    def _float(self, node: tree.Expr, test: Test) -> Value:
        """An operand of float arithmetic; an int index among them would be int arithmetic."""
        made = self.value(node, test)
        if isinstance(made, Coordinate):
            raise Doubt
        return made


def _index(form: Form) -> Value:
    """An index as a value; one that is always the same is a number."""
    return Coordinate(form) if form.terms else Op(number(form.constant))


def _leaves(node: Any) -> tree.Expr | None:
    """The condition of ``if (condition) return;``."""
    match node:
        case tree.If(condition, tree.Return(None) | tree.Block((tree.Return(None),)), None):
            return condition
        case _:
            return None


def _increment(step: tree.Expr | None, name: str) -> int:
    match step:
        case tree.Unary("++", tree.Name(stepped)) | tree.Postfix("++", tree.Name(stepped)):
            by: int | None = 1
        case tree.Assign("+=", tree.Name(stepped), value):
            by = constant(value)
        case tree.Assign("=", tree.Name(stepped), tree.Binary("+", tree.Name(again), value)):
            by = constant(value) if again == stepped else None
        case _:
            raise Doubt
    if stepped != name or by is None or by <= 0:
        raise Doubt
    return by


__all__ = ["Reader"]
