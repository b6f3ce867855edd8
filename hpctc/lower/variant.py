"""Other ways to write the program of a graph: several pairs of one meaning.

What may differ is how many operators a function joins, how CUDA's threads are laid out, and by
which rules the C is scheduled. A variant is a text, it stands in the provenance of the pair, and
with the pair's graph and effort it gives the same code again.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from hpctc.core.errors import UsageError
from hpctc.core.spec import Spec, parse


@dataclass(frozen=True)
class Variant(Spec):
    """How a graph is grouped and scheduled; without options as it is by default."""

    name: ClassVar[str] = "variant"
    group: int | None = None
    """Operators that one function joins at most; None: as many as it pays to."""
    block: int = 256
    """Threads of a CUDA block where no rule of dlight's says how many."""
    plain: bool = False
    """CUDA without dlight's rules: a thread an element, or a block a long sum."""
    c: str | None = None
    """The strategy of :mod:`hpctc.lower.cpu` that the C is scheduled by, where it fits, as text;
    None: the best that is known."""


DEFAULT = Variant()

BLOCKS = (32, 64, 128, 512, 1024)
"""Threads of a block, whole warps; the default is left out, so that a plain variant of a function
for which dlight has no rule is another one, too."""

STRATEGIES = (
    None,
    "rules",
    "rules{tile=16}",
    "rules{tile=256}",
    "rules{rows=false}",
    "rules{tile=16,rows=false}",
)
"""Ways to schedule the C that are all meant to be fast: no serial loops, which a model should not
learn to write. ``rules`` differs from the default where a contraction would get a register tile."""


def read(text: str | None) -> Variant:
    """The variant that a provenance names; of ``None`` the default."""
    if text is None:
        return DEFAULT
    name, options = parse(text)
    if name != Variant.name:
        raise UsageError(f"{text!r} is no variant", f"write {Variant.name}{{block=64,plain=true}}")
    return Variant.from_options(options)


def variants(operators: int, count: int, seed: int) -> list[Variant]:
    """Up to ``count`` variants of a graph of so many operators, none twice, the same for a seed.

    Each differs from the default in how its CUDA is scheduled, or in which operators it joins.
    """
    draw = random.Random(seed)
    listed = list(_all(operators))
    return draw.sample(listed, min(count, len(listed)))


def _all(operators: int) -> Iterator[Variant]:
    """Every variant: all groupings, and with each both kinds of CUDA and every strategy for C."""
    for group in (None, *range(1, min(operators, 4))):
        for c in STRATEGIES:
            if group is not None:
                yield Variant(group=group, c=c)
            for block in BLOCKS:
                yield Variant(group=group, block=block, plain=True, c=c)
