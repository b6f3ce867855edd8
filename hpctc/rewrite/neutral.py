"""Insert and cancel: neutral elements and pairs of inverses."""

from collections.abc import Iterator
from dataclasses import dataclass

from hpctc.graph.ir import Node
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import Edit, View
from hpctc.rewrite.identity import Identity
from hpctc.rewrite.shapes import ints

NUMBERS = ("float32", "float16", "int32", "int8")
ANY = (*NUMBERS, "bool")


class Inserted(Identity):
    """An identity that applies everywhere, hence one that a random walk takes seldom."""

    weight = 0.15


class InsertNegNeg(Inserted):
    """Negate twice."""

    name = "insert-neg-neg"
    rule = "x = neg(neg(x))"
    dtypes = NUMBERS
    exact = True


class CancelNegNeg(Identity):
    """Two negations cancel."""

    name = "cancel-neg-neg"
    rule = "neg(neg(x)) = x"
    dtypes = NUMBERS
    exact = True


class InsertAddZero(Inserted):
    """Add zero."""

    name = "insert-add-zero"
    rule = "x = x + 0"
    dtypes = NUMBERS
    exact = True


class CancelAddZero(Identity):
    """Zero adds nothing."""

    name = "cancel-add-zero"
    rule = "x + 0 = x"
    dtypes = NUMBERS
    exact = True


class InsertMulOne(Inserted):
    """Multiply with one."""

    name = "insert-mul-one"
    rule = "x = x * 1"
    dtypes = NUMBERS
    exact = True


class CancelMulOne(Identity):
    """One multiplies to nothing new."""

    name = "cancel-mul-one"
    rule = "x * 1 = x"
    dtypes = NUMBERS
    exact = True


class InsertHalves(Inserted):
    """Halve and double; exact, because powers of two only move the exponent."""

    name = "insert-half-double"
    rule = "x = 2 * (x * 0.5)"


class InsertExpLog(Inserted):
    """The exponential of the logarithm, where the logarithm is defined."""

    name = "insert-exp-log"
    rule = "x = exp(log(x))"


class InsertLogExp(Inserted):
    """The logarithm of the exponential, where the exponential does not overflow."""

    name = "insert-log-exp"
    rule = "x = log(exp(x))"


class CancelExpLog(Identity):
    """The exponential undoes the logarithm."""

    name = "cancel-exp-log"
    rule = "exp(log(x)) = x"


class CancelLogExp(Identity):
    """The logarithm undoes the exponential."""

    name = "cancel-log-exp"
    rule = "log(exp(x)) = x"


class InsertSqrtSquare(Inserted):
    """The root of the square, for what is not negative."""

    name = "insert-square-sqrt"
    rule = "x = square(sqrt(x))"


class CancelSquareSqrt(Identity):
    """The square undoes the root."""

    name = "cancel-square-sqrt"
    rule = "square(sqrt(x)) = x"


class CancelSqrtSquare(Identity):
    """The root of the square is the magnitude."""

    name = "sqrt-of-square"
    rule = "sqrt(square(x)) = abs(x)"


class InsertReciprocals(Inserted):
    """Two reciprocals, for what is apart from zero."""

    name = "insert-reciprocals"
    rule = "x = reciprocal(reciprocal(x))"


class CancelReciprocals(Identity):
    """Two reciprocals cancel."""

    name = "cancel-reciprocals"
    rule = "reciprocal(reciprocal(x)) = x"


class InsertNotNot(Inserted):
    """Negate a truth value twice."""

    name = "insert-not-not"
    rule = "x = ~~x"
    dtypes = ("bool",)
    exact = True


class CancelNotNot(Identity):
    """Two negations of a truth value cancel."""

    name = "cancel-not-not"
    rule = "~~x = x"
    dtypes = ("bool",)
    exact = True


class ReluTwice(Identity):
    """The rectifier is idempotent."""

    name = "relu-twice"
    rule = "relu(x) = relu(relu(x))"
    dtypes = NUMBERS
    exact = True
    weight = 0.15


class CancelReluTwice(Identity):
    """A second rectifier changes nothing."""

    name = "cancel-relu-twice"
    rule = "relu(relu(x)) = relu(x)"
    dtypes = NUMBERS
    exact = True


class AbsOfNegative(Identity):
    """The magnitude ignores the sign."""

    name = "abs-of-neg"
    rule = "abs(neg(x)) = abs(x)"
    dtypes = NUMBERS
    exact = True


@dataclass(frozen=True)
class InsertTransposes(Rewrite):
    """Swap two axes and swap them back."""

    name = "insert-transposes"
    rule = "x = transpose(transpose(x, p), p^-1), p swaps the last two axes"
    exact = True
    weight = 0.3

    def build(self, edit: Edit, node: Node) -> Built:
        """Two equal transpositions; needs two axes that are not trivial."""
        x = node.results[0].name
        rank = len(edit.shape(x))
        if len(node.results) > 1 or rank < 2 or 1 in edit.shape(x)[-2:]:
            return None
        swap = (*range(rank - 2), rank - 1, rank - 2)
        return edit.op("transpose", edit.op("transpose", x, perm=swap), perm=swap)


@dataclass(frozen=True)
class InsertReshapes(Rewrite):
    """Flatten and restore."""

    name = "insert-reshapes"
    rule = "x = reshape(reshape(x, [size]), shape)"
    exact = True
    weight = 0.3

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs at least two axes."""
        x = node.results[0].name
        kind = edit.type(x)
        if len(node.results) > 1 or len(kind.shape) < 2:
            return None
        return edit.op("reshape", edit.op("reshape", x, shape=(kind.size,)), shape=kind.shape)


@dataclass(frozen=True)
class InsertSplitConcat(Rewrite):
    """Cut an axis into two and join the parts again."""

    name = "insert-split-concat"
    rule = "x = concat(split(x, 2))"
    exact = True
    weight = 0.3
    axis: int = 0

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["InsertSplitConcat"]:
        """Every axis of even extent."""
        for axis, extent in enumerate(node.results[0].type.shape):
            if extent % 2 == 0 and len(node.results) == 1:
                yield cls(node.results[0].name, axis)

    def build(self, edit: Edit, node: Node) -> Built:
        """Two parts."""
        x = node.results[0].name
        return edit.op("concat", *edit.ops("split", x, parts=2, axis=self.axis), axis=self.axis)


@dataclass(frozen=True)
class InsertPadSlice(Rewrite):
    """Pad the last axis and cut the padding off."""

    name = "insert-pad-slice"
    rule = "x = slice(pad(x, 1), 1)"
    exact = True
    weight = 0.2

    def build(self, edit: Edit, node: Node) -> Built:
        """One element of zero at either end of the last axis."""
        x = node.results[0].name
        shape = edit.shape(x)
        if len(node.results) > 1 or not shape:
            return None
        ones = (*(0 for _ in shape[1:]), 1)
        padded = edit.op("pad", x, before=ones, after=ones)
        end = tuple(e + o for e, o in zip(shape, ones, strict=True))
        return edit.op("slice", padded, begin=ones, end=end)


@dataclass(frozen=True)
class InsertFlips(Rewrite):
    """Reverse the last axis twice."""

    name = "insert-flips"
    rule = "x = flip(flip(x))"
    exact = True
    weight = 0.2

    def build(self, edit: Edit, node: Node) -> Built:
        """Needs an axis that is not trivial."""
        x = node.results[0].name
        shape = edit.shape(x)
        if len(node.results) > 1 or not shape or shape[-1] == 1:
            return None
        axes = (len(shape) - 1,)
        return edit.op("flip", edit.op("flip", x, axes=axes), axes=axes)


@dataclass(frozen=True)
class CancelFlips(Rewrite):
    """Two equal reversals cancel."""

    name = "cancel-flips"
    rule = "flip(flip(x, axes), axes) = x"
    ops = ("flip",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operand of the inner one."""
        inner = edit.view.producer(node.args[0], "flip")
        if inner is None or inner.attrs != node.attrs:
            return None
        return inner.operands[0]


@dataclass(frozen=True)
class CancelSplitConcat(Rewrite):
    """The parts of a split, joined in order, are the whole."""

    name = "cancel-split-concat"
    rule = "concat(split(x)) = x"
    ops = ("concat",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """All results of one split in order, along the same axis."""
        split = edit.view.producer(node.args[0], "split")
        if split is None or tuple(v.name for v in split.results) != node.args:
            return None
        return split.operands[0]


@dataclass(frozen=True)
class CancelConcatSplit(Rewrite):
    """What was joined from the parts that a split wants is not cut again."""

    name = "cancel-concat-split"
    rule = "split(concat(a, b, ...)) = a, b, ..."
    ops = ("split",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operands of the concat, if they have the parts' types."""
        concat = edit.view.producer(node.args[0], "concat")
        if concat is None or len(concat.operands) != len(node.results):
            return None
        return concat.operands


@dataclass(frozen=True)
class CancelPadSlice(Rewrite):
    """Cut off exactly what was padded."""

    name = "cancel-pad-slice"
    rule = "slice(pad(x)) = x"
    ops = ("slice",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The slice begins where the padding ends and has the operand's shape."""
        pad = edit.view.producer(node.args[0], "pad")
        if pad is None:
            return None
        if ints(pad, "before") != ints(node, "begin") or any(s != 1 for s in ints(node, "step")):
            return None
        return pad.operands[0]
