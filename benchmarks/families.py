"""Our C of the families against their PyTorch counterparts on the CPU, at medium size.

``python benchmarks/families.py [--only TEXT] [--size medium] [--effort fast] [--json FILE]`` draws
sizes of every family (:mod:`hpctc.families`) whose estimated work lies in the window of ``--size``,
checks that both sides agree, and times them in turns, each in a process of its own. The counterpart
is what somebody who writes no kernel would call (``scaled_dot_product_attention``, ``torch.fft``,
``lstm``); where a family has none, its graph runs in eager PyTorch, operator by operator.

Bar: geometric mean 1.3.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from _paired import CONSOLE, Row, report, show, write
from _torch import Side, in_turns
from hpctc.core.errors import HpctcError
from hpctc.evaluate.eager import lacks
from hpctc.families import FAMILIES, Family
from hpctc.graph.compare import disagreement
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw
from hpctc.graph.op import Array
from hpctc.native.race import TOLERANCE
from hpctc.rewrite.scale import SIZES, fits
from published import Bench

BARS = (1.3, 0.0)

DRAWS = 200
"""Sizes that are drawn until one lies in the window."""


def member(family: Family, size: str, seed: int) -> dict[str, int] | None:
    """Sizes whose work lies in the window; None if none of the draws does."""
    for attempt in range(DRAWS):
        sizes = family.sample(seed + attempt)
        if fits(family.graph(**sizes), SIZES[size]):
            return sizes
    return None


def inputs(family: Family, graph: Graph, sizes: Mapping[str, int], seed: int) -> dict[str, Array]:
    """Random inputs, and the tables for which the family means what its name says."""
    return draw(graph, seed) | dict(family.tables(sizes))


def compared(family: Family, bench: Bench, size: str, seed: int) -> Row:
    """One family against its counterpart; a row without figures says why there are none."""
    if (sizes := member(family, size, seed)) is None:
        return Row(family.name, note=f"none of {DRAWS} drawn members is of {size} size")
    graph = family.graph(**sizes)
    if family.torch is None and (missing := lacks(graph)):
        return Row(family.name, note=f"torch has no {missing}")
    try:
        made, program, _ = bench.ours(graph)
    except HpctcError as problem:
        return Row(family.name, note=problem.message[:200])
    given = inputs(family, graph, sizes, seed)
    threads = bench.setup.threads
    theirs = Side("family", (family.name, sizes, given, threads), bench.setup)
    ordered = [given[i.name] for i in graph.inputs]
    ours = Side("ours", (made.inputs, made.outputs, program, ordered), bench.setup)
    try:
        apart = difference(theirs.results(), ours.results())
    except (EOFError, BrokenPipeError):
        apart = float("inf")
    if apart > TOLERANCE:
        theirs.close()
        ours.close()
        return Row(family.name, note=f"the sides differ by {apart:.2g}")
    return in_turns(family.name, theirs, ours, " ".join(f"{n}={v}" for n, v in sizes.items()))


def difference(theirs: list[Array], ours: list[Array]) -> float:
    """The largest disagreement of any output; float64 stands for the real numbers."""
    exact = (t.astype(np.float64) if t.dtype.kind == "f" else t for t in theirs)
    return max(disagreement(t, o) for t, o in zip(exact, ours, strict=True))


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="only families whose name contains this")
    parser.add_argument("--size", choices=sorted(SIZES), default="medium")
    parser.add_argument("--seed", type=int, default=0, help="of sizes and inputs")
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--database", type=Path, help="tuning database to use and fill")
    parser.add_argument("--json", type=Path)
    # What a bench of the published functions is asked, too; here a round is a burst of calls.
    parser.set_defaults(seconds=1.0, samples=31, spin=False)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="hpctc-families-") as folder:
        bench = Bench(asked, Path(folder))
        for name, family in FAMILIES.items():
            if asked.only in name:
                rows.append(compared(family, bench, asked.size, asked.seed))
                show(rows[-1])
    CONSOLE.print("their time is PyTorch's; each side ran in processes of its own, in turns")
    title = f"families of {asked.size} size, effort {asked.effort}, {asked.threads} threads"
    write(asked.json, report(title, rows, BARS))


if __name__ == "__main__":
    main()
