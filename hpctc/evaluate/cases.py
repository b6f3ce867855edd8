"""What a candidate is asked to compute: inputs drawn from the task's graph, and what is right.

What is right is the graph's meaning in float64 with the tolerance that rounding explains
(:mod:`hpctc.graph.reference`), so it owes nothing to the reference C.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hpctc.core.records import Pair
from hpctc.core.suite import Suite
from hpctc.graph.meaning import draw
from hpctc.graph.reference import Reference, reference
from hpctc.graph.text import parse
from hpctc.native.call import Array


@dataclass(frozen=True)
class Case:
    """One set of inputs, in the order of the pair's arguments, and what is right on it."""

    name: str
    """Where the inputs come from, in words: ``seed 1, uniform``."""
    inputs: tuple[Array, ...]
    right: Reference


def cases(pair: Pair, suite: Suite) -> Iterator[Case]:
    """Every seed with every distribution, made one after the other as they are asked for."""
    for seed in suite.seeds:
        for distribution in suite.distributions:
            inputs = inputs_of(pair, seed, distribution)
            yield case(pair, inputs, f"seed {seed}, {distribution}")


def inputs_of(pair: Pair, seed: int, distribution: str) -> tuple[Array, ...]:
    """Legal inputs of a pair, in the order of its arguments."""
    drawn = draw(parse(pair.graph, pair.name), seed, distribution)
    return tuple(drawn[t.name] for t in pair.inputs)


def case(pair: Pair, inputs: Sequence[Array], name: str) -> Case:
    """What is right on these inputs: some evaluations of the graph in float64."""
    named = {t.name: array for t, array in zip(pair.inputs, inputs, strict=True)}
    return Case(name, tuple(inputs), reference(parse(pair.graph, pair.name), named))


def shifts(arrays: Sequence[Array], random: np.random.Generator) -> list[int]:
    """How far to roll each array: a random distance."""
    return [int(random.integers(max(a.size, 1))) for a in arrays]


def rolled(arrays: Sequence[Array], distances: Sequence[int]) -> list[Array]:
    """Each array's elements in their order, but begun elsewhere: new inputs, still legal.

    A domain is the same interval for all elements of an input, so any rearrangement stays in it.
    """
    return [
        np.roll(a.reshape(-1), d).reshape(a.shape) for a, d in zip(arrays, distances, strict=True)
    ]
