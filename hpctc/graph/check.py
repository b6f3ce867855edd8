"""Whether a graph is legal: structure, types, and that no operator is applied where undefined.

Types are inferred anew, so a graph made by other means than the builder is held to the same rules.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph import ops
from hpctc.graph.errors import GraphDomainError, GraphError
from hpctc.graph.infer import LARGEST, Typed, operand_types, results
from hpctc.graph.ir import DTYPES, SHORT, Graph, Input, Interval, Node, TensorType
from hpctc.graph.meaning import attributes, bounds
from hpctc.graph.op import FLOATS

RESERVED = frozenset(
    """
    alignas alignof auto bool break case char class const constexpr continue default delete do
    double else enum extern false float for goto graph if in inline int long main namespace new
    nullptr operator private protected public register restrict return short signed sizeof static
    struct switch template this true typedef typeof union unsigned using virtual void volatile while
    """.split()  # noqa: SIM905  a list of eighty quoted words is no better to read
)
"""Words of C, CUDA C++ and the text form: no value and no graph may be called so."""

MOST_NODES = 10_000
"""Applications a graph may have."""


def check(graph: Graph) -> dict[str, Interval]:
    """Raise :class:`GraphError` unless the graph is legal; return :func:`intervals`."""
    _check_names(graph)
    _check_structure(graph)
    for parameter in graph.inputs:
        check_input(parameter)
    types: dict[str, TensorType] = {i.name: i.type for i in graph.inputs}
    for node in graph.nodes:
        _check_types(node, types)
        types.update((v.name, v.type) for v in node.results)
    return intervals(graph)


def intervals(graph: Graph) -> dict[str, Interval]:
    """Name -> interval of every value; raises where an operator is not defined on its operands."""
    found = {i.name: i.domain for i in graph.inputs}
    types = graph.types()
    for node in graph.nodes:
        image = node_interval(node, found, types)
        found.update((v.name, image) for v in node.results)
    return found


def node_interval(
    node: Node, known: Mapping[str, Interval], types: Mapping[str, TensorType]
) -> Interval:
    """The interval of a node's results; raises if it is not defined, or an integer overflows."""
    op = ops.get(node.op)
    kinds = operand_types(node, types)
    operands = [
        known[a] if isinstance(a, str) else _point(a, kind.dtype)
        for a, kind in zip(node.args, kinds, strict=True)
    ]
    attrs = attributes(node)
    if objection := op.objection(operands, kinds, attrs):
        raise GraphDomainError(
            objection, "narrow the inputs' domains (x: f32[...] in [low, high]), or clip first"
        )
    image = op.image(operands, kinds, attrs)
    dtype = node.results[0].type.dtype
    if dtype not in FLOATS and not image.within(iv.DTYPE_RANGE[dtype]):
        raise GraphDomainError(
            f"{node.op} may overflow {SHORT[dtype]}: its result ranges over {image}",
            f"{SHORT[dtype]} holds {iv.DTYPE_RANGE[dtype]}; narrow the inputs' domains, "
            "or cast to f32",
        )
    return image


def _point(literal: int | float, dtype: str) -> Interval:
    value = float(np.dtype(dtype).type(literal))
    return Interval(value, value)


def check_input(parameter: Input) -> None:
    """Raise unless an input has a legal type and a finite domain that holds a value."""
    kind, domain = parameter.type, parameter.domain
    if kind.dtype not in DTYPES:
        raise GraphError(
            f"input {parameter.name!r} has element type {kind.dtype!r}",
            f"there are {', '.join(SHORT.values())}",
        )
    if not all(n >= 1 for n in kind.shape) or kind.size > LARGEST:
        raise GraphError(
            f"input {parameter.name!r} has shape {list(kind.shape)}",
            f"extents must be 1 or more, and a tensor may have at most {LARGEST:,} elements",
        )
    holds = domain.low <= domain.high and abs(domain.low) < 3e38 and abs(domain.high) < 3e38
    if not holds or not _has_value(domain, kind.dtype):
        raise GraphDomainError(
            f"input {parameter.name!r} has domain {domain}, which holds no {SHORT[kind.dtype]}",
            "write in [low, high] with finite low <= high",
        )
    if kind.dtype not in FLOATS and not domain.within(iv.DTYPE_RANGE[kind.dtype]):
        raise GraphDomainError(
            f"input {parameter.name!r} has domain {domain}",
            f"{SHORT[kind.dtype]} holds {iv.DTYPE_RANGE[kind.dtype]}",
        )


def _has_value(domain: Interval, dtype: str) -> bool:
    if dtype == "float16" and iv.magnitude(domain) > 65504:
        return False
    low, high = bounds(domain, dtype)
    return low <= high


def _check_names(graph: Graph) -> None:
    seen: set[str] = set()
    for name in [graph.name, *(i.name for i in graph.inputs)]:
        check_name(name)
    for name in [
        *(i.name for i in graph.inputs),
        *(v.name for n in graph.nodes for v in n.results),
    ]:
        check_name(name)
        if name in seen:
            raise GraphError(f"{name!r} is defined twice", "give the second one another name")
        seen.add(name)


def check_name(name: str) -> None:
    """Raise if a name cannot be a name in C."""
    if name in RESERVED or name.startswith("__"):
        raise GraphError(
            f"{name!r} cannot be a name: it is reserved in C, CUDA or here",
            f"call it {name.strip('_')}_ or anything else",
        )


def _check_structure(graph: Graph) -> None:
    if not graph.nodes or not graph.outputs:
        raise GraphError(f"graph {graph.name} computes nothing", "apply an operator and return it")
    if len(graph.nodes) > MOST_NODES:
        raise GraphError(
            f"graph {graph.name} has {len(graph.nodes):,} applications",
            f"a graph may have at most {MOST_NODES:,}; cut it into several",
        )
    known = {i.name for i in graph.inputs}
    used = set(graph.outputs)
    for node in graph.nodes:
        for name in node.operands:
            if name not in known:
                raise GraphError(f"there is no value {name!r} before it is used", "define it first")
        used.update(node.operands)
        known.update(v.name for v in node.results)
    check_outputs(graph)
    for parameter in graph.inputs:
        if parameter.name not in used:
            raise GraphError(
                f"input {parameter.name!r} is never used", "use it or leave it out", parameter.name
            )
    for node in graph.nodes:
        if not any(v.name in used for v in node.results):
            raise GraphError(
                f"{node.results[0].name!r} is never used",
                "return it or leave it out",
                node.results[0].name,
            )


def check_outputs(graph: Graph) -> None:
    """Raise unless every output is computed and returned once."""
    known = set(graph.types())
    made = {v.name for n in graph.nodes for v in n.results}
    for i, name in enumerate(graph.outputs):
        if name not in known:
            raise GraphError(
                f"there is no value {name!r} to return", f"there are {_some(known)}", name
            )
        if name not in made:
            raise GraphError(f"{name!r} is an input and returned", "return what is computed", name)
        if name in graph.outputs[:i]:
            raise GraphError(f"{name!r} is returned twice", "return it once", name)


def _some(names: set[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")


def _check_types(node: Node, types: Mapping[str, TensorType]) -> None:
    operands: Sequence[Typed] = [types[a] if isinstance(a, str) else a for a in node.args]
    _, full, made = results(ops.get(node.op), operands, dict(node.attrs))
    given = tuple(v.type for v in node.results)
    if given != made or tuple(full.items()) != node.attrs:
        raise GraphError(
            f"{node.results[0].name} = {node.op}(...) is declared "
            f"{', '.join(map(str, given))}, but makes {', '.join(map(str, made))}",
            "build the graph with hpctc.graph.build.Builder",
        )
