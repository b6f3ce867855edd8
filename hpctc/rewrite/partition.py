"""Compute on halves of the batch and join; share and repeat computations."""

from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.conv import CONVS
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.pool import AVG_POOLS, MAX_POOLS
from hpctc.rewrite.reduction import NESTING
from hpctc.rewrite.shapes import ELEMENTWISE, axes_and_keep, axis_of, halves, integer, permutation

BY_IMAGE = (
    *CONVS, *MAX_POOLS, *AVG_POOLS, "conv1d_transpose", "conv2d_transpose", "global_avg_pool",
    "adaptive_avg_pool2d", "upsample2d", "resize2d", "group_norm", "instance_norm", "batch_norm",
    "depth_to_space", "space_to_depth", "dense", "rms_norm",
)  # fmt: skip
"""Operators that treat every element of their first operand's first axis on its own."""

ALONG_AN_AXIS = ("softmax", "log_softmax", "cumsum", "cumprod", "argmax", "argmin")


def batched(edit: Edit, node: Node) -> list[bool] | None:
    """Which operands are cut when the first axis of the result is; None: it cannot be cut."""
    count, x = len(node.args), node.args[0]
    rank = len(edit.shape(x))
    first_only = [i == 0 for i in range(count)]
    if node.op in ELEMENTWISE:
        shape = node.results[0].type.shape
        return [
            isinstance(a, str)
            and len(edit.shape(a)) == len(shape)
            and edit.shape(a)[:1] == shape[:1]
            for a in node.args
        ]
    if node.op == "matmul":
        # Both have the batch axis, or only the left one; of two matrices the rows are cut.
        other = edit.shape(node.args[1])
        both = len(other) == rank > 2 and other[0] == edit.shape(x)[0]
        alone = len(other) < rank or rank == 2 == len(other)
        return [True, True] if both else first_only if alone else None
    apart = {
        "transpose": lambda: permutation(node)[0] == 0,
        "layer_norm": lambda: integer(node, "axes_count") < rank,
        **dict.fromkeys(NESTING, lambda: 0 not in axes_and_keep(edit, node)[0]),
        **dict.fromkeys(ALONG_AN_AXIS, lambda: axis_of(edit, node) != 0),
        **dict.fromkeys(BY_IMAGE, lambda: rank > 1),
    }
    return first_only if node.op in apart and apart[node.op]() else None


@dataclass(frozen=True)
class SplitBatch(Rewrite):
    """Compute on the two halves of the batch and join the results."""

    name = "split-batch"
    rule = "f(x) = concat(f(x[:h]), f(x[h:])) along the first axis, where f works on each alone"
    weight = 0.4

    def build(self, edit: Edit, node: Node) -> Built:
        """Whatever does not run along the first axis of its first operand."""
        shape = node.results[0].type.shape
        if len(node.results) > 1 or not shape or shape[0] < 2 or not node.operands:
            return None
        cut = batched(edit, node)
        if cut is None or not any(cut):
            return None
        pairs: list[tuple[Arg, Arg]] = [
            halves(edit, a, 0) if c else (a, a) for a, c in zip(node.args, cut, strict=True)
        ]
        parts = [edit.op(node.op, *(p[i] for p in pairs), **dict(node.attrs)) for i in (0, 1)]
        return edit.op("concat", *parts, axis=0)


@dataclass(frozen=True)
class Share(Rewrite):
    """Compute once what is computed twice."""

    name = "share"
    rule = "y = f(x), z = f(x): z = y"
    exact = True
    weight = 3.0

    def build(self, edit: Edit, node: Node) -> Built:
        """The first node that applies the same operator to the same operands."""
        for other in edit.view.graph.nodes:
            if other == node:
                return None
            if (other.op, other.args, other.attrs) == (node.op, node.args, node.attrs):
                return tuple(v.name for v in other.results)
        return None


@dataclass(frozen=True)
class Repeat(Rewrite):
    """Compute an operand again instead of reading it from where another use left it."""

    name = "recompute"
    rule = "y = f(x), z = g(y): y2 = f(x), z = g(y2), where y has other uses"
    exact = True
    weight = 0.2

    def build(self, edit: Edit, node: Node) -> Built:
        """The first operand that is read elsewhere, too, or returned."""
        for arg in dict.fromkeys(node.operands):
            source = edit.view.producer(arg)
            if source is None or len(source.results) > 1:
                continue
            used = len(edit.view.users[arg]) > 1 or arg in edit.view.graph.outputs
            if used and edit.view.users[arg][0] != node:
                again = edit.op(source.op, *source.args, **dict(source.attrs))
                args = [again if a == arg else a for a in node.args]
                return edit.ops(node.op, *args, **dict(node.attrs))
        return None
