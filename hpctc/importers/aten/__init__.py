"""ATen, torch's own operators, said in ours: one emitter an overload.

Importing this package fills :data:`hpctc.importers.aten.base.EMITTERS`. What has no emitter is
decomposed by torch into what has one, where torch knows how.
"""

from hpctc.importers.aten import (  # noqa: F401  imported for their emitters
    elementwise,
    indexing,
    layers,
    reductions,
    shapes,
)
from hpctc.importers.aten.base import EMITTERS, Site

__all__ = ["EMITTERS", "Site"]
