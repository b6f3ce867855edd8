"""What can be wrong with a graph; all of it is the user's to mend, so all of it has a hint."""

from hpctc.core.errors import HpctcError


class GraphError(HpctcError):
    """A graph, or its text, is not legal."""


class GraphTypeError(GraphError):
    """An operator does not take these shapes, element types or attributes."""


class GraphDomainError(GraphError):
    """An operator is applied where it is not defined: the log of an interval that holds -1."""
