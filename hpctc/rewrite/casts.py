"""Element types: compute in a wider one, move casts through what computes, merge and split them.

No rule computes floats in a narrower type than the graph does: that would be equal in mathematics
and no more than half right in a kernel. Integers are computed in whatever holds all their values,
floats included: they do not round there.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from hpctc.graph import ops
from hpctc.graph.ir import Arg, Attr, Interval, Node
from hpctc.graph.op import FLOATS, OPS
from hpctc.rewrite.base import Built, Rewrite
from hpctc.rewrite.edit import RANGE, Edit, Refused, View

WIDER = {"float16": "float32", "int8": "int32"}
"""Element type -> the next one that holds all its values and more."""

WHOLE = {
    "float32": Interval(-(2.0**24), 2.0**24),
    "float16": Interval(-(2.0**11), 2.0**11),
    "int32": RANGE["int32"],
    "int8": RANGE["int8"],
}
"""Element type -> the range in which it holds every whole number."""

HOLDS = {"float16": ("float32",), "bool": tuple(WHOLE)}
"""Element type that is no integer -> those that hold all its values."""

RING = (
    "add", "sub", "mul", "square", "sum", "cumsum", "matmul", "dense", "batch_matmul", "conv1d",
    "conv2d", "conv3d",
)  # fmt: skip
"""Sums and products: of whole numbers they are whole, in any element type that has room."""

PRODUCTS = ("matmul", "dense", "batch_matmul", "conv1d", "conv2d", "conv3d")

CHOOSING = (
    "maximum", "minimum", "abs", "neg", "relu", "clip", "where", "max", "min", "argmax", "argmin",
    "max_pool1d", "max_pool2d", "max_pool3d", "global_max_pool", "adaptive_max_pool2d", "sort",
    "argsort", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
)  # fmt: skip
"""Operators that choose or compare, of one or more operands of one element type: they round
nothing, and a cast that keeps values keeps their order."""

MOVING = ("pad", "stack", "tril", "triu")
"""Operators that move elements and are not among those through which ``move-before-map`` and
``map-of-concat`` take any elementwise operator, casts included."""

ROUNDING = tuple(
    sorted(
        op.name
        for op in OPS.values()
        if op.rounding != "exact"
        and "float16" in op.dtypes
        and op.continuous
        and not op.name.startswith("fast_")
    )
)
"""Operators that round floats and do not jump; what they mean does not depend on the type."""


def keeps(edit: Edit, x: Arg, dtype: str) -> bool:
    """Whether every value that ``x`` may have is one of ``dtype``."""
    own = edit.type(x).dtype
    if own == dtype or dtype in HOLDS.get(own, ()):
        return True
    return own in ("int32", "int8") and dtype in WHOLE and edit.interval(x).within(WHOLE[dtype])


def cast(edit: Edit, x: Arg, dtype: str) -> str:
    """``x`` as another element type; itself where it has that type already."""
    assert isinstance(x, str)
    return x if edit.type(x).dtype == dtype else edit.op("cast", x, dtype=dtype)


def target(node: Node) -> str:
    """The element type to which a node casts."""
    return node.results[0].type.dtype


def rounded_attrs(node: Node, dtype: str) -> Mapping[str, Attr]:
    """A node's attributes with the numbers that ``dtype`` makes of them.

    An attribute is rounded to the type in which its node computes; in a wider one it has to be the
    same number as before. Raises :class:`Refused` where a whole type has no such number.
    """
    found: dict[str, Attr] = {}
    for name, value in node.attrs:
        if isinstance(value, float) and dtype not in FLOATS and not value.is_integer():
            raise Refused(f"{name} is no {dtype}")
        found[name] = _number(value, dtype) if isinstance(value, float) else value
    return found


def _number(value: float, dtype: str) -> float:
    return float(np.dtype(dtype).type(value)) if dtype in FLOATS else value


def widened(edit: Edit, node: Node, narrow: str, wide: str) -> str:
    """A node's operator on its operands of type ``narrow`` as ``wide``; the others stay."""
    args: list[Arg] = []
    for arg in node.args:
        if not isinstance(arg, str):
            args.append(_number(float(arg), narrow) if narrow in FLOATS else arg)
        else:
            args.append(cast(edit, arg, wide) if edit.type(arg).dtype == narrow else arg)
    return edit.op(node.op, *args, **rounded_attrs(node, narrow))


@dataclass(frozen=True)
class ComputeWider(Rewrite):
    """Compute halves in single precision and bytes in words, and round once, at the end."""

    name = "compute-wider"
    rule = "f(a, b, ...) = cast(f(cast(a, w), cast(b, w), ...), t), w is wider than their type t"
    ops = tuple(sorted({*ROUNDING, *RING, *CHOOSING}))

    def build(self, edit: Edit, node: Node) -> Built:
        """Sums of bytes are words already: only their operands are cast."""
        narrow = next((t for t in (edit.type(a).dtype for a in node.operands) if t in WIDER), None)
        if narrow is None or len(node.results) > 1:
            return None
        if narrow not in FLOATS and node.op not in (*RING, *CHOOSING):
            return None
        return cast(edit, widened(edit, node, narrow, WIDER[narrow]), target(node))


@dataclass(frozen=True)
class CastBefore(Rewrite):
    """Cast the operands instead of the result: compute in the type that is wanted at the end."""

    name = "cast-before"
    rule = "cast(f(a, b, ...), w) = f(cast(a, w), cast(b, w), ...), w holds all that f reads, makes"
    ops = ("cast",)

    def build(self, edit: Edit, node: Node) -> Built:
        """Halves in single precision; whole numbers that do not leave a wider type's range."""
        wide = target(node)
        inner = edit.view.producer(node.args[0], *ROUNDING, *RING, *CHOOSING, *MOVING)
        if inner is None or len(inner.results) > 1:
            return None
        narrow = edit.type(inner.operands[-1]).dtype
        if narrow not in FLOATS and inner.op not in (*RING, *CHOOSING, *MOVING):
            return None
        read = [a for a in inner.operands if edit.type(a).dtype == narrow]
        if narrow == wide or not all(keeps(edit, v, wide) for v in (*read, node.args[0])):
            return None
        return widened(edit, inner, narrow, wide)


@dataclass(frozen=True)
class CastAfter(Rewrite):
    """Choose, compare, and add up whole numbers in the narrow type in which they came."""

    name = "cast-after"
    rule = "f(cast(a, w), cast(b, w), ...) = cast(f(a, b, ...), w), f does not round"
    ops = (*CHOOSING, *MOVING, *RING)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Every operand of the wide type is a cast from the same type, which holds no less."""
        wide = edit.type(node.operands[-1]).dtype
        sources = {
            a: edit.view.producer(a, "cast") for a in node.operands if edit.type(a).dtype == wide
        }
        args: list[Arg] = []
        for arg in node.args:
            source = sources.get(arg) if isinstance(arg, str) else None
            if isinstance(arg, str) and arg in sources:
                if source is None or not keeps(edit, source.args[0], wide):
                    return None
                arg = source.args[0]
            args.append(arg)
        narrow = edit.type(next(source.args[0] for source in sources.values() if source)).dtype
        if narrow == "bool" or (node.op in RING and narrow in FLOATS):
            return None
        attrs = rounded_attrs(node, narrow)
        value = edit.op(node.op, *args, **attrs)
        if attrs != rounded_attrs(node, wide) or not keeps(edit, value, target(node)):
            return None
        return cast(edit, value, target(node))


@dataclass(frozen=True)
class MergeCasts(Rewrite):
    """Cast once."""

    name = "merge-casts"
    rule = "cast(cast(x, s), t) = cast(x, t), s holds every value of x"
    ops = ("cast",)
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """The operand itself where it has the type already."""
        inner = edit.view.producer(node.args[0], "cast")
        if inner is None or not keeps(edit, inner.args[0], target(inner)):
            return None
        return cast(edit, inner.args[0], target(node))


@dataclass(frozen=True)
class CastInSteps(Rewrite):
    """Cast by way of a third type that loses nothing."""

    name = "cast-in-two-steps"
    rule = "cast(x, t) = cast(cast(x, s), t), s holds every value of x"
    ops = ("cast",)
    exact = True
    weight = 0.3
    through: str = "float32"
    """The type between."""

    @classmethod
    def choices(cls, view: View, node: Node) -> Iterator["CastInSteps"]:
        """Every third type; of truth values ``cast-bool-in-two-steps`` takes care."""
        own, wanted = view.types[node.operands[0]].dtype, target(node)
        if own != "bool":
            between = (t for t in WHOLE if t not in (own, wanted))
            yield from (cls(node.results[0].name, t) for t in between)

    def build(self, edit: Edit, node: Node) -> Built:
        """Two casts."""
        if not keeps(edit, node.args[0], self.through):
            return None
        between = edit.op("cast", node.args[0], dtype=self.through)
        return edit.op("cast", between, dtype=target(node))


@dataclass(frozen=True)
class SkipRounding(Rewrite):
    """Go on with what was computed in single precision, without rounding it to half between."""

    name = "skip-rounding"
    rule = "cast(cast(x, float16), float32) = x"
    ops = ("cast",)
    weight = 2.0

    def build(self, edit: Edit, node: Node) -> Built:
        """Of what may leave the range of halves, a half makes an infinity: that is kept."""
        inner = edit.view.producer(node.args[0], "cast")
        if inner is None or (target(inner), target(node)) != ("float16", "float32"):
            return None
        x = inner.operands[0]
        fits = edit.type(x).dtype == "float32" and edit.interval(x).within(RANGE["float16"])
        return x if fits else None


@dataclass(frozen=True)
class ProductsInFloat(Rewrite):
    """Multiply integers as floats, which have the faster multipliers, and round what comes out.

    A float32 holds whole numbers up to ``2 ** 24`` exactly, so nothing is rounded. Who judges a
    kernel does not know that and allows for the rounding of ``n`` additions, about
    ``sqrt(n) * 2 ** -20`` of the largest sum: that, too, has to stay below one half.
    """

    name = "integer-products-in-float"
    rule = "A @ B = cast(round(cast(A, f32) @ cast(B, f32)), int32), sqrt(n) n |a| |b| <= 2 ** 18"
    ops = PRODUCTS
    exact = True

    def build(self, edit: Edit, node: Node) -> Built:
        """Convolutions and dense layers likewise; ``n`` products are added up."""
        narrow = edit.type(node.args[0]).dtype
        if narrow in FLOATS:
            return None
        kinds = [edit.type(a) for a in node.args]
        terms = ops.get(node.op).terms(kinds, dict(node.attrs))
        largest = math.prod(max(abs(i.low), abs(i.high)) for i in map(edit.interval, node.args))
        if math.sqrt(terms) * terms * largest > 2**18:
            return None
        product = widened(edit, node, narrow, "float32")
        return edit.op("cast", edit.op("round", product), dtype=target(node))
