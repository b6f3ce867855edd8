"""What legal builds of one source differ by: the part of rounding that the graph does not show.

The tolerance of a case follows from the graph (:mod:`hpctc.graph.reference`), by errors drawn
independently of each other. Where inputs repeat, errors do too, and add up instead of cancelling: a
sum of many equal terms drifts by more than independent errors explain. That shows when the pair's
own C is built in several legal ways. They all compute the same, so what they differ by is rounding
alone; a mistake in that C is in all of them alike, and widens nothing.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hpctc.core.records import Pair
from hpctc.evaluate.bench import Bench
from hpctc.evaluate.cases import Case
from hpctc.evaluate.seat import Seat
from hpctc.native.call import Array
from hpctc.native.compiler import compiler
from hpctc.sandbox.process import Called

REBUILDS = (
    "-O0 -fopenmp",
    "-O3 -march=native -ffp-contract=off",
    "-O3 -march=native -fopenmp -ffast-math -fno-finite-math-only",
)
"""No vectors and no fused operations; vectors alone; sums in any order, on several threads."""

TIMES = 4.0
"""A candidate may be so many times as far off as the rebuilds are from each other."""

MOST = 100.0
"""And never further than so many times what the graph explains: then the source is unsound."""


def widened(pair: Pair, known: Sequence[Case], bench: Bench) -> tuple[Case, ...]:
    """The cases, their tolerances no less than what rebuilds of the pair's C differ by."""
    made = [found for flags in REBUILDS if (found := _outputs(pair, known, bench, flags))]
    if len(made) < 2:
        return tuple(known)
    return tuple(_widened(case, [found[i] for found in made]) for i, case in enumerate(known))


def _outputs(
    pair: Pair, known: Sequence[Case], bench: Bench, flags: str
) -> list[dict[str, Array]] | None:
    """What a rebuild computes on every case; None where it does not build or run."""
    using = replace(compiler("gcc"), flags=flags, std=bench.compiler.std)
    library = replace(bench, compiler=using).compile(pair.c_code).library
    if library is None:
        return None
    found = []
    with Seat(bench.setup, library, pair) as seat:
        for turn, case in enumerate(known):
            if not isinstance(seat.call(case.inputs, turn), Called):
                return None
            arrays = zip(seat.outputs.tensors, seat.outputs.arrays, strict=True)
            found.append({t.name: a.copy() for t, a in arrays if a.dtype.kind == "f"})
    return found


def _widened(case: Case, made: Sequence[dict[str, Array]]) -> Case:
    spread = 0.0
    for name, first in made[0].items():
        right, open_ = case.right.outputs[name], case.right.undecided[name]
        for other in made[1:]:
            with np.errstate(all="ignore"):
                apart = np.abs(other[name].astype(np.float64) - first) / (np.abs(right) + 1)
            apart = apart[np.isfinite(apart) & ~open_]
            spread = max(spread, float(apart.max(initial=0.0)))
    graph = case.right.tolerance
    tolerance = max(graph, min(TIMES * spread, MOST * graph))
    return replace(case, right=replace(case.right, tolerance=tolerance))
