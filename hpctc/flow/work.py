"""The work list of ``hpctc generate``: which graphs, in which order, under which names.

Every source is a list of graphs that goes on for ever: first what it holds, then the same wiring at
other extents. The list takes one graph of each source in turn, and after each its rewritten
versions; behind every one of these stand its variants, the same graph scheduled otherwise. It
depends on the sources and the seed alone, so a run that was interrupted walks it again
and skips what is done.
"""

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hpctc import families
from hpctc.core import suite
from hpctc.core.errors import UsageError
from hpctc.core.records import Provenance
from hpctc.dataset import read
from hpctc.dataset.wiring import identity
from hpctc.families.base import Family
from hpctc.graph import ops, published
from hpctc.graph.files import read_graphs
from hpctc.graph.ir import Graph
from hpctc.graph.samples import graph_of
from hpctc.graph.text import parse, show
from hpctc.lower.variant import Variant, variants
from hpctc.rewrite import rewrite
from hpctc.rewrite.growth import GrowthError, Wish, grow
from hpctc.rewrite.saturate import family
from hpctc.rewrite.scale import SIZES, fits, scaled

DRY = 40
"""Turns in a row without a graph that was not there before, after which a work list ends."""

STEPS = 4
"""Rewrites that make one version, at most."""

ALL, GROWN = "all", "grown"

PUBLISHED = "published:"
"""What stands before a name of HPCTransEval; ``published:all`` takes all of them."""

FAMILY = "family:"
"""What stands before a family, or the subject of several; ``family:all`` takes all of them."""

DEFAULT_SIZE = "small"


Engine = Literal["walk", "saturate"]
"""Who rewrites: random chains of single rules, or equality saturation of whole expressions."""


@dataclass(frozen=True, slots=True)
class Item:
    """One graph to make a pair of."""

    name: str
    graph: str
    """Its text; the graph carries the item's name."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Source:
    """One word of the command line."""

    label: str
    """What the settings record: the word, or a file's name with the hash of its content."""
    graphs: tuple[tuple[str, Graph], ...] = ()
    """What it holds, each with the provenance's ``source``; none: graphs are grown."""

    def take(self, turn: int, seed: int, size: str | None) -> tuple[str, int | None, Graph] | None:
        """The graph of a turn with its ``source`` and seed; None where none was found."""
        draw = derived(seed, self.label, turn)
        if not self.graphs:
            return self._grown(draw, size or DEFAULT_SIZE)
        source, graph = self.graphs[turn % len(self.graphs)]
        window = SIZES[size or DEFAULT_SIZE]
        if turn < len(self.graphs) and (size is None or fits(graph, window)):
            return source, None, graph
        other = scaled(graph, draw, window)
        return None if other is None else (source, draw, other)

    def _grown(self, draw: int, size: str) -> tuple[str, int, Graph] | None:
        try:
            return GROWN, draw, replace(grow(draw, Wish(size=size)), name=GROWN)
        except GrowthError:
            return None


@dataclass(frozen=True, slots=True)
class Members(Source):
    """A word that names families: each at its smallest, then at sizes that are drawn."""

    families: tuple[Family, ...] = ()

    def take(self, turn: int, seed: int, size: str | None) -> tuple[str, int | None, Graph] | None:
        """The graph of a turn; its sizes are the family's own, so its parts still fit together."""
        origin, first = self.graphs[turn % len(self.graphs)]
        window = SIZES[size or DEFAULT_SIZE]
        if turn < len(self.graphs) and (size is None or fits(first, window)):
            return origin, None, first
        member = self.families[turn % len(self.families)]
        for attempt in range(DRY):
            draw = derived(seed, self.label, turn, attempt)
            graph = member.graph(**member.sample(draw))
            if fits(graph, window):
                return origin, draw, graph
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """How far to go, and what to make of each graph."""

    count: int | None
    """Pairs that are wanted; None: what the sources hold, once."""
    seed: int
    size: str | None
    """Window of work into which graphs are scaled; None: the sources' own extents, and
    :data:`DEFAULT_SIZE` for those that are widened or grown."""
    rewrites: int
    """Rewritten versions of every graph."""
    effort: str
    engine: Engine = "walk"
    variants: int = 0
    """Further pairs of every graph, grouped and scheduled otherwise."""


def sources(words: Sequence[str]) -> list[Source]:
    """What the words of the command line mean; an unknown one is an error with near names."""
    return [_source(word) for word in words]


def items(found: Sequence[Source], plan: Plan) -> Iterator[Item]:
    """The work list: without end where a count is wanted, else what the sources hold."""
    namer = _Namer()
    idle = turn = 0
    while idle < DRY and (plan.count is not None or turn < _longest(found)):
        fresh = False
        for source in found:
            if plan.count is None and turn >= len(source.graphs):
                continue
            for graph, provenance in _turn(source, turn, plan):
                if namer.is_known(graph):
                    continue
                fresh = True
                yield (first := namer.item(graph, provenance))
                for number, variant in enumerate(_variants(graph, plan), 1):
                    beside = replace(graph, name=f"{first.name}_v{number}")
                    yield namer.item(beside, replace(provenance, variant=str(variant)))
        idle = 0 if fresh else idle + 1
        turn += 1


def derived(seed: int, *words: object) -> int:
    """A seed of 32 bits for one use of a seed."""
    text = "\n".join(map(str, (seed, *words)))
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _variants(graph: Graph, plan: Plan) -> list[Variant]:
    draw = derived(plan.seed, "variants", identity(graph))
    return variants(len(graph.nodes), plan.variants, draw)


def _turn(source: Source, turn: int, plan: Plan) -> Iterator[tuple[Graph, Provenance]]:
    """A graph of a source and its rewritten versions, each with where it comes from."""
    taken = source.take(turn, plan.seed, plan.size)
    if taken is None:
        return
    origin, seed, graph = taken
    first = Provenance(source=origin, seed=seed, effort=plan.effort)
    yield graph, first
    parent = identity(graph)
    for draw, changed, steps in _versions(graph, plan, (source.label, turn)):
        if steps:
            yield changed, replace(first, seed=draw, parents=(parent,), rewrites=tuple(steps))


def _versions(
    graph: Graph, plan: Plan, where: tuple[str, int]
) -> Iterator[tuple[int, Graph, list[str]]]:
    """Rewritten versions of a graph, each with the seed that it came from and its chain."""
    if plan.engine == "saturate":
        draw = derived(plan.seed, *where)
        yield from ((draw, *member) for member in family(graph, draw, plan.rewrites))
        return
    for version in range(plan.rewrites):
        draw = derived(plan.seed, *where, version)
        yield draw, *rewrite(graph, draw, count=1 + draw % STEPS)


class _Namer:
    """Gives every item a name of its own, and knows the graphs that were there already."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}
        self._seen: set[str] = set()

    def is_known(self, graph: Graph) -> bool:
        """Whether the graph was there before, under whatever name; from now on it is."""
        what = identity(graph)
        known = what in self._seen
        self._seen.add(what)
        return known

    def item(self, graph: Graph, provenance: Provenance) -> Item:
        """The graph under a name that no other has: ``softmax``, ``softmax_2``, ..."""
        stem = graph.name.removesuffix("_op")
        count = self._used[stem] = self._used.get(stem, 0) + 1
        number = "" if count == 1 else f"_{count}"
        named = replace(graph, name=f"{graph.name}{number}")
        return Item(f"{stem}{number}", show(named), provenance)


def _longest(found: Iterable[Source]) -> int:
    return max((len(source.graphs) for source in found), default=0)


def _source(word: str) -> Source:
    if word == GROWN:
        return Source(GROWN)
    if word == ALL:
        return Source(ALL, _operators(list(ops.OPS)))
    if word in ops.OPS:
        return Source(word, _operators([word]))
    if word.startswith(FAMILY):
        return _families(word)
    if word.startswith(PUBLISHED):
        return _published(word)
    if word in published.published():
        return _published(f"{PUBLISHED}{word}")
    path = Path(word)
    if path.suffix == ".graph" or (path.is_file() and path.suffix not in (".jsonl", ".parquet")):
        return _file(path)
    return _collection(word)


def _operators(names: Sequence[str]) -> tuple[tuple[str, Graph], ...]:
    """The samples of operators: the first of each, then the second of each, and so on."""
    declared = [ops.get(name) for name in names]
    most = max(len(op.samples) for op in declared)
    return tuple(
        (f"operator {op.name}", graph_of(op.name, op.samples[lap]))
        for lap in range(most)
        for op in declared
        if lap < len(op.samples)
    )


def _published(word: str) -> Source:
    """Operators of HPCTransEval at their published shapes: one by name, or all."""
    name = word.removeprefix(PUBLISHED)
    chosen = published.published() if name == ALL else {name: published.find(name)}
    digest = hashlib.sha256("".join(map(show, chosen.values())).encode()).hexdigest()[:16]
    return Source(f"{word}@{digest}", tuple((f"published {n}", g) for n, g in chosen.items()))


def _families(word: str) -> Source:
    name = word.removeprefix(FAMILY)
    chosen = tuple(families.FAMILIES.values()) if name == ALL else tuple(families.matching(name))
    graphs = [member.graph() for member in chosen]
    digest = hashlib.sha256("".join(map(show, graphs)).encode()).hexdigest()[:16]
    held = tuple((f"family {f.name}", g) for f, g in zip(chosen, graphs, strict=True))
    return Members(f"{word}@{digest}", held, chosen)


def _file(path: Path) -> Source:
    graphs = read_graphs(path)
    digest = hashlib.sha256("".join(map(show, graphs)).encode()).hexdigest()[:16]
    return Source(f"{path.name}@{digest}", tuple((f"file {path.name}", g) for g in graphs))


def _collection(word: str) -> Source:
    """The graphs of a suite or dataset, by name or path."""
    if word in suite.names() or (Path(word) / "suite.toml").is_file():
        pairs = [task.pair for task in suite.load(word).tasks]
        kind = "suite"
    elif Path(word).exists():
        pairs = list(read.pairs(Path(word)))
        kind = "dataset"
    else:
        raise UsageError(f"there is no source {word!r}", _near(word))
    name = Path(word).resolve().name if Path(word).exists() else word
    digest = hashlib.sha256("".join(p.id for p in pairs).encode()).hexdigest()[:16]
    return Source(f"{name}@{digest}", tuple((f"{kind} {name}", parse(p.graph)) for p in pairs))


def _near(word: str) -> str:
    known = [*ops.OPS, *published.published(), ALL, GROWN, *suite.names()]
    near = difflib.get_close_matches(word, list(dict.fromkeys(known)), 3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "give an operator ('hpctc ops' lists them), a .graph file, a suite, 'all' or 'grown'"
