"""Draw the tasks of a suite from checked pairs: every class, many operators, nobody's twin.

Pairs that stand for one thing lie on one *line*: an operator or a wiring, at several extents. A
line gives a task as soon as one of its pairs fits (its C runs, neither too short nor too long, and
nobody has found its inputs weak), so a pair that does not fit is replaced by its nearest relative.
The classes take turns, and each quota is filled in laps:

1. a task of every line that must be there, whatever its time if need be;
2. a task of every other line that is like none that was drawn, in text or in wiring;
3. a task of every line that has none yet;
4. further tasks of all lines, until the quota is full or the pairs are at their end.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal, get_args

from hpctc.core.errors import UsageError
from hpctc.core.records import CATEGORIES, Pair
from hpctc.dataset.similar import Corpus, clusters
from hpctc.dataset.wiring import skeleton

Kind = Literal["operators", "graphs", "blocks"]
"""What a task is: an operator by itself, a building block of networks, or another graph."""

KINDS: tuple[Kind, ...] = get_args(Kind)

BLOCKS = ("blocks.", "published.")
"""What the names of the families begin with whose members are building blocks."""

Milliseconds = Callable[[Pair], float | None]
"""The time of a pair's C on one thread; None: it does not run."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which pairs may be tasks, and how many."""

    quotas: tuple[tuple[Kind | None, int], ...]
    """How many tasks of each kind, None: of any."""
    least_ms: float = 1.0
    """Time of the C on one thread."""
    most_ms: float = float("inf")
    kept: frozenset[str] = frozenset()
    """Ids of pairs of whose lines there must be a task."""
    weak: Container[str] = field(default=frozenset())
    """Ids of pairs whose inputs let wrong programs pass."""


def kind(pair: Pair) -> Kind:
    """What a task of this pair would be; a rewritten operator is a graph."""
    origin, _, name = pair.provenance.source.partition(" ")
    if pair.provenance.rewrites:
        return "graphs"
    if origin in ("operator", "published"):
        return "operators"
    return "blocks" if origin == "family" and name.startswith(BLOCKS) else "graphs"


def line(pair: Pair) -> str:
    """What a pair stands for, at whatever extents."""
    return pair.provenance.source if kind(pair) == "operators" else skeleton(pair.graph)


def choose(
    pairs: Sequence[Pair], rule: Rule, milliseconds: Milliseconds
) -> list[tuple[Pair, float]]:
    """The tasks with their times, kind by kind; too few pairs are a :class:`UsageError`.

    ``milliseconds`` is asked only for pairs that are about to be drawn, and once for each.
    """
    grouped = clusters(Corpus((p.cuda_code, p.c_code) for p in pairs))
    cluster = dict(zip((p.id for p in pairs), grouped, strict=True))
    drawing = _Drawing(rule, milliseconds, cluster)
    taken: list[tuple[Pair, float]] = []
    for wanted, count in rule.quotas:
        pool = [p for p in pairs if wanted is None or kind(p) == wanted]
        found = drawing.fill(pool, count)
        if len(found) < count:
            raise UsageError(
                f"there are {len(found)} {wanted or 'pairs'} for {count} tasks of "
                f"{rule.least_ms:g} ms or more on one thread",
                "ask for fewer or shorter ones (--tasks, --least-ms), or make more pairs: "
                "hpctc generate ... --size medium",
            )
        taken += found
    return taken


_Line = tuple[str, str]
"""A class and what its pairs stand for."""


class _Drawing:
    """What was drawn so far, and what is known of those that were looked at."""

    def __init__(self, rule: Rule, milliseconds: Milliseconds, cluster: Mapping[str, int]) -> None:
        self._rule, self._ask, self._cluster = rule, milliseconds, cluster
        self._times: dict[str, float | None] = {}
        self._drawn: set[str] = set()
        self._served: set[_Line] = set()
        """Lines that have a task."""
        self._clusters: set[int] = set()
        self._wirings: set[str] = set()

    def fill(self, pool: Sequence[Pair], count: int) -> list[tuple[Pair, float]]:
        """At most ``count`` tasks of a pool."""
        lines: dict[_Line, list[Pair]] = {}
        for pair in pool:
            lines.setdefault((pair.category, line(pair)), []).append(pair)
        turns = list(_in_turn(list(lines)))
        must = [key for key in turns if any(p.id in self._rule.kept for p in lines[key])]
        if len(must) > count:
            raise UsageError(
                f"{len(must)} lines must be there, and there are {count} tasks",
                "ask for more tasks, or keep fewer folders",
            )
        found: list[tuple[Pair, float]] = []
        for pair in self._laps(lines, must, turns):
            if len(found) == count:
                break
            self._drawn.add(pair.id)
            self._served.add((pair.category, line(pair)))
            self._clusters.add(self._cluster[pair.id])
            self._wirings.add(skeleton(pair.graph))
            found.append((pair, self._ms(pair) or 0.0))
        return found

    def _laps(
        self,
        lines: Mapping[_Line, Sequence[Pair]],
        must: Sequence[_Line],
        turns: Sequence[_Line],
    ) -> Iterator[Pair]:
        """The pairs in the order in which they are drawn; what is yielded is drawn."""
        for key in must:
            yield self._required(lines[key])
        unserved = [key for key in turns if key not in self._served]
        for key in unserved:
            if (pair := self._next([p for p in lines[key] if self._is_new(p)])) is not None:
                yield pair
        for key in unserved:
            if key not in self._served and (pair := self._next(lines[key])) is not None:
                yield pair
        more = True
        while more:
            more = False
            for key in turns:
                if (pair := self._next(lines[key])) is not None:
                    more = True
                    yield pair

    def _next(self, candidates: Sequence[Pair]) -> Pair | None:
        return next((p for p in candidates if self._is_free(p) and self._fits(p)), None)

    def _required(self, candidates: Sequence[Pair]) -> Pair:
        """A pair of a line that must be there: one that fits, else the longest that is no worse."""
        if (pair := self._next(candidates)) is not None:
            return pair
        free = [p for p in candidates if self._is_free(p)]
        timed = [(ms, p) for p in free if (ms := self._ms(p)) is not None]
        short = [(ms, p) for ms, p in timed if ms <= self._rule.most_ms]
        if not short:
            name = line(candidates[0])
            word = name.replace("published ", "published:").removeprefix("operator ")
            raise UsageError(
                f"none of the {len(candidates)} pairs of '{name}' can be a task: their C does not "
                "run, takes too long, or their inputs are too weak",
                f"make others, and name their folder as well: hpctc generate {word} --size medium "
                "--count 4 --out FOLDER",
            )
        return max(short, key=lambda entry: entry[0])[1]

    def _is_new(self, pair: Pair) -> bool:
        """Whether nothing that was drawn has the text or the wiring of a pair."""
        known = self._cluster[pair.id] in self._clusters
        return not known and skeleton(pair.graph) not in self._wirings

    def _is_free(self, pair: Pair) -> bool:
        return pair.id not in self._drawn and pair.id not in self._rule.weak

    def _fits(self, pair: Pair) -> bool:
        ms = self._ms(pair)
        return ms is not None and self._rule.least_ms <= ms <= self._rule.most_ms

    def _ms(self, pair: Pair) -> float | None:
        if pair.id not in self._times:
            self._times[pair.id] = self._ask(pair)
        return self._times[pair.id]


def _in_turn(keys: Sequence[_Line]) -> Iterator[_Line]:
    """Lines in the order in which the classes take turns."""
    by_class = [[key for key in keys if key[0] == category] for category in CATEGORIES]
    return (key for turn in zip_longest(*by_class) for key in turn if key is not None)


__all__ = ["KINDS", "Kind", "Milliseconds", "Rule", "choose", "kind", "line"]
