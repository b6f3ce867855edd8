"""What a graph computes: its float64 meaning in numpy, and inputs on which to ask for it.

:func:`evaluate` is the definition; every other realisation (TVM's, the C, the CUDA) is judged by
it. Literals and float attributes are first rounded to the element type they act on, because that
is what the C holds; everything after that is float64.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from hpctc.graph import ops
from hpctc.graph.errors import GraphError
from hpctc.graph.infer import operand_types
from hpctc.graph.ir import Attr, Graph, Input, Interval, Node, TensorType
from hpctc.graph.op import FLOATS, Array, Op

Precision = Literal["exact", "native"]
"""``exact``: floats are float64. ``native``: every value is rounded to its own element type, and
an operator computes in float32, as a kernel does."""

Around = Callable[[Node, Op, Sequence[Array]], tuple[Array, ...]]
"""Computes a node's results from its operands; stands in for the operator's own meaning."""

DISTRIBUTIONS = ("uniform", "normal", "large", "zeros", "repeats", "special")
"""What :func:`draw` can draw: spread evenly, heaped in the middle, near the bounds, half of them
exactly zero (or the legal value nearest to it), only three different values, or half of them where
code branches: whole numbers and halves, zero and the bounds, so that there are ties as well."""


def evaluate(
    graph: Graph, inputs: Mapping[str, Array], precision: Precision = "exact"
) -> dict[str, Array]:
    """The outputs of a graph by name: float64 arrays for floats, int32, int8 or bool otherwise."""
    values = evaluate_all(graph, inputs, precision)
    return {name: values[name] for name in graph.outputs}


def evaluate_all(
    graph: Graph,
    inputs: Mapping[str, Array],
    precision: Precision = "exact",
    around: Around | None = None,
) -> dict[str, Array]:
    """Every value of a graph by name; ``around`` may compute a node otherwise."""
    types = graph.types()
    values = {i.name: _given(i, inputs, precision) for i in graph.inputs}
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            op = ops.get(node.op)
            operands = operands_of(node, values, types, precision)
            made = (around or apply)(node, op, operands)
            for value, array in zip(node.results, made, strict=True):
                values[value.name] = np.asarray(array).astype(
                    stored(value.type.dtype, precision), copy=False
                )
    return values


def apply(node: Node, op: Op, operands: Sequence[Array]) -> tuple[Array, ...]:
    """An operator's own meaning on a node's operands."""
    return op.meaning(operands, attributes(node))


def attributes(node: Node) -> dict[str, Attr]:
    """A node's attributes, floats rounded to the element type that they act on."""
    dtype = node.results[0].type.dtype
    if dtype not in FLOATS:
        return dict(node.attrs)
    kind = np.dtype(dtype).type
    return {k: float(kind(v)) if isinstance(v, float) else v for k, v in node.attrs}


def operands_of(
    node: Node,
    values: Mapping[str, Array],
    types: Mapping[str, TensorType],
    precision: Precision,
) -> list[Array]:
    """A node's operands as arrays in the type in which it computes; literals have rank 0."""
    found = []
    for arg, kind in zip(node.args, operand_types(node, types), strict=True):
        array = values[arg] if isinstance(arg, str) else np.asarray(arg, dtype=kind.dtype)
        found.append(array.astype(computed(kind.dtype, precision), copy=False))
    return found


def stored(dtype: str, precision: Precision) -> str:
    """The numpy type that holds a value of type ``dtype``."""
    return "float64" if dtype in FLOATS and precision == "exact" else dtype


def computed(dtype: str, precision: Precision) -> str:
    """The numpy type in which an operand of type ``dtype`` enters an operator."""
    if dtype not in FLOATS:
        return dtype
    return "float64" if precision == "exact" else "float32"


def draw(graph: Graph, seed: int, distribution: str = "uniform") -> dict[str, Array]:
    """Inputs of a graph in their element types and inside their domains; the same for a seed."""
    if distribution not in DISTRIBUTIONS:
        raise GraphError(
            f"there is no distribution {distribution!r}",
            f"there are {', '.join(DISTRIBUTIONS)}",
        )
    return {
        i.name: _drawn(i, np.random.default_rng([seed, position]), distribution)
        for position, i in enumerate(graph.inputs)
    }


def _given(parameter: Input, inputs: Mapping[str, Array], precision: Precision) -> Array:
    if parameter.name not in inputs:
        raise GraphError(
            f"input {parameter.name!r} is missing", f"given are {', '.join(inputs) or 'none'}"
        )
    array = np.asarray(inputs[parameter.name])
    if array.shape != parameter.type.shape:
        raise GraphError(
            f"input {parameter.name!r} has shape {list(array.shape)}",
            f"it must be {parameter.type}",
        )
    return array.astype(stored(parameter.type.dtype, precision), copy=False)


def _drawn(parameter: Input, rng: np.random.Generator, distribution: str) -> Array:
    shape, dtype = parameter.type.shape, parameter.type.dtype
    low, high = bounds(parameter.domain, dtype)
    if dtype in FLOATS:
        raw = _spread(rng, shape, low, high, distribution)
        # Rounding to the element type may step over a bound; the bounds themselves are exact.
        kind = np.dtype(dtype).type
        return np.asarray(np.clip(raw.astype(dtype), kind(low), kind(high)))
    raw = _spread(rng, shape, low - 0.5, high + 0.5, distribution)
    return np.clip(np.rint(raw), low, high).astype(dtype)


def _spread(
    rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float, distribution: str
) -> Array:
    even = rng.uniform(low, high, shape)
    if distribution == "normal":
        middle = (low + high) / 2
        return np.asarray(np.clip(rng.normal(middle, (high - low) / 6, shape), low, high))
    if distribution == "large":
        near = rng.uniform(0.0, 0.05 * (high - low), shape)
        return np.where(rng.random(shape) < 0.5, low + near, high - near)
    if distribution == "zeros":
        return np.where(rng.random(shape) < 0.5, min(max(0.0, low), high), even)
    if distribution == "repeats":
        return np.asarray(rng.choice(rng.uniform(low, high, 3), shape))
    if distribution == "special":
        round_ = np.clip(np.rint(2 * even) / 2, low, high)
        kind = rng.integers(8, size=shape)
        zero = min(max(0.0, low), high)
        return np.select([kind < 4, kind < 5, kind < 6, kind < 7], [even, low, high, zero], round_)
    return np.asarray(even)


def bounds(domain: Interval, dtype: str) -> tuple[float, float]:
    """The smallest and the largest value of ``dtype`` inside a finite domain."""
    if dtype not in FLOATS:
        return float(np.ceil(domain.low)), float(np.floor(domain.high))
    kind = np.dtype(dtype).type
    low, high = kind(domain.low), kind(domain.high)
    if float(low) < domain.low:
        low = np.nextafter(low, kind(np.inf))
    if float(high) > domain.high:
        high = np.nextafter(high, kind(-np.inf))
    return float(low), float(high)
