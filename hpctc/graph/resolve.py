"""A syntax tree becomes a graph: names are looked up, types inferred, domains propagated.

Every error is raised as a :class:`~hpctc.graph.syntax.Fault` at the place that causes it.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hpctc.graph import check, ops
from hpctc.graph.build import Builder
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import SHORT, Arg, Attr, Graph, Interval
from hpctc.graph.tree import (
    Application,
    Expression,
    Fault,
    GraphText,
    Keyword,
    Name,
    Number,
    Parameter,
    Reference,
    Span,
)

DTYPE = {short: name for name, short in SHORT.items()}
"""The text form's name of an element type -> numpy's; numpy's own names are taken, too."""


def graph_of(tree: GraphText) -> Graph:
    """The graph that a syntax tree says, checked."""
    return _Resolver(tree).resolve()


class _Resolver:
    def __init__(self, tree: GraphText) -> None:
        self.tree = tree
        self.spans: dict[str, Span] = {}
        taken = [p.name.text for p in tree.parameters]
        taken += [n.text for s in tree.statements for n in s.names]
        self.builder = Builder(tree.name.text, reserved=taken)
        self.intervals: dict[str, Interval] = {}

    def resolve(self) -> Graph:
        with _at(self.tree.name.span):
            check.check_name(self.tree.name.text)
        for parameter in self.tree.parameters:
            self._parameter(parameter)
        for statement in self.tree.statements:
            self._statement(statement.names, statement.value)
        outputs = [self._operand(e, returned=True) for e in self.tree.outputs]
        graph = self.builder.finish(*(str(o) for o in outputs))
        self._check_outputs(graph)
        try:
            check.check(graph)
        except GraphError as problem:
            span = self.spans.get(problem.about, self.tree.name.span)
            raise Fault(span, problem.message, problem.hint) from None
        return graph

    def _parameter(self, parameter: Parameter) -> None:
        name, dtype = parameter.name, parameter.dtype
        if dtype.text not in DTYPE and dtype.text not in SHORT:
            raise Fault(
                dtype.span,
                f"there is no element type {dtype.text!r}",
                f"there are {', '.join(DTYPE)}",
            )
        shape = tuple(int(n.value) for n in parameter.shape)
        domain = None
        if parameter.domain is not None:
            low, high = (float(n.value) for n in parameter.domain)
            domain = Interval(low, high)
        with _at(name.span):
            check.check_name(name.text)
            self.builder.input(name.text, shape, DTYPE.get(dtype.text, dtype.text), domain)
        made = self.builder.inputs[-1]
        with _at(_domain_span(parameter) or dtype.span):
            check.check_input(made)
        self.spans[name.text] = name.span
        self.intervals[name.text] = made.domain

    def _statement(self, names: tuple[Name, ...], value: Expression) -> None:
        for name in names:
            with _at(name.span):
                check.check_name(name.text)
        if not isinstance(value, Application):
            raise Fault(
                value.span,
                "this gives a value a second name",
                "apply an operator, or use the first name",
            )
        self._apply(value, names)
        self.spans.update((n.text, n.span) for n in names)

    def _operand(self, value: Expression, returned: bool = False) -> Arg:
        if isinstance(value, Reference):
            with _at(value.span):
                self.builder.type_of(value.name)
            if returned:
                self.spans.setdefault(value.name, value.span)
            return value.name
        if isinstance(value, Number):
            if returned:
                raise Fault(value.span, "a literal is returned", "return what is computed")
            if isinstance(value.value, float) and math.isinf(value.value):
                raise Fault(value.span, "this number is too large", "use at most 3e38")
            return value.value
        return self._apply(value, ())[0]

    def _apply(self, value: Application, names: tuple[Name, ...]) -> tuple[str, ...]:
        with _at(value.span):
            op = ops.get(value.op)
        args = [self._operand(a) for a in value.args]
        attrs: dict[str, Attr] = {}
        spans = {}
        for keyword in value.keywords:
            if keyword.name in attrs:
                raise Fault(keyword.span, f"{keyword.name!r} is given twice", "give it once")
            attrs[keyword.name] = _attribute(keyword, {d.name: d.kind for d in op.attrs})
            spans[keyword.name] = keyword.span
        spans.update((n.text, n.span) for n in names)
        with _at(value.span, spans):
            results = self.builder.apply(value.op, args, attrs, [n.text for n in names])
            node = self.builder.nodes[-1]
            image = check.node_interval(node, self.intervals, self.builder.types)
        self.intervals.update((r, image) for r in results)
        return results

    def _check_outputs(self, graph: Graph) -> None:
        spans = {}
        for name, value in zip(graph.outputs, self.tree.outputs, strict=True):
            spans[name] = value.span
        with _at(self.tree.name.span, spans):
            check.check_outputs(graph)


def _domain_span(parameter: Parameter) -> Span | None:
    if parameter.domain is None:
        return None
    low, high = parameter.domain
    return Span(low.span.start, high.span.end)


def _attribute(keyword: Keyword, kinds: dict[str, str]) -> Attr:
    value = keyword.value
    if isinstance(value, Number):
        return value.value
    if isinstance(value, tuple):
        return tuple(_whole(keyword, value))
    if kinds.get(keyword.name) == "dtype":
        return DTYPE.get(value.text, value.text)
    return {"true": True, "false": False}.get(value.text, value.text)


def _whole(keyword: Keyword, numbers: Iterable[Number]) -> Iterator[int]:
    for number in numbers:
        if not isinstance(number.value, int):
            raise Fault(
                number.span,
                f"{keyword.name} takes whole numbers, not {number.value}",
                f"write {keyword.name}=[1, 2]",
            )
        yield number.value


@contextmanager
def _at(span: Span, spans: dict[str, Span] | None = None) -> Iterator[None]:
    """Place an error at ``span``, or at the span of the name that it is about."""
    try:
        yield
    except GraphError as problem:
        place = (spans or {}).get(problem.about, span)
        raise Fault(place, problem.message, problem.hint) from None
