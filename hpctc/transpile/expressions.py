"""Expressions of CUDA C++ as expressions of C, each with its type."""

from collections.abc import Callable
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.operators import Operators
from hpctc.transpile.scope import Typed


class Expressions(Operators):
    """All kinds of nodes but calls and lambdas."""

    def expr(self, node: tree.Expr) -> Typed:
        """The C of an expression, and its type; what must run before it goes to ``out``."""
        method: Callable[[Any], Typed] | None = getattr(
            self, f"_{type(node).__name__.lower()}", None
        )
        if method is None:
            raise self.refused("HPC0024", type(node).__name__, node)
        return method(node)
