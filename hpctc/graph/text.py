"""The text form of graphs, written and read: it reads like mathematics.

::

    graph mlp(x: f32[128, 256], w: f32[256, 512], b: f32[512]) {
      h = x @ w
      s = h + b
      y = relu(s)
      return y
    }

``show`` writes the one canonical text of a graph: one application a line, attributes only where
they differ from the default, domains only where they differ from the element type's default.
``parse`` reads more than that: nested expressions (their temporaries get fresh names), comments,
attributes at their default; ``parse(show(g)) == g``.
"""

from hpctc.graph import ops, syntax
from hpctc.graph.build import DEFAULT_DOMAIN
from hpctc.graph.check import intervals
from hpctc.graph.errors import GraphError, GraphTextError, Place
from hpctc.graph.ir import SHORT, Arg, Attr, Graph, Input, Node
from hpctc.graph.op import AttrDef
from hpctc.graph.resolve import graph_of
from hpctc.graph.tree import Fault, GraphText

WIDTH = 88
"""Columns after which a signature is broken, one parameter a line."""


def parse(text: str, source: str = "<text>") -> Graph:
    """Read one graph, with types and domains checked; errors draw a caret under the fault.

    Args:
        text: The text of exactly one graph.
        source: The file's name, for messages.

    Raises:
        GraphTextError: The text is not one legal graph.
    """
    graphs = parse_many(text, source)
    if len(graphs) != 1:
        raise GraphError(
            f"{source} holds {len(graphs)} graphs, where one is wanted",
            f"it holds {', '.join(g.name for g in graphs[:8])}",
        )
    return graphs[0]


def parse_many(text: str, source: str = "<text>") -> list[Graph]:
    """Read all graphs of a text, at least one; their names differ."""
    try:
        trees = syntax.read(text)
        _check_distinct(trees)
        return [graph_of(tree) for tree in trees]
    except Fault as fault:
        place = Place(source, text, fault.span.start, fault.span.end)
        raise GraphTextError(fault.message, fault.hint, place) from None


def _check_distinct(trees: list[GraphText]) -> None:
    seen: set[str] = set()
    for tree in trees:
        if tree.name.text in seen:
            raise Fault(
                tree.name.span,
                f"there are two graphs {tree.name.text!r}",
                "give the second one another name",
            )
        seen.add(tree.name.text)


def show(graph: Graph) -> str:
    """The canonical text of a graph, with a newline at its end."""
    head = f"graph {graph.name}({', '.join(_parameter(i) for i in graph.inputs)}) {{"
    if len(head) > WIDTH:
        lines = [f"    {_parameter(i)}," for i in graph.inputs]
        head = "\n".join([f"graph {graph.name}(", *lines, ") {"])
    body = [f"  {statement(node)}" for node in graph.nodes]
    return "\n".join([head, *body, f"  return {', '.join(graph.outputs)}", "}"]) + "\n"


def annotated(graph: Graph) -> str:
    """The canonical text with a comment on each line: type and interval of its value."""
    known, types = intervals(graph), graph.types()
    lines = show(graph).splitlines()
    width = max(len(statement(n)) for n in graph.nodes) + 2
    first = len(lines) - len(graph.nodes) - 2
    for i, node in enumerate(graph.nodes, first):
        name = node.results[0].name
        lines[i] = f"{lines[i]:{width}}  # {types[name]} in {known[name]}"
    return "\n".join(lines) + "\n"


def statement(node: Node) -> str:
    """One application as the text form writes it: ``h = x @ w``."""
    op = ops.get(node.op)
    names = ", ".join(v.name for v in node.results)
    if op.infix:
        left, right = (_operand(a) for a in node.args)
        if op.infix == "**" and left.startswith("-"):
            # A power binds tighter than a sign.
            left = f"({left})"
        return f"{names} = {left} {op.infix} {right}"
    parts = [_operand(a) for a in node.args]
    for definition, (_, value) in zip(op.attrs, node.attrs, strict=True):
        if value != definition.default:
            parts.append(f"{definition.name}={attribute(definition, value)}")
    return f"{names} = {node.op}({', '.join(parts)})"


def number(value: int | float) -> str:
    """A number as the text form writes it, shortest that reads back the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return f"{int(value)}.0" if value or str(value)[0] != "-" else "-0.0"
    return repr(value)


def _parameter(parameter: Input) -> str:
    kind = f"{parameter.name}: {parameter.type}"
    if parameter.domain == DEFAULT_DOMAIN[parameter.type.dtype]:
        return kind
    return f"{kind} in [{bound(parameter.domain.low)}, {bound(parameter.domain.high)}]"


def bound(value: float) -> str:
    """The end of a domain: whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e16 else repr(value)


def _operand(arg: Arg) -> str:
    return arg if isinstance(arg, str) else number(arg)


def attribute(definition: AttrDef, value: Attr) -> str:
    """An attribute's value as the text form writes it: ``[2, 2]``, ``true``, ``f16``."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return SHORT[value] if definition.kind == "dtype" else value
    return number(value)
