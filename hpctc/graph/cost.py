"""What a graph costs and what kind of work it is."""

from hpctc.core.records import Category
from hpctc.graph import ops
from hpctc.graph.infer import operand_types
from hpctc.graph.ir import Graph, Node, TensorType

PRECEDENCE: tuple[Category, ...] = (
    "compute intensive",
    "reduction",
    "logic intensive",
    "layout transform",
    "elementwise",
)
"""The class of a graph is the first of these that one of its operators belongs to."""


def flops(graph: Graph) -> int:
    """Operations of the whole graph; transcendental functions count what their polynomials cost."""
    types = graph.types()
    return sum(node_flops(node, types) for node in graph.nodes)


def node_flops(node: Node, types: dict[str, TensorType]) -> int:
    """Operations of one application."""
    op = ops.get(node.op)
    return op.flops(operand_types(node, types), [v.type for v in node.results], dict(node.attrs))


def nbytes(graph: Graph) -> int:
    """Compulsory traffic in bytes: every input read once, every output written once."""
    types = graph.types()
    read = sum(i.type.nbytes for i in graph.inputs)
    return read + sum(types[name].nbytes for name in graph.outputs)


def category(graph: Graph) -> Category:
    """The class of the graph: that of its most demanding operator, by :data:`PRECEDENCE`."""
    found = {ops.get(node.op).category for node in graph.nodes}
    return next(c for c in PRECEDENCE if c in found)
