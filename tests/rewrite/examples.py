"""For every rewrite of the table, graphs on which it must apply."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hpctc.graph.build import Builder
from hpctc.graph.check import check
from hpctc.graph.errors import GraphError
from hpctc.graph.ir import Arg, Graph, Interval
from hpctc.graph.text import parse
from hpctc.rewrite import kind
from hpctc.rewrite.identity import Identity, Pattern, Term, Var, equation

EXAMPLES = Path(__file__).with_name("examples.txt")

DOMAINS = {
    "float32": [Interval(-1.0, 1.0), Interval(0.5, 0.9), Interval(1.5, 3.0)],
    "int32": [Interval(-8.0, 8.0), Interval(1.0, 9.0)],
    "bool": [Interval(0.0, 1.0)],
}


@cache
def written() -> dict[str, list[Graph]]:
    """Rewrite -> the example graphs of the file."""
    found: dict[str, list[Graph]] = {}
    for line in EXAMPLES.read_text().splitlines():
        if line.startswith("#"):
            continue
        name, parameters, body = (part.strip() for part in line.split(" | ", 2))
        *statements, returned = body.split("; ")
        lines = "".join(f"  {s}\n" for s in [*statements, f"return {returned}"])
        found.setdefault(name, []).append(parse(f"graph example({parameters}) {{\n{lines}}}\n"))
    return found


def left_sides(rule: type[Identity]) -> Iterator[Graph]:
    """The left side of an identity as graphs, over every domain on which it is defined."""
    left, right = equation(rule.rule)
    if isinstance(right, Var):
        # An output cannot become another name of an input: let something read the value.
        left = Term("logical_not" if "bool" in rule.dtypes[:1] else "abs", (left,))
    for dtype, domains in DOMAINS.items():
        for domain in domains:
            graph = built(rule, left, dtype, domain)
            if graph is not None:
                yield graph


def built(rule: type[Identity], left: Pattern, dtype: str, domain: Interval) -> Graph | None:
    builder = Builder("example")
    conditions = {"c"} if rule.name.startswith("where") else set()
    if isinstance(left, Var):
        left = Term("logical_not" if dtype == "bool" else "abs", (left,))

    def emit(pattern: Pattern) -> Arg:
        if isinstance(pattern, Var):
            if pattern.name not in builder.types:
                kind_ = "bool" if pattern.name in conditions else dtype
                # The first variable has the full shape, the others are broadcast.
                shape = (3, 4) if not builder.types else (4,)
                builder.input(pattern.name, shape, kind_, None if kind_ == "bool" else domain)
            return pattern.name
        if isinstance(pattern, Term):
            numbers = dict(zip(("alpha", "min", "max"), (0.25, 0.75, 0.875), strict=True))
            attrs = {k: numbers[k] if isinstance(v, str) else v for k, v in pattern.attrs}
            return builder.apply(pattern.op, list(map(emit, pattern.args)), attrs)[0]
        return pattern

    try:
        graph = builder.finish(str(emit(left)))
        check(graph)
    except GraphError:
        return None
    return graph if rule.sites(graph) else None


@cache
def examples(name: str) -> tuple[Graph, ...]:
    """Those of the file, and those that an identity makes itself."""
    rule = kind(name)
    made = left_sides(rule) if issubclass(rule, Identity) else ()
    return (*written().get(name, ()), *made)
