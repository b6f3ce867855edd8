"""What a family is: a graph with names for its sizes."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpctc.core.errors import UsageError
from hpctc.families.tensor import Pen, Tensor
from hpctc.graph.ir import Graph
from hpctc.graph.op import Array

Sizes = Mapping[str, int]
Tables = Mapping[str, Array]
Counterpart = Callable[[Any, Mapping[str, Any], Sizes], Any]
"""torch, the inputs as tensors, sizes -> one tensor or several: what a user of torch would call."""


@dataclass(frozen=True, slots=True)
class Family:
    """A parametrised graph."""

    name: str
    """``attention.causal``: the subject, a point, the variant."""
    doc: str
    """One line: what is computed."""
    body: Callable[..., Tensor | tuple[Tensor, ...]]
    """A pen and the sizes by name -> the outputs."""
    sizes: Mapping[str, tuple[int, ...]]
    """Size -> the values that it is drawn from; the first ones make a small graph."""
    source: str = ""
    """The paper, by name and year."""
    published: Sizes = field(default_factory=dict)
    """Sizes that somebody published results for; empty: none are known."""
    like: str = ""
    """A family that computes the same of the same inputs; empty: none."""
    alike: Callable[[Sizes], Sizes] = dict
    """The sizes of that family which belong to sizes of this one."""
    tables: Callable[[Sizes], Tables] = lambda sizes: {}
    """Values of inputs that hold a table (masks, twiddle factors), for which the family means what
    its name says."""
    torch: Counterpart | None = None

    def graph(self, **sizes: int) -> Graph:
        """The graph at these sizes; what is not given has its first value."""
        full = {name: values[0] for name, values in self.sizes.items()}
        for name, value in sizes.items():
            if name not in full or value < 1:
                raise UsageError(
                    f"family {self.name} at {name}={value}",
                    f"its sizes are {', '.join(full)}; each is 1 or more",
                )
            full[name] = value
        pen = Pen(self.name.replace(".", "_"))
        made = self.body(pen, **full)
        outputs = made if isinstance(made, tuple) else (made,)
        return pen.finish(*outputs)

    def sample(self, seed: int) -> dict[str, int]:
        """Sizes drawn at random; the same for a seed."""
        draw = random.Random(seed)
        return {name: draw.choice(values) for name, values in self.sizes.items()}


FAMILIES: dict[str, Family] = {}
"""Name -> family; filled by importing :mod:`hpctc.families`."""


def declare(**parts: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the decorated function as the body of a family."""

    def enter(body: Callable[..., Any]) -> Callable[..., Any]:
        family = Family(body=body, **parts)
        if family.name in FAMILIES:
            raise ValueError(f"family {family.name!r} is declared twice")
        FAMILIES[family.name] = family
        return body

    return enter


def float32(array: Any) -> Array:
    """A table computed in float64, rounded once."""
    return np.asarray(array, dtype=np.float32)
