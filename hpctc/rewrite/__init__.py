"""Widening: grow random legal graphs and rewrite graphs without changing their meaning.

Comes in: a graph, or only a seed. Goes out: graphs; of a rewritten one also the chain of texts
that led to it (:func:`replay`). :data:`REWRITES` is the registry; a new rewrite is a class and a
line in :mod:`hpctc.rewrite.table`.
"""

from hpctc.rewrite.growth import Wish, grow
from hpctc.rewrite.table import REWRITES, kind, parse
from hpctc.rewrite.walk import applicable, apply_each, replay, rewrite

__all__ = [
    "REWRITES", "Wish", "applicable", "apply_each", "grow", "kind", "parse", "replay", "rewrite",
]  # fmt: skip
