"""Random graphs, grown operator by operator from a seed: legal, sound and worth a task.

``grow(seed)`` begins with a theme (a block as real programs have it), applies further operators to
values that are there, joins the ends, and judges the whole: no output may be NaN, infinite,
constant or all but zero, every input must matter, and float32 must come close to float64.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import CATEGORIES, Category
from hpctc.graph import ops
from hpctc.graph.cost import PRECEDENCE, category
from hpctc.graph.ir import Graph
from hpctc.graph.op import FLOATS, NUMBERS
from hpctc.rewrite.growth import addressed, ends, layouts  # noqa: F401  imported for their moves
from hpctc.rewrite.growth.judge import dull, objection
from hpctc.rewrite.growth.moves import move
from hpctc.rewrite.growth.shaped import RANKS, lifted
from hpctc.rewrite.growth.state import Growth
from hpctc.rewrite.growth.themes import ANY_DTYPE, THEMES, Ground, anything
from hpctc.rewrite.scale import SIZES, scaled

ATTEMPTS = 200
"""Beginnings after which a seed is given up; one or two are the rule."""

SCALES = {"tiny": 0.4, "small": 1.0}
"""Size -> how large the extents of a theme are; a larger size is a small graph scaled up."""

ELEMENTS = {"tiny": 1 << 10, "small": 1 << 15}
"""Elements that a value may have."""

FEWEST = 2
"""Operators of a grown graph at least: single ones are there without growing."""

STEPS = {"tiny": (1, 4), "small": (1, 8)}
"""Operators that are added to a theme, at least and at most."""

SHARES: dict[Category, float] = {
    "elementwise": 4.0,
    "layout transform": 2.0,
    "logic intensive": 2.0,
    "reduction": 1.5,
    "compute intensive": 1.0,
}
"""How often free growth turns to each category, of those that the graph's own allows."""

GUARDS = ("isnan", "isinf", "isfinite")
RARE = 0.3
"""How often growth thinks of guards, which change nothing."""

TRIES = 12
"""Operators that are tried at most to add one."""

DTYPES = {"float32": 0.86, "float16": 0.06, "int32": 0.06, "int8": 0.02}
"""How often a graph is about each element type."""


class GrowthError(HpctcError):
    """No sound graph was found for a seed under the conditions given."""


@dataclass(frozen=True)
class Wish:
    """What a graph is to be like."""

    size: str = "small"
    """tiny, small, medium or large: see :data:`SCALES` and :data:`hpctc.rewrite.scale.SIZES`."""
    categories: tuple[Category, ...] = CATEGORIES
    """Each is drawn equally often."""
    only: frozenset[str] | None = None
    """The operators that may be used; None: all."""
    dtype: str | None = None
    """What most of it computes with; None: mostly float32."""

    def __post_init__(self) -> None:
        """Refuse what nobody can grow, with the names that there are."""
        if self.size not in (*SCALES, *SIZES):
            raise UsageError(f"there is no size {self.size!r}", f"there are {', '.join(SIZES)}")
        if unknown := set(self.categories) - set(CATEGORIES):
            raise UsageError(
                f"there is no category {min(unknown)!r}", f"there are {', '.join(CATEGORIES)}"
            )
        if not self.categories:
            raise UsageError("no category is wished for", f"there are {', '.join(CATEGORIES)}")
        for name in sorted(self.only or ()):
            try:
                ops.get(name)
            except HpctcError as problem:
                raise UsageError(problem.message, problem.hint) from None

    def allowed(self, wanted: Category) -> frozenset[str]:
        """The operators that a graph of a category may use."""
        if self.only is not None:
            return self.only
        lower = PRECEDENCE[PRECEDENCE.index(wanted) :]
        return frozenset(o.name for o in ops.OPS.values() if o.category in lower)


ANYTHING = Wish()


def grow(seed: int, wish: Wish = ANYTHING) -> Graph:
    """The graph of a seed: the same in every process.

    Raises :class:`GrowthError` if the wish leaves nothing to grow.
    """
    if seed < 0:
        raise UsageError(f"the seed is {seed}", "a seed is a whole number from 0")
    rng = random.Random(seed)
    categories = wish.categories if wish.only is None else tuple(CATEGORIES)
    # The category is drawn once: what is easy to grow must not crowd out what is hard.
    wanted = rng.choice(categories)
    for _ in range(ATTEMPTS):
        graph = _attempt(rng, seed, wish, wanted)
        if graph is not None:
            return graph
    raise GrowthError(
        f"no sound graph was grown from seed {seed} in {ATTEMPTS} attempts",
        "allow more operators, categories or element types, or take another seed",
    )


def _attempt(rng: random.Random, seed: int, wish: Wish, wanted: Category) -> Graph | None:
    """One beginning and what grows from it; None where that is not what was wished for."""
    size = wish.size if wish.size in SCALES else "small"
    allowed = wish.allowed(wanted)
    growth = Growth(rng, ELEMENTS[size], allowed.__contains__)
    stem = _plant(Ground(growth, SCALES[size], _dtype(rng, wish)), wanted, wish)
    for _ in range(rng.randint(*STEPS[size])):
        _step(growth, allowed)
    returned = ends.outputs(growth)
    if not returned:
        return None
    graph = growth.finish(f"{stem}{seed}", returned)
    strayed = wish.only is None and category(graph) != wanted
    if strayed or len(graph.nodes) < FEWEST or objection(graph):
        return None
    if wish.size in SCALES:
        return graph
    large = scaled(graph, rng.randrange(1 << 30), SIZES[wish.size])
    return None if large is None or dull(large) else large


def _plant(ground: Ground, wanted: Category, wish: Wish) -> str:
    """Begin with a theme; return what a graph of it is called."""
    themes = THEMES[wanted]
    if wish.only is not None:
        themes = (anything,)
    elif ground.dtype not in FLOATS:
        themes = tuple(t for t in themes if t in ANY_DTYPE) or (anything,)
    theme = ground.growth.rng.choice(themes)
    theme(ground)
    return "grown" if theme is anything else theme.__name__


def _dtype(rng: random.Random, wish: Wish) -> str:
    if wish.dtype is not None:
        return wish.dtype
    if wish.only is not None:
        return rng.choice(ops.get(rng.choice(sorted(wish.only))).dtypes)
    return rng.choices(list(DTYPES), list(DTYPES.values()))[0]


def _step(growth: Growth, allowed: Collection[str]) -> None:
    """Add one operator: a few are tried, each on a value that suits it."""
    for _ in range(TRIES):
        op = _operator(growth.rng, allowed)
        x = _operand(growth, op)
        if x is not None and move(op)(growth, x) is not None:
            return


def _operator(rng: random.Random, allowed: Collection[str]) -> str:
    families: dict[Category, list[str]] = {}
    for op in ops.OPS.values():
        if op.name in allowed and (op.name not in GUARDS or rng.random() < RARE):
            families.setdefault(op.category, []).append(op.name)
    if not families:
        return rng.choice(sorted(allowed))
    shares = [SHARES[c] for c in families]
    return rng.choice(families[rng.choices(list(families), shares)[0]])


def _operand(growth: Growth, op: str) -> str | None:
    """A value to apply an operator to: of its element types, and brought to its rank."""
    dtypes = NUMBERS if op == "where" else ops.get(op).dtypes
    rank = RANKS.get(op)
    if rank is not None:
        x = growth.some(lambda v: v.type.dtype in dtypes and len(v.type.shape) == rank)
        if x is not None:
            return x
    x = growth.some(lambda v: v.type.dtype in dtypes)
    return x if rank is None or x is None else lifted(growth, x, rank)
