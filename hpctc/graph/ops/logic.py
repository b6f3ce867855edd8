"""Comparisons, predicates, selection and rounding: operators that decide, and so may jump."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpctc.graph import interval as iv
from hpctc.graph.errors import GraphTypeError
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import (
    ANY,
    FLOATS,
    NUMBERS,
    Array,
    AttrDef,
    Attrs,
    Op,
    Sample,
    Types,
    declare,
)
from hpctc.graph.ops.binary import Binary, binary
from hpctc.graph.ops.shapes import broadcast, equal_dtypes, per_element, same_type

F32, F16, I32, I8, BOOL = "float32", "float16", "int32", "int8", "bool"


def shifted(
    operands: Sequence[Array], doubts: Sequence[Array], _attrs: Attrs, way: int
) -> tuple[Array, ...]:
    """Move the one operand of a step function up or down by its doubt."""
    return (operands[0] + way * doubts[0],)


def _apart(
    operands: Sequence[Array], doubts: Sequence[Array], _attrs: Attrs, way: int
) -> tuple[Array, ...]:
    return operands[0] + way * doubts[0], operands[1] - way * doubts[1]


def _together(
    operands: Sequence[Array], doubts: Sequence[Array], _attrs: Attrs, way: int
) -> tuple[Array, ...]:
    # Equality jumps twice: make what is nearly equal equal, and what is equal differ.
    a, b = np.broadcast_arrays(*operands)
    doubt = np.broadcast_to(doubts[0] + doubts[1], a.shape)
    near = np.abs(a - b) <= doubt
    return (np.where(near, b, a), b) if way > 0 else (np.where(near, b + doubt, a), b)


def _truth(interval: Interval) -> bool | None:
    """Whether the comparison ``x > 0`` is settled for the whole interval."""
    if interval.low > 0:
        return True
    return False if interval.high <= 0 else None


def _bit(truth: bool | None) -> Interval:
    return iv.BIT if truth is None else Interval(float(truth), float(truth))


def _greater(a: Interval, b: Interval) -> Interval:
    return _bit(_truth(iv.add(a, iv.negative(b))))


def _not(bit: Interval) -> Interval:
    return Interval(1 - bit.high, 1 - bit.low)


def _equal(a: Interval, b: Interval) -> Interval:
    apart = a.high < b.low or b.high < a.low
    return Interval(0.0, 0.0) if apart else iv.BIT


def _compare(name: str, f: Binary, image: Any, symbol: str, dtypes: Any = NUMBERS) -> None:
    equality = name in ("equal", "not_equal")
    binary(
        name, f, image, f"a[i] {symbol} b[i]", infix=symbol, dtypes=dtypes, result=BOOL,
        nudge=_together if equality else _apart, rounding="exact", category="logic intensive",
        literal=0,
    )  # fmt: skip


_compare("equal", np.equal, _equal, "==", ANY)
_compare("not_equal", np.not_equal, lambda a, b: _not(_equal(a, b)), "!=", ANY)
_compare("less", np.less, lambda a, b: _greater(b, a), "<")
_compare("less_equal", np.less_equal, lambda a, b: _not(_greater(a, b)), "<=")
_compare("greater", np.greater, _greater, ">")
_compare("greater_equal", np.greater_equal, lambda a, b: _not(_greater(b, a)), ">=")


def _connective(name: str, f: Binary, image: Any, words: str, symbol: str) -> None:
    binary(
        name, f, image, words, infix=symbol, dtypes=(BOOL,), rounding="exact", literal=None,
        category="logic intensive",
    )  # fmt: skip


def _both(a: Interval, b: Interval) -> Interval:
    return Interval(min(a.low, b.low), min(a.high, b.high))


def _either(a: Interval, b: Interval) -> Interval:
    return Interval(max(a.low, b.low), max(a.high, b.high))


_connective("logical_and", np.logical_and, _both, "a[i] and b[i]", "&")
_connective("logical_or", np.logical_or, _either, "a[i] or b[i]", "|")
_connective("logical_xor", np.logical_xor, lambda a, b: iv.BIT, "a[i] or b[i], but not both", "^")


def _predicate(name: str, f: Callable[[Array], Array], image: iv.Image, doc: str) -> None:
    declare(
        Op(
            name=name,
            category="logic intensive",
            doc=f"y[i] = {doc}",
            arity=(1, 1),
            infer=lambda types, attrs: (TensorType(types[0].shape, BOOL),),
            meaning=lambda xs, attrs: (f(xs[0]),),
            image=image,
            flops=per_element(1),
            rounding="exact",
            samples=(
                Sample((TensorType((3, 17), F32),)),
                Sample((TensorType((2, 5), F16),)),
            ),
        )
    )


# In a legal graph NaN does not occur and infinity only by overflow, which no interval excludes.
_predicate("isnan", np.isnan, iv.constant(iv.BIT), "whether x[i] is not a number")
_predicate("isinf", np.isinf, iv.constant(iv.BIT), "whether x[i] is infinite")
_predicate("isfinite", np.isfinite, iv.constant(iv.BIT), "whether x[i] is a finite number")

declare(
    Op(
        name="logical_not",
        category="logic intensive",
        doc="y[i] = not x[i]",
        arity=(1, 1),
        infer=same_type,
        meaning=lambda xs, attrs: (np.logical_not(xs[0]),),
        image=lambda xs, types, attrs: _not(xs[0]),
        flops=per_element(1),
        dtypes=(BOOL,),
        rounding="exact",
        samples=(Sample((TensorType((3, 17), BOOL),)),),
    )
)


def _step(
    name: str, f: Callable[[Array], Array], image: iv.Image, doc: str, dtypes: Any = FLOATS
) -> None:
    wide = Interval(-5.0, 5.0)
    samples = [Sample((TensorType((3, 17), F32),), domains=(wide,))]
    samples += [Sample((TensorType((2, 5), d),), domains=(wide,)) for d in dtypes[1:]]
    declare(
        Op(
            name=name,
            category="elementwise",
            doc=f"y[i] = {doc}",
            arity=(1, 1),
            infer=same_type,
            meaning=lambda xs, attrs: (f(xs[0]),),
            image=image,
            flops=per_element(1),
            dtypes=dtypes,
            rounding="exact",
            nudge=shifted,
            samples=tuple(samples),
        )
    )


_step("floor", np.floor, iv.rising(np.floor), "the largest whole number <= x[i]")
_step("ceil", np.ceil, iv.rising(np.ceil), "the smallest whole number >= x[i]")
_step("round", np.rint, iv.rising(np.rint), "the nearest whole number, halves to the even one")
_step("trunc", np.trunc, iv.rising(np.trunc), "x[i] without its fraction")
_step("sign", np.sign, iv.rising(np.sign), "-1, 0 or 1, the sign of x[i]", NUMBERS)


def _where_type(types: Types, _attrs: Attrs) -> tuple[TensorType, ...]:
    dtype = equal_dtypes("where", types[1:])
    return (TensorType(broadcast("where", [t.shape for t in types]), dtype),)


declare(
    Op(
        name="where",
        category="logic intensive",
        doc="y[i] = a[i] if cond[i] else b[i]",
        arity=(3, 3),
        params=("cond", "a", "b"),
        infer=_where_type,
        meaning=lambda xs, attrs: (np.where(xs[0], xs[1], xs[2]),),
        image=lambda xs, types, attrs: iv.hull(xs[1:]),
        flops=per_element(1),
        dtypes=(BOOL,),
        literals=(1, 2),
        rounding="exact",
        samples=(
            Sample((TensorType((4, 9), BOOL), TensorType((4, 9), F32), TensorType((4, 9), F32))),
            Sample((TensorType((4, 1), BOOL), TensorType((9,), F16), TensorType((1, 9), F16))),
            Sample((TensorType((5,), BOOL), TensorType((5,), I32), TensorType((5,), I32))),
            Sample(
                (TensorType((5, 3), BOOL), TensorType((), F32), TensorType((5, 3), F32)),
                literals={1: 0.0},
            ),
        ),
    )
)


def _cast_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    if types[0].dtype == attrs["dtype"]:
        raise GraphTypeError(f"cast: x is {types[0]} already", "leave the cast out")
    return (TensorType(types[0].shape, attrs["dtype"]),)


def _cast(xs: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
    kind = np.dtype(attrs["dtype"])
    x = xs[0]
    if kind.kind == "f":
        # Whoever evaluates chooses the precision of floats; float64 holds them all.
        return (x if x.dtype.kind == "f" else x.astype(np.float64),)
    return (x.astype(kind),)


def _cast_image(xs: Sequence[Interval], types: Types, attrs: Attrs) -> Interval:
    if attrs["dtype"] == BOOL:
        return iv.BIT
    if attrs["dtype"] in FLOATS:
        return xs[0]
    return iv.rising(np.trunc)(xs, types, attrs)


def _cast_domain(_types: Types, attrs: Attrs) -> tuple[Interval, ...]:
    return (iv.DTYPE_RANGE[attrs["dtype"]] if attrs["dtype"] != BOOL else iv.DTYPE_RANGE[F32],)


declare(
    Op(
        name="cast",
        category="elementwise",
        doc="y[i] = x[i] as another element type; floats to integers lose their fraction",
        arity=(1, 1),
        infer=_cast_type,
        meaning=_cast,
        image=_cast_image,
        flops=per_element(1),
        attrs=(AttrDef("dtype", "dtype"),),
        legal_for=_cast_domain,
        dtypes=ANY,
        rounding="exact",
        nudge=shifted,
        samples=(
            Sample((TensorType((3, 17), F32),), {"dtype": F16}),
            Sample((TensorType((3, 17), F16),), {"dtype": F32}),
            Sample((TensorType((3, 17), F32),), {"dtype": I32}, (Interval(-50.0, 50.0),)),
            Sample((TensorType((3, 17), F32),), {"dtype": I8}, (Interval(-50.0, 50.0),)),
            Sample((TensorType((3, 17), I32),), {"dtype": F32}),
            Sample((TensorType((3, 17), I32),), {"dtype": I8}),
            Sample((TensorType((3, 17), BOOL),), {"dtype": F32}),
            Sample((TensorType((3, 17), BOOL),), {"dtype": I32}),
            Sample((TensorType((3, 17), I32),), {"dtype": BOOL}),
        ),
    )
)
