"""What the rewrites share: attributes of a node in normal form, slices, swaps, alignment."""

from collections.abc import Iterable

from hpctc.graph.ir import Arg, Interval, Node
from hpctc.graph.op import OPS
from hpctc.graph.ops.shapes import axes_of
from hpctc.rewrite.edit import Edit

DECIDING = (
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and",
    "logical_or", "logical_xor", "logical_not", "isnan", "isinf", "isfinite", "where", "mod",
    "floor_div",
)  # fmt: skip

ELEMENTWISE: tuple[str, ...] = tuple(
    sorted({o.name for o in OPS.values() if o.category == "elementwise"} | set(DECIDING))
)
"""Operators that compute a result element from the operands' elements at the same place."""


def ints(node: Node, name: str) -> tuple[int, ...]:
    """An attribute that is a list of whole numbers."""
    value = dict(node.attrs)[name]
    assert isinstance(value, tuple)
    return value


def integer(node: Node, name: str) -> int:
    """An attribute that is a whole number."""
    value = dict(node.attrs)[name]
    assert isinstance(value, int)
    return value


def number(node: Node, name: str) -> float:
    """An attribute that is a number."""
    value = dict(node.attrs)[name]
    assert isinstance(value, int | float)
    return float(value)


def axis_of(edit: Edit, node: Node) -> int:
    """The attribute ``axis``, counted from the front of the first operand."""
    return integer(node, "axis") % len(edit.shape(node.args[0]))


def axes_and_keep(edit: Edit, node: Node) -> tuple[tuple[int, ...], bool]:
    """The axes of a reduction, sorted and counted from the front, and ``keepdims``."""
    rank = len(edit.shape(node.args[0]))
    return axes_of(node.op, ints(node, "axes"), rank), bool(dict(node.attrs)["keepdims"])


def permutation(node: Node) -> tuple[int, ...]:
    """The permutation of a transpose, counted from the front."""
    perm = ints(node, "perm")
    return tuple(p % len(perm) for p in perm)


def part(edit: Edit, x: Arg, axis: int, begin: int, end: int, step: int = 1) -> str:
    """``x[begin:end:step]`` along one axis."""
    shape = edit.shape(x)
    rank = len(shape)
    return edit.op(
        "slice",
        x,
        begin=tuple(begin if a == axis else 0 for a in range(rank)),
        end=tuple(end if a == axis else n for a, n in enumerate(shape)),
        step=() if step == 1 else tuple(step if a == axis else 1 for a in range(rank)),
    )


def bordered(edit: Edit, x: Arg, first: int, border: tuple[int, ...], value: float = 0.0) -> Arg:
    """``x`` with a border around its axes of space, which begin at ``first``; itself without."""
    if not any(border):
        return x
    rest = len(edit.shape(x)) - first - len(border)
    width = (*(0,) * first, *border, *(0,) * rest)
    return edit.op("pad", x, before=width, after=width, value=value)


def window(
    edit: Edit,
    x: Arg,
    first: int,
    offset: tuple[int, ...],
    count: tuple[int, ...],
    stride: tuple[int, ...],
) -> str:
    """``count`` elements of ``x``, ``stride`` apart, from ``offset`` on: axes ``first`` and after.

    What all windows of a convolution or a pool have in one place; axes before ``first`` and after
    those of space are left whole.
    """
    shape = edit.shape(x)
    last = first + len(offset)
    ends = tuple(o + (n - 1) * s + 1 for o, n, s in zip(offset, count, stride, strict=True))
    ones = (1,) * len(shape)
    return edit.op(
        "slice",
        x,
        begin=(*(0,) * first, *offset, *(0,) * (len(shape) - last)),
        end=(*shape[:first], *ends, *shape[last:]),
        step=() if set(stride) == {1} else (*ones[:first], *stride, *ones[last:]),
    )


def added(edit: Edit, terms: Iterable[str]) -> str:
    """The sum of one term or more, each added as soon as it is made."""
    rest = iter(terms)
    total = next(rest)
    for term in rest:
        total = edit.op("add", total, term)
    return total


def halves(edit: Edit, x: Arg, axis: int) -> tuple[str, str]:
    """The first and the second half of ``x`` along an axis."""
    extent = edit.shape(x)[axis]
    return part(edit, x, axis, 0, extent // 2), part(edit, x, axis, extent // 2, extent)


def swap_last(edit: Edit, x: Arg) -> str:
    """``x`` with its last two axes swapped."""
    rank = len(edit.shape(x))
    return edit.op("transpose", x, perm=(*range(rank - 2), rank - 1, rank - 2))


def aligned(edit: Edit, arg: Arg, rank: int) -> Arg:
    """``arg`` with as many leading axes of extent 1 as broadcasting would give it."""
    missing = rank - len(edit.shape(arg))
    if not isinstance(arg, str) or missing == 0:
        return arg
    return edit.op("reshape", arg, shape=(1,) * missing + edit.shape(arg))


def shifted(edit: Edit, x: Arg, axes: tuple[int, ...]) -> str:
    """``x - max(x)`` over axes, which keeps exponentials from overflowing."""
    value = edit.op("sub", x, edit.op("max", x, axes=axes, keepdims=True))
    return edit.assume(value, Interval(edit.interval(value).low, 0.0))
