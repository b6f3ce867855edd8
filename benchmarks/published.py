"""Our C against the published HPCTransEval C, and against PyTorch on the CPU.

``python benchmarks/published.py [--data DIR] [--effort fast] [--limit N] [--only TEXT] [--json F]``
builds the published functions and ours for the same operators and shapes with equal flags, checks
that they agree, and times them alternately in one child on ``--threads`` threads.
``--against torch`` times operators of medium size against PyTorch, each side in processes of its
own, in turns. The folder holds the published IndependentOperator.json and ComputationGraph.json.
``--against null [--of published|medium|SUITE]`` times our C against itself without its OpenMP
pragmas, built with the best of several sets of flags.

Bars, geometric means: published 4.0 and none below 1.0, null 1.5, torch 1.3.
"""

import argparse
import tempfile
from pathlib import Path

from _null import against_null
from _paired import CONSOLE, Row, pair, report, show, write
from _pairs import OF
from _published import ENTRY, FILES, Case, cases
from _torch import against_torch
from hpctc.core.errors import HpctcError
from hpctc.graph.ir import Graph
from hpctc.lower.c.unit import print_unit
from hpctc.lower.cpu import Database, schedule
from hpctc.lower.effort import Effort
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan
from hpctc.native.compiler import Gcc
from hpctc.native.race import Program, Setup

DEFAULT_DATA = Path(__file__).parents[2] / "shared" / "hpctranseval"

BARS = {"published": (4.0, 1.0), "null": (1.5, 0.0), "torch": (1.3, 0.0)}


class Bench:
    """The options of a run and the folder of its builds."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        self.effort = Effort.parse(asked.effort)
        self.threads: int = asked.threads
        self.folder = folder
        self.compiler = Gcc()
        self.database = Database(asked.database) if asked.database else None
        self.setup = Setup(
            threads=self.threads,
            seconds=asked.seconds,
            limit=900.0,
            samples=asked.samples,
            passive=not asked.spin,
        )

    def ours(self, graph: Graph) -> tuple[Plan, Program, str]:
        """Plan, built function and schedule texts of a graph."""
        made = plan(graph)
        done = [
            schedule(step.func, self.effort, self.database, self.threads, self.folder)
            for step in made.steps
        ]
        code = print_unit(made, [s.func for s in done])
        args = tuple(t.name for t in (*made.inputs, *made.outputs))
        return made, self.built(code, made.entry, args), "; ".join(s.text for s in done)

    def built(self, code: str, entry: str, args: tuple[str, ...]) -> Program:
        """A program of the text; a text that does not compile is an error."""
        built = self.compiler.build(code, self.folder, 120.0)
        if built.library is None:
            raise HpctcError(f"{entry} does not compile: {built.log}")
        return Program(built.library, entry, args)


def published(bench: Bench, name: str, case: Case | str) -> Row:
    """One published function against ours."""
    if isinstance(case, str):
        return Row(name, note=case)
    try:
        made, program, text = bench.ours(case.graph)
        given = {i.name for i in case.graph.inputs} | set(case.graph.outputs)
        renamed = dict(zip(case.graph.outputs, (t.name for t in made.outputs), strict=True))
        args = tuple(renamed.get(a, a) for a in case.args)
        args = tuple(_same(made, a) if a in given else a for a in args)
        theirs = bench.built(case.code, ENTRY, args)
    except HpctcError as problem:
        return Row(name, note=problem.message[:200])
    row = pair(name, program, theirs, (made.inputs, made.outputs), bench.setup)
    return Row(row.name, row.ours_ns, row.theirs_ns, row.ratio, row.note or text)


def _same(made: Plan, name: str) -> str:
    """The plan may have renamed what is a word of C."""
    known = {t.name for t in (*made.inputs, *made.outputs)}
    return name if name in known else f"{name}_"


def main() -> None:
    """Run, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", choices=sorted(BARS), default="published")
    parser.add_argument("--of", default="published", help=f"against null: {OF}")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--effort", default="fast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="sampling time of a pair")
    parser.add_argument("--samples", type=int, default=31)
    parser.add_argument(
        "--spin", action="store_true", help="let idle OpenMP threads spin, libgomp's default"
    )
    parser.add_argument("--limit", type=int, help="only the first N records")
    parser.add_argument("--only", help="only records whose name contains this")
    parser.add_argument("--without", help="no record whose name contains this")
    parser.add_argument("--database", type=Path, help="tuning database to use and fill")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hpctc-published-") as folder:
        bench = Bench(asked, Path(folder))
        rows = AGAINST[asked.against](bench, asked)
    title = f"{asked.against}, effort {asked.effort}, {asked.threads} threads"
    write(asked.json, report(title, rows, BARS[asked.against]))


def _published(bench: Bench, asked: argparse.Namespace) -> list[Row]:
    if not all((asked.data / name).is_file() for name in FILES):
        raise SystemExit(
            f"{asked.data} does not hold {' and '.join(FILES)}\n"
            "  hint: they are in the folder HPCTransEval of the project HPCTransCompile;"
            " give the folder with --data DIR"
        )
    found = [
        (n, c)
        for n, c in cases(asked.data)
        if (asked.only or "") in n and not (asked.without and asked.without in n)
    ]
    rows = []
    for name, case in found[: asked.limit]:
        rows.append(published(bench, name, case))
        show(rows[-1])
    return rows


def _against_torch(bench: Bench, asked: argparse.Namespace) -> list[Row]:
    rows = []
    for row in against_torch(bench.ours, bench.setup, asked.only or "", asked.limit):
        rows.append(row)
        show(row)
    CONSOLE.print("their time is PyTorch's; each side ran in processes of its own, in turns")
    return rows


def _against_null(bench: Bench, asked: argparse.Namespace) -> list[Row]:
    rows = []
    how = (bench.setup, bench.folder)
    for row in against_null(asked.of, bench.effort, asked.only or "", bench.database, how):
        rows.append(row)
        show(row)
        if len(rows) == asked.limit:
            break
    return rows


AGAINST = {"published": _published, "null": _against_null, "torch": _against_torch}


if __name__ == "__main__":
    main()
