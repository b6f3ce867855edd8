"""Equality saturation: all terms that the identities of the registry make equal to a value.

The elementwise operators above a value are written down as a term; what is neither elementwise nor
of its element type is a leaf. egglog (Zhang et al., 2023) adds to every term whatever an identity
makes of it, until nothing is new or the room is used up. Terms that are equal are one class, so a
few hundred rows stand for millions of graphs.

An e-graph knows no intervals: it would conclude ``abs(x) = x`` from ``x = square(sqrt(x))``. So it
is given only equations that hold wherever their left side is defined (:func:`sound`).
"""

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from hpctc.core.errors import HpctcError
from hpctc.graph import ops
from hpctc.graph.ir import Interval, Node, TensorType
from hpctc.graph.op import REALS
from hpctc.rewrite.edit import Refused, View
from hpctc.rewrite.identity import Identity, Pattern, Term, Var, equation
from hpctc.rewrite.shapes import ELEMENTWISE
from hpctc.rewrite.table import REWRITES, kind

ROUNDS = 4
"""Times that every identity is applied everywhere."""

ROWS = 600
"""Rows of an e-graph beyond which no further round is begun; one round can make ten of each."""

CLOSED = 0.7
"""Share of the values inside a region that a term may not read."""

LONGEST = 48
"""Operators, operands and numbers of a term, at most."""

REGION = 24
"""Nodes above a value that are looked at."""

AC: Mapping[str, tuple[str, ...]] = {
    "float32": ("add", "mul", "maximum", "minimum"),
    "float16": ("add", "mul", "maximum", "minimum"),
    "int32": ("add", "mul", "maximum", "minimum"),
    "int8": ("maximum", "minimum"),
    "bool": ("logical_and", "logical_or", "logical_xor"),
}
"""Element type -> operators that are associative and commutative on it."""

SCHEMA = """\
(datatype T (Leaf String) (Num f64) (App1 String T) (App2 String T T) (App3 String T T T))
"""


class NoEgglog(HpctcError):
    """The library is not installed."""


@dataclass(frozen=True)
class Row:
    """One way to compute a class."""

    made: int
    """The class."""
    head: Pattern
    """A leaf, a number, or an operator without its operands."""
    parts: tuple[int, ...]
    """The operands' classes."""


class Classes:
    """A saturated e-graph, frozen: classes of equal terms, each a set of rows."""

    def __init__(
        self, rows: Sequence[Row], names: Mapping[str, int], inner: Collection[str]
    ) -> None:
        self.rows = rows
        self.names = names
        """Value of the graph -> its class."""
        self.inner = inner
        """The values that are computed inside the region, not read from outside."""
        self._made = {(row.head, row.parts): row.made for row in rows}

    def find(self, pattern: Pattern) -> int | None:
        """The class of a term; None: it is not known."""
        if not isinstance(pattern, Term):
            return self._made.get((_number(pattern), ()))
        parts = [self.find(part) for part in pattern.args]
        if None in parts:
            return None
        head = Term(pattern.op, (), pattern.attrs)
        return self._made.get((head, tuple(p for p in parts if p is not None)))

    def draw(self, value: str, seed: int) -> Pattern | None:
        """A term equal to ``value`` that does not read it, short by a seeded measure of length.

        Every row has a random length (log-normal: a few are all but free) and most values inside
        the region may not be read, so that a term goes deeper than one operator. None: no such
        term is known, or it is very long.
        """
        rng = random.Random(seed)
        closed = {name for name in sorted(self.inner) if name == value or rng.random() < CLOSED}
        lengths = [
            math.inf if isinstance(row.head, Var) and row.head.name in closed
            else rng.lognormvariate(0.0, 1.5)
            for row in self.rows
        ]  # fmt: skip
        best = self._cheapest(lengths)
        made = self.names[value]
        if made not in best or self._length(made, best) > LONGEST:
            return None
        return self._term(made, best)

    def _cheapest(self, lengths: Sequence[float]) -> dict[int, int]:
        """Class -> the row that begins its shortest term (Knuth, 1977)."""
        readers: dict[int, list[int]] = defaultdict(list)
        waits = [len(set(row.parts)) for row in self.rows]
        for number, row in enumerate(self.rows):
            for part in set(row.parts):
                readers[part].append(number)
        best: dict[int, int] = {}
        whole: dict[int, float] = {}
        ready = [(lengths[n], n) for n, wait in enumerate(waits) if not wait]
        heapq.heapify(ready)
        while ready:
            length, number = heapq.heappop(ready)
            made = self.rows[number].made
            if made in best or length == math.inf:
                continue
            best[made], whole[made] = number, length
            for reader in readers[made]:
                waits[reader] -= 1
                if not waits[reader]:
                    parts = self.rows[reader].parts
                    total = lengths[reader] + sum(whole[part] for part in parts)
                    heapq.heappush(ready, (total, reader))
        return best

    def _length(self, made: int, best: Mapping[int, int]) -> int:
        return 1 + sum(self._length(part, best) for part in self.rows[best[made]].parts)

    def _term(self, made: int, best: Mapping[int, int]) -> Pattern:
        row = self.rows[best[made]]
        if not isinstance(row.head, Term):
            return row.head
        parts = tuple(self._term(part, best) for part in row.parts)
        return Term(row.head.op, parts, row.head.attrs)


def classes(view: View, node: Node) -> Classes:
    """The terms equal to a node's result; raises :class:`Refused` where nothing can be said."""
    dtype = node.results[0].type.dtype
    nodes = region(view, node)
    if not nodes:
        raise Refused(f"{node.op} is not elementwise")
    heads: dict[str, Term] = {}
    facts = []
    for each in nodes:
        term = _application(each, heads)
        facts.append(f"(union (Leaf {_quoted(each.results[0].name)}) {term})")
    inner = frozenset(each.results[0].name for each in nodes)
    return _saturated("\n".join(facts), tuple(sorted(heads.items())), dtype, inner)


def region(view: View, node: Node) -> list[Node]:
    """The elementwise applications above a value, itself included, all of its element type."""
    found: dict[str, Node] = {}
    waiting = [node]
    while waiting and len(found) < REGION:
        each = waiting.pop(0)
        value = each.results[0]
        if value.name in found or not _writable(each) or value.type.dtype != _dtype(node):
            continue
        found[value.name] = each
        waiting += [made for arg in each.args if (made := view.producer(arg)) is not None]
    return list(found.values())


def text(pattern: Pattern) -> str:
    """A term as :mod:`hpctc.rewrite.identity` reads it: ``add(x, mul(2, y))``."""
    if isinstance(pattern, Var):
        return pattern.name
    if not isinstance(pattern, Term):
        return repr(pattern)
    attrs = [f"{name}={value!r}" for name, value in pattern.attrs]
    return f"{pattern.op}({', '.join([*map(text, pattern.args), *attrs])})"


def sound(left: Pattern, right: Pattern) -> bool:
    """Whether ``left = right`` holds, and is defined, wherever ``left`` is defined.

    That is so if every restricted operand of the right side is one of the left side, too, or lies
    inside its domain whatever the variables are. A variable that only one side has would lend it
    another shape.
    """
    if isinstance(left, Var) or _variables(left) != _variables(right):
        return False
    return set(_demands(right)) <= set(_demands(left))


@cache
def equations(dtype: str) -> tuple[tuple[str, str], ...]:
    """The sides of all rules that may be applied to terms of an element type, as egglog's text."""
    found: dict[tuple[str, str], None] = {}
    for name in REWRITES:
        rule = kind(name)
        if not issubclass(rule, Identity) or dtype not in rule.dtypes:
            continue
        left, right = equation(rule.rule)
        if _open(left):
            continue
        for a, b in ((left, right), (right, left)):
            if sound(a, b):
                found[_sexpr(a), _sexpr(b)] = None
    for op in AC[dtype]:
        found[f'(App2 "{op}" a b)', f'(App2 "{op}" b a)'] = None
        nested = f'(App2 "{op}" (App2 "{op}" a b) c)', f'(App2 "{op}" a (App2 "{op}" b c))'
        found[nested] = None
        found[nested[::-1]] = None
    return tuple(found)


@lru_cache(maxsize=64)
def _saturated(
    facts: str, heads: tuple[tuple[str, Term], ...], dtype: str, inner: frozenset[str]
) -> Classes:
    try:
        from egglog.bindings import EGraph
    except ImportError:
        raise NoEgglog(
            "equality saturation needs egglog, which is not installed",
            "pip install 'hpctc[saturate]'",
        ) from None
    graph = EGraph()
    rules = "\n".join(f"(rewrite {left} {right})" for left, right in equations(dtype))
    graph.run_program(*graph.parse_program(f"{SCHEMA}{rules}\n{facts}"))
    count = 0
    for _ in range(ROUNDS):
        graph.run_program(*graph.parse_program("(run 1)"))
        before, count = count, sum(len(f.rows) for f in graph.freeze().functions.values())
        if count == before or count > ROWS:
            break
    rows, names = _frozen(graph, {**dict(heads), **_rule_heads(dtype)})
    return Classes(rows, names, inner)


def _frozen(graph: Any, heads: Mapping[str, Term]) -> tuple[list[Row], dict[str, int]]:
    """Copy an e-graph's rows; classes get numbers in the order in which they are met."""
    numbers: dict[str, int] = {}
    rows: list[Row] = []
    names: dict[str, int] = {}
    for constructor, function in sorted(graph.freeze().functions.items()):
        for row in function.rows:
            made = numbers.setdefault(str(row.output), len(numbers))
            first = row.inputs[0]
            if constructor == "Leaf":
                name = graph.value_to_string(first)
                names[name] = made
                rows.append(Row(made, Var(name), ()))
            elif constructor == "Num":
                number = graph.value_to_f64(first)
                rows.append(Row(made, _number(number), ()))
            else:
                head = heads[graph.value_to_string(first)]
                parts = [numbers.setdefault(str(v), len(numbers)) for v in row.inputs[1:]]
                rows.append(Row(made, head, tuple(parts)))
    return rows, names


def _application(node: Node, heads: dict[str, Term]) -> str:
    """A node over its operands' leaves; its operator is noted under the text that stands for it."""
    head = Term(node.op, (), node.attrs)
    key = _key(head)
    heads[key] = head
    parts = " ".join(
        f"(Leaf {_quoted(arg)})" if isinstance(arg, str) else _sexpr(arg) for arg in node.args
    )
    return f"(App{len(node.args)} {_quoted(key)} {parts})"


def _sexpr(pattern: Pattern) -> str:
    if isinstance(pattern, Var):
        return pattern.name
    if not isinstance(pattern, Term):
        return f"(Num {float(pattern)!r})"
    head = _complete(pattern)
    parts = " ".join(map(_sexpr, pattern.args))
    return f"(App{len(pattern.args)} {_quoted(_key(head))} {parts})"


@cache
def _rule_heads(dtype: str) -> Mapping[str, Term]:
    """The operators that rules may bring in, by the text that stands for them."""
    found: dict[str, Term] = {op: Term(op, ()) for op in AC[dtype]}
    for name in REWRITES:
        rule = kind(name)
        if issubclass(rule, Identity):
            for side in equation(rule.rule):
                for term in _terms(side):
                    head = _complete(term)
                    found[_key(head)] = head
    return found


def _complete(term: Term) -> Term:
    """The operator of a term, with all its attributes in the order of their declaration."""
    given = dict(term.attrs)
    attrs = [(a.name, given.get(a.name, a.default)) for a in ops.get(term.op).attrs]
    return Term(term.op, (), tuple((name, value) for name, value in attrs if value is not None))


def _key(head: Term) -> str:
    return "|".join([head.op, *(f"{name}={value}" for name, value in head.attrs)])


def _quoted(text: str) -> str:
    return f'"{text}"'


def _number(pattern: Pattern) -> Pattern:
    """Numbers are written whole where they are; that is one spelling for each."""
    if isinstance(pattern, Var | Term):
        return pattern
    return int(pattern) if float(pattern).is_integer() else float(pattern)


def _dtype(node: Node) -> str:
    return node.results[0].type.dtype


def _writable(node: Node) -> bool:
    """Whether a node can be a row: elementwise, one result, up to three operands."""
    finite = all(isinstance(arg, str) or math.isfinite(arg) for arg in node.args)
    return (
        node.op in ELEMENTWISE
        and len(node.results) == 1
        and 1 <= len(node.args) <= 3
        and bool(node.operands)
        and finite
    )


def _terms(pattern: Pattern) -> Iterator[Term]:
    if isinstance(pattern, Term):
        yield pattern
        for part in pattern.args:
            yield from _terms(part)


def _variables(pattern: Pattern) -> set[str]:
    if isinstance(pattern, Var):
        return {pattern.name}
    return {arg.name for term in _terms(pattern) for arg in term.args if isinstance(arg, Var)}


def _open(pattern: Pattern) -> bool:
    """Whether a side binds an attribute, which an e-graph of whole operators cannot."""
    return any(isinstance(value, str) for term in _terms(pattern) for _, value in term.attrs)


def _demands(pattern: Pattern) -> Iterator[tuple[str, Pattern]]:
    """The operands that must lie in a domain and might not: what they have to be, and which."""
    for term in _terms(pattern):
        op = ops.get(term.op)
        within = [_interval(arg) for arg in term.args]
        types = [TensorType((2,), "float32")] * len(term.args)
        if not op.objection(within, types, dict(_complete(term).attrs)):
            continue
        for position, arg in enumerate(term.args):
            legal = op.domain_of(position)
            if legal != REALS:
                apart = term.op in ("div", "reciprocal", "mod", "floor_div")
                yield ("apart from 0" if apart else term.op), arg


def _interval(pattern: Pattern) -> Interval:
    """Where a side's value lies, whatever its variables are."""
    if isinstance(pattern, Var):
        return REALS
    if not isinstance(pattern, Term):
        return Interval(float(pattern), float(pattern))
    types = [TensorType((2,), "float32")] * len(pattern.args)
    attrs = dict(_complete(pattern).attrs)
    return ops.get(pattern.op).image([_interval(a) for a in pattern.args], types, attrs)


__all__ = ["Classes", "NoEgglog", "Row", "classes", "equations", "region", "sound", "text"]
