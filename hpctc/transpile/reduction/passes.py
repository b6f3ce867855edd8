"""The package's entry: from a translated kernel to one with reductions in it."""

from hpctc.syntax import tree
from hpctc.transpile.kernel import Translated
from hpctc.transpile.reduction.search import Search
from hpctc.transpile.reduction.unread import without_unread
from hpctc.transpile.scope import Barrier, Collective, Geometry, Warped


def reductions(kernel: Translated, geometry: Geometry, const: frozenset[str]) -> Translated:
    """The kernel with what its threads reduce together written as reductions."""
    nodes = [n for s in kernel.body for n in tree.walk(s)]
    meets = any(isinstance(n, Collective | Barrier) for n in nodes)
    if not meets or any(isinstance(n, Warped | tree.Return) for n in nodes):
        return kernel
    made = Search(kernel, geometry, const).run()
    return kernel if made is kernel else without_unread(made)


__all__ = ["reductions"]
