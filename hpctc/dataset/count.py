"""What a dataset holds: pairs by category, by origin, operators, sizes, checks."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hpctc.core.records import CATEGORIES, Pair
from hpctc.dataset.wiring import parsed

Origin = Literal["operator", "file", "dataset", "grown", "rewritten", "twin"]


@dataclass(frozen=True, slots=True)
class Count:
    """Figures over the pairs of a dataset."""

    pairs: int
    categories: Mapping[str, int]
    origins: Mapping[str, int]
    operators: Mapping[str, int]
    """Operator -> pairs whose graph applies it."""
    kernels: Mapping[int, int]
    """Number of CUDA kernels -> pairs."""
    checks: Mapping[str, int]
    """What was verified -> pairs for which it was."""
    bytes: tuple[int, int, int]
    """Least, median and greatest compulsory traffic."""
    code: tuple[int, int]
    """Characters of C and of CUDA, in all."""


def origin(pair: Pair) -> Origin:
    """Where a pair's graph comes from, in one word."""
    if pair.provenance.rewrites:
        return "rewritten"
    first = pair.provenance.source.split()[0]
    for known in ("operator", "file", "dataset", "grown", "twin"):
        if first == known:
            return known
    return "file"


def count(pairs: Iterable[Pair]) -> Count:
    """Go through the pairs once and count."""
    known = list(pairs)
    operators = Counter(op for p in known for op in {n.op for n in parsed(p.graph).nodes})
    sizes = sorted(p.bytes for p in known) or [0]
    by_category = Counter(p.category for p in known)
    return Count(
        pairs=len(known),
        categories={c: by_category[c] for c in CATEGORIES},
        origins=dict(Counter(origin(p) for p in known).most_common()),
        operators=dict(sorted(operators.items(), key=lambda e: (-e[1], e[0]))),
        kernels=dict(sorted(Counter(len(p.launches) for p in known).items())),
        checks=dict(Counter(c.what for p in known for c in p.checks).most_common()),
        bytes=(sizes[0], sizes[len(sizes) // 2], sizes[-1]),
        code=(sum(len(p.c_code) for p in known), sum(len(p.cuda_code) for p in known)),
    )
