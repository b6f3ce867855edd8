"""The C of a kernel's nests, each by the kind of tile that is cheapest, or as plain loops."""

from collections.abc import Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.dot import Dot
from hpctc.transpile.contract.forms import Doubt
from hpctc.transpile.contract.lanes import Lanes
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.operands import Scratch, TooMuch, padded
from hpctc.transpile.contract.plain import looped
from hpctc.transpile.contract.tile import chosen
from hpctc.transpile.kernel import Translated


def written(nests: Sequence[Nest], kernel: Translated) -> tuple[Any, ...]:
    """The statements of a kernel whose outputs are these nests."""
    taken = {*(kernel.reads - kernel.locals.keys()), *kernel.pointers}
    made = [_statements(nest, kernel, taken) for nest in nests]
    return made[0] if len(made) == 1 else tuple(tree.Block(m) for m in made)


def _statements(nest: Nest, kernel: Translated, taken: set[str]) -> tuple[Any, ...]:
    try:
        return _tiled(nest, set(taken))
    except TooMuch:
        raise
    except Doubt:
        return looped(nest, kernel, set(taken))


def _tiled(nest: Nest, taken: set[str]) -> tuple[Any, ...]:
    scratch = Scratch(nest, taken)
    total = padded(nest, scratch)
    tile = chosen(nest, total.term, frozenset(copy.name for copy in scratch.copies))
    writer = (Dot if tile.along in nest.over else Lanes)(nest, scratch, total, tile)
    return tuple(writer.statements())
