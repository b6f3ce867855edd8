"""What a candidate is asked to compute: inputs drawn from the task's graph, and the right results.

The right results are the graph's meaning in float64, so they owe nothing to the reference C.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpctc.core.records import Pair
from hpctc.core.suite import Suite
from hpctc.evaluate.compare import difference
from hpctc.graph import meaning, text
from hpctc.graph.ir import Graph
from hpctc.graph.op import FLOATS

Array = np.ndarray[Any, Any]

SPREADS = 16.0
"""Times the spread: other orders of summation, fused multiply-add, vectorised functions."""

ULPS = 8.0


@dataclass(frozen=True)
class Case:
    """One set of inputs and its results, in the order of the pair's arguments."""

    seed: int
    distribution: str
    inputs: tuple[Array, ...]
    expected: tuple[Array, ...]
    """Floats are float64."""
    tolerance: float
    """Largest |value - expected| / (|expected| + 1) that counts as equal."""


def cases(pair: Pair, suite: Suite) -> Iterator[Case]:
    """Every seed with every distribution, made one after the other as they are asked for."""
    graph = text.parse(pair.graph, pair.name)
    for seed in suite.seeds:
        for distribution in suite.distributions:
            inputs = meaning.draw(graph, seed, distribution)
            expected = meaning.evaluate(graph, inputs)
            yield Case(
                seed,
                distribution,
                tuple(inputs[t.name] for t in pair.inputs),
                tuple(expected[t.name] for t in pair.outputs),
                tolerance(graph, inputs, expected),
            )


def tolerance(graph: Graph, inputs: Mapping[str, Array], expected: Mapping[str, Array]) -> float:
    """What rounding alone may cost: a multiple of how far float32 is from float64 on these inputs.

    Never under a few units in the last place of the outputs' own type.
    """
    native = meaning.evaluate(graph, inputs, "native")
    types = graph.types()
    spread, least = 0.0, 0.0
    for name, exact in expected.items():
        if (dtype := types[name].dtype) in FLOATS:
            spread = max(spread, difference(name, native[name], exact, np.inf).max_error)
            least = max(least, float(np.finfo(dtype).eps))
    return max(SPREADS * spread, ULPS * least)


def rotated(arrays: Sequence[Array], random: np.random.Generator) -> list[Array]:
    """Each array's elements in their order, but begun at a random one: new inputs, still legal.

    A domain is the same interval for all elements of an input, so any rearrangement stays in it.
    """
    return [
        np.roll(a.reshape(-1), int(random.integers(max(a.size, 1)))).reshape(a.shape)
        for a in arrays
    ]
