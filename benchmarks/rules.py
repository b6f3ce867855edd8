"""The C of ``rules`` against the pair's own C, equal flags, two threads.

``python benchmarks/rules.py [--only TEXT] [--json FILE] [--seconds S]`` lowers the operators
of :mod:`_workloads`, transpiles each pair's CUDA, builds both sides with gcc ``-O3 -march=native
-fopenmp`` and calls them alternately on the same arrays in a child of their own. The ratio is the
pair's time over that of rules, the median of pairs with a bootstrap interval. ``--published PATH``
does the same for the records of the published HPCTransEval layout, with inferred launches;
``--suite NAME`` for the tasks of a suite as they are (``mini``: made by ``hpctc generate``).

Bar: geometric mean at least 1.0, none below 0.25.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import _launched
from _paired import Row, pair, report, show, write
from _workloads import WORKLOADS
from hpctc.core import suite as suites
from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair, Provenance
from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.lower.effort import Effort
from hpctc.lower.pair import lower
from hpctc.native.call import prototype
from hpctc.native.compiler import Gcc
from hpctc.native.race import Program, Setup
from hpctc.transpile import transpile_pair

BARS = (1.0, 0.25)

SMALL = 16_384
"""Bytes of all arrays up to which a pair is called :data:`CALLS` times in C for one call from here:
what Python needs for a call would hide the pair."""
CALLS = 100

REPEATED = """
{signature} {{
  for (int call = 0; call < {calls}; ++call) {{
    {entry}({names});
    __asm__ volatile("" ::: "memory");
  }}
}}
"""


def graphs(only: str) -> Iterator[Graph]:
    """The workloads as graphs, named by operator and extents."""
    for op, shapes, attrs in WORKLOADS:
        extents = "_".join("x".join(map(str, s)) for s in shapes)
        name = f"{op}_{extents}"
        if only in name:
            b = Builder(name)
            inputs = [b.input(f"x{i}", s) for i, s in enumerate(shapes)]
            yield b.finish(b.op(op, *inputs, **attrs))


def raced(made: Pair, folder: Path, seconds: float) -> Row:
    """One pair: both sides built, checked and timed."""
    try:
        code = transpile_pair(made)
    except HpctcError as problem:
        return Row(made.name, note=str(problem))
    names = tuple(t.name for t in (*made.inputs, *made.outputs))
    calls, entry, more = 1, made.entry, ""
    if made.bytes <= SMALL:
        calls, entry = CALLS, f"{made.entry}_repeated"
        more = REPEATED.format(
            signature=prototype(entry, made.inputs, made.outputs),
            entry=made.entry,
            names=", ".join(names),
            calls=calls,
        )
    sides = []
    for text in (code, made.c_code):
        built = Gcc().build(text + more, folder)
        if built.library is None:
            return Row(made.name, note=built.log)
        sides.append(Program(built.library, entry, names))
    tensors = (made.inputs, made.outputs)
    return pair(made.name, sides[0], sides[1], tensors, Setup(seconds=seconds), calls)


def _pairs(asked: argparse.Namespace) -> Iterator[Pair]:
    """The suite's pairs, or those of the workloads."""
    if asked.suite is not None:
        tasks = suites.load(asked.suite).tasks
        yield from (t.pair for t in tasks if asked.only in t.name)
        return
    for graph in graphs(asked.only):
        yield lower(graph, Effort.parse(asked.effort), Provenance(source="benchmark"))


def main() -> None:
    """Race every workload, print the rows and the summary."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="workloads whose name holds this text")
    parser.add_argument("--seconds", type=float, default=1.0, help="for the samples of one pair")
    parser.add_argument("--effort", default="none", help="of the pair's C: none, fast, full")
    parser.add_argument("--published", type=Path, help="records instead: a file, or their folder")
    parser.add_argument("--suite", help="the pairs of a suite instead: a name or a folder")
    parser.add_argument("--json", type=Path, help="write every figure here")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        if asked.published is not None:
            for row in _launched.rows(asked.published, asked.only, Path(folder), asked.seconds):
                rows.append(row)
                show(row)
            write(asked.json, report("rules against the published C", rows, BARS))
            return
        for made in _pairs(asked):
            rows.append(raced(made, Path(folder), asked.seconds))
            show(rows[-1])
    write(asked.json, report("rules against the pair's C", rows, BARS))


if __name__ == "__main__":
    main()
