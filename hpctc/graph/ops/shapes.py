"""What the families' shape inferences share: equal types, broadcasting, axes, windows."""

from collections.abc import Sequence
from typing import Any

from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import SHORT, TensorType
from hpctc.graph.op import Attrs, Types


def same_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    """The result has the type of the first operand."""
    return (types[0],)


def per_element(cost: int) -> Any:
    """The ``flops`` of an operator that spends ``cost`` operations on every result element."""
    return lambda types, results, attrs: cost * results[0].size


def nothing(_types: Types, _results: Types, _attrs: Attrs) -> int:
    """The ``flops`` of an operator that only moves data."""
    return 0


def equal_dtypes(op: str, types: Types) -> str:
    """The one element type of all operands; an error says which one to cast."""
    for i, other in enumerate(types[1:], 1):
        if other.dtype != types[0].dtype:
            raise GraphTypeError(
                f"{op} needs operands of one element type, "
                f"but operand 0 is {types[0]} and operand {i} is {other}",
                f"cast one of them: cast(..., dtype={SHORT[types[0].dtype]})",
            )
    return types[0].dtype


def broadcast(op: str, shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Numpy's broadcasting of shapes; an error names the axis that does not fit."""
    rank = max(len(s) for s in shapes)
    result = [1] * rank
    for shape in shapes:
        for axis, extent in enumerate(shape, rank - len(shape)):
            if extent not in (1, result[axis]) and result[axis] != 1:
                given = " and ".join(str(list(s)) for s in shapes)
                raise GraphTypeError(
                    f"{op} cannot broadcast {given}: axis {axis - rank} has extents "
                    f"{result[axis]} and {extent}",
                    "extents must be equal or 1, counted from the last axis; "
                    "use reshape or expand_dims",
                )
            result[axis] = max(result[axis], extent)
    return tuple(result)


def axis_of(op: str, axis: int, rank: int, name: str = "axis") -> int:
    """An axis counted from the front; negative ones count from the back."""
    if not -rank <= axis < rank:
        raise GraphTypeError(
            f"{op}: {name} is {axis}, but the operand has {rank} ax{'i' if rank == 1 else 'e'}s",
            f"{name} may be {-rank} to {rank - 1}" if rank else "a scalar has no axis; reshape it",
            about=name,
        )
    return axis % rank


def axes_of(op: str, axes: Sequence[int], rank: int, name: str = "axes") -> tuple[int, ...]:
    """Axes counted from the front, sorted; ``()`` means all of them; none may be named twice."""
    if not axes:
        return tuple(range(rank))
    found = [axis_of(op, a, rank, name) for a in axes]
    if len(set(found)) != len(found):
        raise GraphTypeError(
            f"{op}: {name} {list(axes)} name an axis twice", "name every axis once"
        )
    return tuple(sorted(found))


def rank_is(op: str, kind: TensorType, rank: int, layout: str, param: str = "x") -> None:
    """Fail unless the operand has ``rank`` axes; ``layout`` says which."""
    if kind.rank != rank:
        raise GraphTypeError(
            f"{op} needs {param} of rank {rank} ({layout}), but it is {kind}",
            "use reshape or expand_dims",
        )


def fits(op: str, fact: bool, message: str, hint: str) -> None:
    """Fail with ``message`` and ``hint`` unless ``fact`` holds."""
    if not fact:
        raise GraphTypeError(f"{op}: {message}", hint)
