"""What a recognised exchange becomes: one reduction over a group of threads."""

from dataclasses import dataclass

from hpctc.syntax import tree
from hpctc.transpile.reduction.operators import Operator


@dataclass(frozen=True)
class Group:
    """Which threads reduce together: ``width`` neighbours, or every ``stride``-th of the block."""

    width: int
    """Threads of a group."""
    stride: int = 1
    """Distance of a group's threads: 1, or how many groups a block has."""
    whole: bool = False
    """Whether the block is one group."""

    def of(self, thread: int) -> int:
        """The number of a thread's group."""
        return thread // self.width if self.stride == 1 else thread % self.stride

    def members(self, thread: int) -> int:
        """The bits of the threads in a thread's group."""
        if self.stride == 1:
            return (1 << self.width) - 1 << thread // self.width * self.width
        column = sum(1 << i * self.stride for i in range(self.width))
        return column << thread % self.stride


@dataclass(frozen=True)
class Reduction(tree.Node):
    """``target = op over the group of value``: every thread of a group gets the same."""

    op: Operator
    target: tree.Name
    value: tree.Expr
    type: tree.Type
    group: Group
    start: tree.Expr | None = None
    """A constant that is joined in; only where it matters how often by none."""
    number: bool = True
    """Whether the values that are joined are no NaN, or a NaN means nothing special."""


__all__ = ["Group", "Reduction"]
