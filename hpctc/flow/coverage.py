"""What of the registry is proven on this machine: every operator in every element type, run.

A cell of the table is one sample of an operator in one element type, taken down the whole road of
:func:`hpctc.flow.generation.make`: lowered, compiled, run, emulated, transpiled, compared. What was
found is kept under the hash of the graph and of all code that had a part in it, so that a run goes
on where it stopped, and a change of the code asks again.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import ClassVar

import hpctc
from hpctc.core.jsonl import Appender
from hpctc.core.records import Category, Pair, Provenance, Record
from hpctc.core.resources import root
from hpctc.dataset.check import How
from hpctc.dataset.folder import Failure
from hpctc.flow.generation import HERE, SECONDS, Made, make
from hpctc.flow.work import Item
from hpctc.graph import ops
from hpctc.graph.ir import SHORT
from hpctc.graph.samples import graph_of, retyped
from hpctc.graph.text import parse, show
from hpctc.lower import worker
from hpctc.sandbox.launcher import build as build_runner

CACHE = Path.home() / ".cache" / "hpctc" / "coverage.jsonl"

CODE = ("core", "native", "graph", "lower", "emulate", "transpile", "syntax", "sandbox", "dataset")
"""The packages that have a part in a proof."""

SIDES = ("c", "cuda", "rules", "proof")
"""The C, the CUDA in the emulator and what the rules make of it are right; all of them agree."""

CHECKS = dict(
    zip(SIDES, ("c == float64", "cuda == float64", "rules == float64", "sides agree"), strict=True)
)
"""Side -> the check of a pair that says so."""

OVERFLOW = """\
graph {name}_op(x: {dtype}[3, 17]) {{
  huge = exp(floor(x * 8.0) * 1000.0)
  y = {name}({value})
  return y
}}
"""
"""For the predicates, which no legal input makes true: infinities, and the rests of such."""

STAND_INS = {"isnan": "huge % 3.0", "isinf": "huge", "isfinite": "huge"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Record):
    """One operator in one element type, and how far it came."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "operator", "dtype", "sides")
    of: str
    """The hash of the graph and of the code that was asked."""
    operator: str
    dtype: str
    sides: tuple[str, ...]
    """Those of :data:`SIDES` that are proven."""
    problem: str = ""
    """Why not all of them are, in words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operator: its line of the table."""

    operator: str
    category: Category
    dtypes: tuple[str, ...]
    proven: dict[str, tuple[str, ...]]
    """Side -> element types in which it is proven."""
    problems: tuple[str, ...]


def graphs(name: str) -> Iterator[tuple[str, str]]:
    """Element type -> the text of the graph that stands for an operator in it."""
    op = ops.get(name)
    for dtype in op.dtypes:
        if name in STAND_INS:
            text = OVERFLOW.format(name=name, dtype=SHORT[dtype], value=STAND_INS[name])
            yield dtype, show(parse(text))
            continue
        own = [s for s in op.samples if s.types[0].dtype == dtype]
        yield dtype, show(graph_of(name, own[0] if own else retyped(op.samples[0], dtype)))


def cells(names: Sequence[str], file: Path = CACHE, jobs: int = 1) -> Iterator[Cell]:
    """The cells of these operators in order; what is not known yet is found out and kept."""
    wanted = [(name, dtype, text) for name in names for dtype, text in graphs(name)]
    file.parent.mkdir(parents=True, exist_ok=True)
    with Appender(file, Cell) as kept:
        known = {cell.of: cell for cell in kept.records}
        made = _made([w for w in wanted if _key(w[2]) not in known], jobs)
        for name, dtype, text in wanted:
            if (cell := known.get(_key(text))) is None:
                cell = kept.add(_cell(_key(text), name, dtype, next(made)))
            yield cell


def count(names: Sequence[str]) -> int:
    """How many cells these operators have."""
    return sum(len(ops.get(name).dtypes) for name in names)


def rows(found: Iterable[Cell]) -> list[Row]:
    """Cells by operator, in the order in which they came."""
    by_name: dict[str, list[Cell]] = {}
    for cell in found:
        by_name.setdefault(cell.operator, []).append(cell)
    return [
        Row(
            operator=name,
            category=ops.get(name).category,
            dtypes=tuple(c.dtype for c in own),
            proven={side: tuple(c.dtype for c in own if side in c.sides) for side in SIDES},
            problems=tuple(f"{c.dtype}: {c.problem}" for c in own if c.problem),
        )
        for name, own in by_name.items()
    ]


def _made(fresh: Sequence[tuple[str, str, str]], jobs: int) -> Iterator[Made | worker.Failure]:
    if not fresh:
        return
    tasks = [
        Item(parse(text).name, text, Provenance(source=f"operator {name}", effort="none"))
        for name, _, text in fresh
    ]
    workers = worker.Workers(jobs, SECONDS, preload=(*worker.LOWERING, HERE))
    with tempfile.TemporaryDirectory(prefix="hpctc-") as scratch, workers:
        how = How(Path(scratch), build_runner(Path(scratch)))
        for _, outcome in workers.map(partial(make, how, None, None), tasks, ordered=True):
            yield outcome


def _cell(of: str, name: str, dtype: str, made: Made | worker.Failure) -> Cell:
    if isinstance(made, worker.Failure):
        return Cell.make(of=of, operator=name, dtype=dtype, sides=(), problem=made.reason)
    if isinstance(made.outcome, Pair):
        passed = {check.what for check in made.outcome.checks}
        sides = tuple(side for side in SIDES if CHECKS[side] in passed)
        missing = [side for side in SIDES if side not in sides]
        problem = f"not tried: {', '.join(missing)}" if missing else ""
    else:
        sides, problem = _proven(made.outcome), _words(made.outcome)
    return Cell.make(of=of, operator=name, dtype=dtype, sides=sides, problem=problem)


def _proven(failure: Failure) -> tuple[str, ...]:
    """What stands although the graph gave no pair: the stages before the one that failed."""
    if failure.stage == "transpile" or "transpiled" in failure.reason:
        return ("c", "cuda")
    return ("c",) if failure.stage == "cuda" else ()


def _words(failure: Failure) -> str:
    return f"{failure.stage}: {failure.reason}; {failure.detail}".rstrip("; ")


@cache
def _code() -> str:
    """The hash of all code that has a part in a proof."""
    here = Path(hpctc.__file__).parent
    files = [f for unit in CODE for f in (here / unit).rglob("*.py")]
    files += [f for kind in ("c", "emulate") for f in (root("templates") / kind).rglob("*.j2")]
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


def _key(text: str) -> str:
    return hashlib.sha256(f"{_code()}\n{text}".encode()).hexdigest()[:24]
