"""The pairs that a benchmark looks at: published operators, operators of medium size, or a suite.

``published`` are the operators of HPCTransEval at their published shapes, ``medium`` those of
:mod:`_torch`; both are lowered here, at the effort that is asked for. Any other word names a suite,
whose pairs are taken as they are.
"""

from collections.abc import Iterator
from pathlib import Path

from _torch import CASES
from hpctc.core import suite as suites
from hpctc.core.errors import HpctcError
from hpctc.core.records import Pair, Provenance
from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.graph.published import published
from hpctc.lower.cpu import Database
from hpctc.lower.effort import Effort
from hpctc.lower.pair import lower
from hpctc.lower.variant import Variant
from hpctc.native.compiler import Gcc
from hpctc.native.race import Program

OF = "published, medium, or a suite by name or folder"


def pairs(
    of: str, effort: Effort, only: str = "", database: Database | None = None
) -> Iterator[tuple[str, Pair | str]]:
    """Name and pair of everything whose name holds ``only``, or why there is no pair."""
    if of not in ("published", "medium"):
        tasks = suites.load(of).tasks
        yield from ((t.name, t.pair) for t in tasks if only in t.name)
        return
    for name, graph in graphs(of):
        if only in name:
            yield name, _lowered(graph, effort, database)


def graphs(of: str) -> Iterator[tuple[str, Graph]]:
    """Name and graph of every ``published`` or ``medium`` operator."""
    if of == "published":
        yield from published().items()
        return
    for name, (operator, shapes, attrs, _) in CASES.items():
        builder = Builder("kernel")
        inputs = [builder.input(n, s) for n, s in zip("xyz", shapes, strict=False)]
        yield name, builder.finish(builder.op(operator, *inputs, **attrs))


def _lowered(graph: Graph, effort: Effort, database: Database | None) -> Pair | str:
    try:
        # nobody runs the CUDA side here: it need not be searched for
        return lower(graph, effort, Provenance(source="benchmark"), database, Variant(plain=True))
    except HpctcError as problem:
        return problem.message


def program(pair: Pair, code: str, compiler: Gcc, folder: Path) -> Program | str:
    """``code``, with the pair's interface, built; or the compiler's words."""
    built = compiler.build(code, folder, 120.0)
    if built.library is None:
        return built.log
    return Program(built.library, pair.entry, tuple(t.name for t in (*pair.inputs, *pair.outputs)))
