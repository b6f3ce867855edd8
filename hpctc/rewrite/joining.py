"""Concat, split, stack, slice, pad, roll and gather: by one another and through arithmetic."""

from dataclasses import dataclass

from hpctc.graph.ir import Arg, Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit
from hpctc.rewrite.shapes import ELEMENTWISE, axis_of, halves, integer, ints, number, part


@dataclass(frozen=True)
class NestConcat(Rewrite):
    """Join the first two, then the others."""

    name = "nest-concat"
    rule = "concat(a, b, c, ...) = concat(concat(a, b), c, ...)"
    ops = ("concat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs three operands or more."""
        if len(node.args) < 3:
            return None
        axis = axis_of(edit, node)
        first = edit.op("concat", *node.args[:2], axis=axis)
        return edit.op("concat", first, *node.args[2:], axis=axis)


@dataclass(frozen=True)
class FlattenConcat(Rewrite):
    """Join all at once."""

    name = "flatten-concat"
    rule = "concat(concat(a, b), c) = concat(a, b, c)"
    ops = ("concat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Inner concats along the same axis."""
        axis = axis_of(edit, node)
        flat: list[Arg] = []
        for arg in node.args:
            inner = edit.view.producer(arg, "concat")
            same = inner is not None and axis_of(edit, inner) == axis
            flat += inner.args if inner is not None and same else (arg,)
        return edit.op("concat", *flat, axis=axis) if len(flat) > len(node.args) else None


@dataclass(frozen=True)
class StackAsConcat(Rewrite):
    """Stacking is joining along an axis that is new."""

    name = "stack-as-concat"
    rule = "stack(a, b, ..., i) = concat(expand_dims(a, i), expand_dims(b, i), ..., i)"
    ops = ("stack",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The axis is counted in the result."""
        axis = integer(node, "axis") % len(node.results[0].type.shape)
        return edit.op(
            "concat", *(edit.op("expand_dims", a, axes=(axis,)) for a in node.args), axis=axis
        )


@dataclass(frozen=True)
class ConcatAsStack(Rewrite):
    """Joining equals is stacking them and folding the new axis in."""

    name = "concat-as-stack"
    rule = "concat(a, b, ..., i) = reshape(stack(a, b, ..., i), shape) for equal shapes"
    ops = ("concat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """All operands have one shape."""
        if len({edit.shape(a) for a in node.args}) > 1 or len(node.args) < 2:
            return None
        stacked = edit.op("stack", *node.args, axis=axis_of(edit, node))
        return edit.op("reshape", stacked, shape=node.results[0].type.shape)


@dataclass(frozen=True)
class SplitAsSlices(Rewrite):
    """Cut parts out one by one."""

    name = "split-as-slices"
    rule = "split(x, n) = x[0 : k], x[k : 2 k], ..."
    ops = ("split",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """As many slices as there are results."""
        axis = axis_of(edit, node)
        begin, cuts = 0, []
        for value in node.results:
            end = begin + value.type.shape[axis]
            cuts.append(part(edit, node.args[0], axis, begin, end))
            begin = end
        return tuple(cuts)


@dataclass(frozen=True)
class ComposeSlices(Rewrite):
    """A slice of a slice is a slice."""

    name = "compose-slices"
    rule = "x[a:b:s][c:d:t] = x[a + c s : a + d s : s t]"
    ops = ("slice",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Axis by axis; the end is that of the last element taken."""
        inner = edit.view.producer(node.args[0], "slice")
        if inner is None:
            return None
        rank = len(edit.shape(node.args[0]))
        s = ints(inner, "step") or (1,) * rank
        t = ints(node, "step") or (1,) * rank
        axes = range(rank)
        begin = tuple(ints(inner, "begin")[i] + ints(node, "begin")[i] * s[i] for i in axes)
        step = tuple(s[i] * t[i] for i in axes)
        extents = node.results[0].type.shape
        end = tuple(begin[i] + (extents[i] - 1) * step[i] + 1 for i in axes)
        return edit.op("slice", inner.args[0], begin=begin, end=end, step=step)


@dataclass(frozen=True)
class SliceInSteps(Rewrite):
    """Cut the range out first and take every step-th of it then."""

    name = "slice-in-two-steps"
    rule = "x[a:b:s] = x[a:b][::s]"
    ops = ("slice",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs a step that is not 1 and a range that is not the whole."""
        step = ints(node, "step")
        cut = edit.op("slice", node.args[0], begin=ints(node, "begin"), end=ints(node, "end"))
        shape = edit.shape(cut)
        if all(s == 1 for s in step) or shape == edit.shape(node.args[0]):
            return None
        return edit.op("slice", cut, begin=(0,) * len(shape), end=shape, step=step)


@dataclass(frozen=True)
class MapOfConcat(Rewrite):
    """Apply a function to the parts, not to the whole."""

    name = "map-of-concat"
    rule = "f(concat(a, b, ...)) = concat(f(a), f(b), ...), f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """One tensor operand; the others are literals."""
        tensors = [a for a in node.args if isinstance(a, str)]
        concat = edit.view.producer(tensors[0], "concat")
        if concat is None or len(tensors) != 1:
            return None
        parts = [
            edit.op(
                node.op, *(p if isinstance(a, str) else a for a in node.args), **dict(node.attrs)
            )
            for p in concat.args
        ]
        return edit.op("concat", *parts, axis=axis_of(edit, concat))


@dataclass(frozen=True)
class ConcatOfMaps(Rewrite):
    """Apply a function once to the whole instead of to each part."""

    name = "concat-of-maps"
    rule = "concat(f(a), f(b), ...) = f(concat(a, b, ...)), f elementwise"
    ops = ("concat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The same function of one operand each."""
        inner = [edit.view.producer(a, *ELEMENTWISE) for a in node.args]
        first = inner[0]
        if first is None or len(first.args) != 1:
            return None
        if any(i is None or (i.op, i.attrs) != (first.op, first.attrs) for i in inner):
            return None
        whole = edit.op("concat", *(i.args[0] for i in inner if i), axis=axis_of(edit, node))
        return edit.op(first.op, whole, **dict(first.attrs))


@dataclass(frozen=True)
class RollAsConcat(Rewrite):
    """Rotate by swapping the two pieces."""

    name = "roll-as-concat"
    rule = "roll(x, k) = concat(x[n - k :], x[: n - k])"
    ops = ("roll",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operand itself where the shift is a whole turn: then there is nothing to join."""
        axis = axis_of(edit, node)
        extent = edit.shape(node.args[0])[axis]
        cut = extent - integer(node, "shift") % extent
        if cut == extent:
            return None
        return edit.op(
            "concat",
            part(edit, node.args[0], axis, cut, extent),
            part(edit, node.args[0], axis, 0, cut),
            axis=axis,
        )


@dataclass(frozen=True)
class FlipByHalves(Rewrite):
    """Reverse both halves and swap them."""

    name = "flip-by-halves"
    rule = "flip(x) = concat(flip(x[h:]), flip(x[:h]))"
    ops = ("flip",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Along a single axis."""
        axes = ints(node, "axes")
        shape = edit.shape(node.args[0])
        if len(axes) != 1 or shape[axes[0]] < 2:
            return None
        low, high = halves(edit, node.args[0], axes[0] % len(shape))
        parts = [edit.op("flip", p, axes=axes) for p in (high, low)]
        return edit.op("concat", *parts, axis=axes[0] % len(shape))


@dataclass(frozen=True)
class PadInSteps(Rewrite):
    """Pad in front, then behind."""

    name = "pad-in-two-steps"
    rule = "pad(x, b, a) = pad(pad(x, b, 0), 0, a)"
    ops = ("pad",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs padding on both sides."""
        before, after, value = ints(node, "before"), ints(node, "after"), number(node, "value")
        if not any(before) or not any(after):
            return None
        none = (0,) * len(before)
        first = edit.op("pad", node.args[0], before=before, after=none, value=value)
        return edit.op("pad", first, before=none, after=after, value=value)


@dataclass(frozen=True)
class MergePads(Rewrite):
    """Pad once."""

    name = "merge-pads"
    rule = "pad(pad(x, b, a), d, c) = pad(x, b + d, a + c) for equal values"
    ops = ("pad",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Axis by axis."""
        inner = edit.view.producer(node.args[0], "pad")
        if inner is None or number(inner, "value") != number(node, "value"):
            return None
        before, after = (
            tuple(i + o for i, o in zip(ints(inner, side), ints(node, side), strict=True))
            for side in ("before", "after")
        )
        return edit.op(
            "pad", inner.args[0], before=before, after=after, value=number(node, "value")
        )


@dataclass(frozen=True)
class TakeOfMap(Rewrite):
    """Gather first, compute on what was gathered."""

    name = "take-of-map"
    rule = "take(f(x), i) = f(take(x, i)), f elementwise"
    ops = ("take", "gather_elements")
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """A function of one tensor."""
        inner = edit.view.producer(node.args[0], *ELEMENTWISE)
        if inner is None or sum(isinstance(a, str) for a in inner.args) != 1:
            return None
        args = [
            edit.op(node.op, a, node.args[1], **dict(node.attrs)) if isinstance(a, str) else a
            for a in inner.args
        ]
        return edit.op(inner.op, *args, **dict(inner.attrs))


@dataclass(frozen=True)
class MapOfTake(Rewrite):
    """Compute on everything, gather from the result."""

    name = "map-of-take"
    rule = "f(take(x, i)) = take(f(x), i), f elementwise"
    ops = ELEMENTWISE
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """A function of one tensor."""
        tensors = [a for a in node.args if isinstance(a, str)]
        inner = edit.view.producer(tensors[0], "take", "gather_elements")
        if inner is None or len(tensors) != 1:
            return None
        args = [inner.args[0] if isinstance(a, str) else a for a in node.args]
        value = edit.op(node.op, *args, **dict(node.attrs))
        return edit.op(inner.op, value, inner.args[1], **dict(inner.attrs))


@dataclass(frozen=True)
class TakeAsMatmul(Rewrite):
    """Gather rows by a product with a selecting matrix."""

    name = "take-as-matmul"
    rule = "take(x, i, 0) = one_hot(i, n) @ x"
    ops = ("take",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Rows of a matrix of floats, by a list of indices; small enough to be sane."""
        x, indices = node.args
        kind = edit.type(x)
        if kind.dtype not in ("float32", "float16") or len(kind.shape) != 2:
            return None
        if len(edit.shape(indices)) != 1 or axis_of(edit, node) != 0 or kind.shape[0] > 512:
            return None
        chosen = edit.op("one_hot", indices, depth=kind.shape[0])
        if edit.type(chosen).dtype != kind.dtype:
            chosen = edit.op("cast", chosen, dtype=kind.dtype)
        return edit.op("matmul", chosen, x)
