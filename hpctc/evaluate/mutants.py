"""Small mistakes made on purpose: the mutants of a C source, one change each.

The source is read with our own syntax tree and changed where people slip (DeMillo, Lipton and
Sayward, 1978): an operator, a constant, an index off by one, a bound, two operands in the wrong
order, a statement left out. A suite's inputs are good if they tell a mutant from the original.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import singledispatch
from typing import Any, TypeVar, cast

from hpctc.syntax import tree
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.printer import show

N = TypeVar("N", bound=tree.Node)

OPERATORS = {
    "+": "-",
    "-": "+",
    "*": "+",
    "/": "*",
    "%": "/",
    "&&": "||",
    "||": "&&",
    "&": "|",
    "|": "&",
    "<<": ">>",
    ">>": "<<",
    "==": "!=",
    "!=": "==",
    "+=": "-=",
    "-=": "+=",
    "*=": "+=",
    "/=": "*=",
}
BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
TWINS = {"fmaxf": "fminf", "fminf": "fmaxf", "fmax": "fmin", "fmin": "fmax"}

GNU = {"__GNUC__": "12"}
"""The compiler for which conditionals are resolved."""


@dataclass(frozen=True)
class Mutant:
    """One changed source."""

    kind: str
    """``operator``, ``constant``, ``index``, ``bound``, ``order``, ``statement``, ``branch``."""
    line: int
    """Of the preprocessed source, which keeps the original's lines."""
    what: str
    """The change in words: ``i < 48 becomes i <= 48``."""
    code: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


def mutants(code: str, seed: int) -> Iterator[Mutant]:
    """All mutants of ``code`` in an order drawn from ``seed``, the kinds taking turns.

    A source that the tree cannot hold is a :class:`~hpctc.core.errors.HpctcError`.
    """
    unit = parse(preprocess(code, "<reference>", GNU), "<reference>")
    kinds: dict[str, list[tuple[tree.Unit, _Change]]] = {}
    for changed, change in _variants(unit):
        kinds.setdefault(change.kind, []).append((changed, change))
    draw = random.Random(seed)
    for found in kinds.values():
        draw.shuffle(found)
    while kinds:
        for kind in sorted(kinds):
            changed, change = kinds[kind].pop()
            yield Mutant(kind, change.line, change.what, show(changed))
        kinds = {kind: found for kind, found in kinds.items() if found}


@dataclass(frozen=True)
class _Change:
    kind: str
    line: int
    what: str


def _variants(node: N) -> Iterator[tuple[N, _Change]]:
    """Every copy of ``node`` with one change in it; types, directives and attributes stay."""
    yield from cast("Iterator[tuple[N, _Change]]", _changes(node))
    for entry in fields(node):
        if entry.name in ("at", "type", "attributes", "storage", "templates"):
            continue
        for value, change in _inside(getattr(node, entry.name)):
            yield replace(cast(Any, node), **{entry.name: value}), change


def _inside(value: object) -> Iterator[tuple[object, _Change]]:
    if isinstance(value, tree.Node):
        yield from _variants(value)
    elif isinstance(value, tuple):
        for i, entry in enumerate(value):
            if _droppable(entry):
                what = f"{_short(entry)} is left out"
                yield (*value[:i], *value[i + 1 :]), _Change("statement", _line(entry), what)
            for changed, change in _inside(entry):
                yield (*value[:i], changed, *value[i + 1 :]), change


def _droppable(entry: object) -> bool:
    return isinstance(entry, tree.Evaluate) and isinstance(entry.value, tree.Assign | tree.Call)


def _changes(node: tree.Node) -> Iterator[tuple[tree.Node, _Change]]:
    """The changes of a node itself."""
    for kind, changed in _slips(node):
        what = f"{_short(node)} becomes {_short(changed)}"
        yield changed, _Change(kind, _line(node), what)


@singledispatch
def _slips(_: tree.Node) -> Iterator[tuple[str, tree.Node]]:
    """Kind and result of every change of this one node."""
    return iter(())


@_slips.register
def _(node: tree.Binary) -> Iterator[tuple[str, tree.Node]]:
    if node.op in OPERATORS:
        yield "operator", replace(node, op=OPERATORS[node.op])
    if node.op in BOUNDS:
        yield "bound", replace(node, op=BOUNDS[node.op])
    if node.op in ("-", "/", "%"):
        yield "order", replace(node, left=node.right, right=node.left)


@_slips.register
def _(node: tree.Assign) -> Iterator[tuple[str, tree.Node]]:
    if node.op in OPERATORS:
        yield "operator", replace(node, op=OPERATORS[node.op])


@_slips.register
def _(node: tree.Number) -> Iterator[tuple[str, tree.Node]]:
    if other := _next(node.text):
        yield "constant", replace(node, text=other)


@_slips.register
def _(node: tree.Index) -> Iterator[tuple[str, tree.Node]]:
    yield "index", replace(node, index=tree.Binary("+", node.index, tree.Number("1")))


@_slips.register
def _(node: tree.Select) -> Iterator[tuple[str, tree.Node]]:
    yield "branch", replace(node, yes=node.no, no=node.yes)


@_slips.register
def _(node: tree.If) -> Iterator[tuple[str, tree.Node]]:
    yield "branch", replace(node, condition=tree.Unary("!", node.condition))


@_slips.register
def _(node: tree.Call) -> Iterator[tuple[str, tree.Node]]:
    if isinstance(node.function, tree.Name) and node.function.name in TWINS:
        yield "operator", replace(node, function=tree.Name(TWINS[node.function.name]))


def _next(text: str) -> str | None:
    """Another constant: an integer one more, a float one more or half as much again."""
    if text.isdigit():
        return str(int(text) + 1)
    number, suffix = (text[:-1], text[-1]) if text[-1] in "fF" else (text, "")
    try:
        value = float(number)
    except ValueError:
        return None
    return f"{1.5 * value if value else 1.0!r}{suffix}"


def _line(node: tree.Node) -> int:
    """Where a node begins; of one that was not placed, where something in it does."""
    return next((n.at.line for n in tree.walk(node) if n.at is not None), 0)


def _short(node: tree.Node) -> str:
    if isinstance(node, tree.If):
        return f"if ({show(node.condition)})"
    return " ".join(show(node).split())[:60]
