"""Values and statements of a kernel over digits: the language between CUDA's loops and tiles.

A :class:`Load` names an array and a place in it, counted in the array's elements; a
:class:`Test` is a conjunction of closed intervals; a :class:`Sum` runs over digits in order.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from hpctc.syntax import edit, tree
from hpctc.transpile.contract.forms import Form


@dataclass(frozen=True)
class Bound:
    """``low <= form <= high``; None: no such end."""

    form: Form
    low: int | None = None
    high: int | None = None


Test = tuple[Bound, ...]


@dataclass(frozen=True)
class Op:
    """An expression of C whose names ``0``, ``1``, ... stand for the arguments."""

    template: tree.Expr
    args: tuple["Value", ...] = ()


@dataclass(frozen=True)
class Load:
    """``array[index]``."""

    array: str
    index: Form


@dataclass(frozen=True)
class Coordinate:
    """An index as an int value."""

    form: Form


@dataclass(frozen=True)
class Pick:
    """``test ? yes : no``; only the chosen side is evaluated."""

    test: Test
    yes: "Value"
    no: "Value"


@dataclass(frozen=True)
class Sum:
    """``first`` and the terms for all values of the digits."""

    digits: tuple[str, ...]
    """Outermost first."""
    term: "Value"
    first: "Value"


Value = Op | Load | Coordinate | Pick | Sum

ZERO_VALUE = Op(tree.Number("0.0f"))


@dataclass(frozen=True)
class Store:
    """``if (test) array[index] = value``."""

    array: str
    index: Form
    value: Value
    test: Test = ()


@dataclass(frozen=True)
class Loop:
    """The body for each value of a digit in turn."""

    digit: str
    body: tuple["Step", ...]


@dataclass(frozen=True)
class Sync:
    """The threads of a block wait for each other."""


@dataclass(frozen=True)
class Gather:
    """``array = sum of value`` over the threads that differ in some digits, for each of them."""

    array: str
    value: "Value"
    digits: tuple[str, ...]


Step = Store | Loop | Sync | Gather


def binary(op: str, left: Value, right: Value) -> Op:
    """``left op right``."""
    return Op(tree.Binary(op, tree.Name("0"), tree.Name("1")), (left, right))


def operator(value: Value) -> str:
    """The operator of a plain binary operation, else the empty text."""
    match value:
        case Op(tree.Binary(op, tree.Name("0"), tree.Name("1")), (_, _)):
            return op
        case _:
            return ""


def summed(digits: Sequence[str], term: Value, first: Value) -> Value:
    """A sum; a sum of sums is one over the digits of both."""
    if isinstance(term, Sum) and is_zero(term.first):
        return Sum((*digits, *term.digits), term.term, first)
    return Sum(tuple(digits), term, first)


def is_zero(value: Value) -> bool:
    """Whether a value is a literal 0."""
    match value:
        case Op(tree.Number(text), ()):
            return text.rstrip("fFuUlL0.e+-") == "" and "0" in text
        case Op(tree.Cast(), (inner,)):
            return is_zero(inner)
        case Coordinate(form):
            return form == Form()
        case _:
            return False


def expression(value: Value, leaf: Callable[[Value], tree.Expr]) -> tree.Expr:
    """The C of a value; ``leaf`` writes what is no operation."""
    if not isinstance(value, Op):
        return leaf(value)
    names = {str(i): expression(a, leaf) for i, a in enumerate(value.args)}
    return edit.substitute(value.template, names)


def rewritten(value: Value, change: Callable[[Value], Value]) -> Value:
    """Bottom up: ``change`` sees every value after its parts were changed."""
    match value:
        case Op(_, args):
            value = replace(value, args=tuple(rewritten(a, change) for a in args))
        case Pick(_, yes, no):
            value = replace(value, yes=rewritten(yes, change), no=rewritten(no, change))
        case Sum(_, term, first):
            value = replace(value, term=rewritten(term, change), first=rewritten(first, change))
        case _:
            pass
    return change(value)


def reformed(value: Value, form: Callable[[Form], Form]) -> Value:
    """The value with every index form changed."""

    def change(part: Value) -> Value:
        match part:
            case Load(array, index):
                return Load(array, form(index))
            case Coordinate(index):
                return Coordinate(form(index))
            case Pick(test, yes, no):
                return Pick(retested(test, form), yes, no)
            case _:
                return part

    return rewritten(value, change)


def retested(test: Test, form: Callable[[Form], Form]) -> Test:
    """The test with every form changed."""
    return tuple(replace(b, form=form(b.form)) for b in test)


def walk(value: Value) -> Iterator[Value]:
    """A value and all of its parts."""
    yield value
    match value:
        case Op(_, args):
            for arg in args:
                yield from walk(arg)
        case Pick(_, yes, no):
            yield from walk(yes)
            yield from walk(no)
        case Sum(_, term, first):
            yield from walk(term)
            yield from walk(first)
        case _:
            pass


def forms(value: Value) -> Iterator[Form]:
    """Every index form of a value."""
    for part in walk(value):
        match part:
            case Load(_, form) | Coordinate(form):
                yield form
            case Pick(test, _, _):
                yield from (b.form for b in test)
            case _:
                pass


def loads(value: Value) -> Iterator[Load]:
    """Every load of a value."""
    return (part for part in walk(value) if isinstance(part, Load))


def stored(steps: Sequence[Step]) -> frozenset[str]:
    """Every array that the steps store to."""
    found: set[str] = set()
    for step in steps:
        if isinstance(step, Store | Gather):
            found.add(step.array)
        elif isinstance(step, Loop):
            found |= stored(step.body)
    return frozenset(found)
