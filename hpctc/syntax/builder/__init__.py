"""From the grammar's matches to :mod:`hpctc.syntax.tree`: one method a rule of the grammar."""

from hpctc.syntax.builder.declarations import Declarations
from hpctc.syntax.builder.expressions import Expressions
from hpctc.syntax.builder.functions import Functions
from hpctc.syntax.builder.items import Items
from hpctc.syntax.builder.statements import Statements


class Builder(Items, Functions, Declarations, Statements, Expressions):
    """Builds the tree bottom up, without recursion: a sum of ten thousand terms is no harm.

    Its parts know nothing of each other: a rule's method sees only what the rules below made.
    """


__all__ = ["Builder"]
