"""Elementwise functions of one operand: the mathematics of ``math.h``."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from hpctc.graph import interval as iv
from hpctc.graph.ir import Interval, TensorType
from hpctc.graph.op import FLOATS, NUMBERS, Array, AttrDef, Attrs, Op, Sample, Types, declare
from hpctc.graph.ops.shapes import fits, per_element, same_type

UNIT = Interval(-1.0, 1.0)
INSIDE_UNIT = Interval(-(1 - 2.0**-11), 1 - 2.0**-11)
"""Where atanh is finite: up to the largest float16 below 1."""

F32, F16, I32, I8 = "float32", "float16", "int32", "int8"


def _samples(dtypes: tuple[str, ...], domain: Interval | None) -> tuple[Sample, ...]:
    found = [
        Sample((TensorType((3, 17), F32),), domains=(domain,)),
        Sample((TensorType((1, 5, 7), F16),), domains=(domain,)),
    ]
    found += [Sample((TensorType((65,), d),)) for d in dtypes if d in (I32, I8)]
    return tuple(found)


def unary(name: str, f: Callable[[Array], Array], image: iv.Image, doc: str, **rest: Any) -> Op:
    """Declare ``y = f(x)``; what is not said is that of a float function defined everywhere."""
    dtypes = rest.setdefault("dtypes", FLOATS)
    domain = rest.pop("sampled", None)
    return declare(
        Op(
            name=name,
            category=rest.pop("category", "elementwise"),
            doc=f"y[i] = {doc}",
            arity=(1, 1),
            infer=same_type,
            meaning=lambda xs, attrs: (f(xs[0]),),
            image=image,
            flops=per_element(rest.pop("flops", 1)),
            samples=_samples(dtypes, domain),
            **rest,
        )
    )


def _apart_from_zero(name: str) -> Any:
    def requires(intervals: Any, _types: Any, _attrs: Any) -> str:
        if iv.apart_from_zero(intervals[0]):
            return ""
        return f"{name} needs x apart from 0, but here it ranges over {intervals[0]}"

    return requires


unary("abs", np.abs, iv.dipping(np.abs, 0.0), "|x[i]|", dtypes=NUMBERS, rounding="exact")
unary("neg", np.negative, iv.falling(np.negative), "-x[i]", dtypes=NUMBERS, rounding="exact")
unary("square", np.square, iv.dipping(np.square, 0.0), "x[i] ** 2", dtypes=(*FLOATS, I32, I8))
unary("exp", np.exp, iv.rising(np.exp), "e ** x[i]", flops=8)
unary("exp2", np.exp2, iv.rising(np.exp2), "2 ** x[i]", flops=8)
unary("expm1", np.expm1, iv.rising(np.expm1), "e ** x[i] - 1", flops=8)
unary("log", np.log, iv.rising(np.log), "ln x[i]", legal=(iv.POSITIVE,), flops=8)
unary("log2", np.log2, iv.rising(np.log2), "log2 x[i]", legal=(iv.POSITIVE,), flops=8)
unary("log10", np.log10, iv.rising(np.log10), "log10 x[i]", legal=(iv.POSITIVE,), flops=8)
unary(
    "log1p", np.log1p, iv.rising(np.log1p), "ln(1 + x[i])", flops=8,
    legal=(Interval(INSIDE_UNIT.low, math.inf),),
)  # fmt: skip
unary("sqrt", np.sqrt, iv.rising(np.sqrt), "x[i] ** (1/2)", legal=(iv.NOT_NEGATIVE,))
unary(
    "rsqrt", lambda x: 1 / np.sqrt(x), iv.falling(lambda x: 1 / np.sqrt(x)), "x[i] ** (-1/2)",
    legal=(iv.POSITIVE,), flops=2,
)  # fmt: skip
unary(
    "reciprocal", lambda x: 1 / x, lambda xs, types, attrs: iv.reciprocal(xs[0]),
    "1 / x[i], x apart from 0", legal=(iv.POSITIVE,), requires=_apart_from_zero("reciprocal"),
)  # fmt: skip
unary("sin", np.sin, iv.sine, "sin x[i]", flops=8)
unary("cos", np.cos, iv.cosine, "cos x[i]", flops=8)
unary("tan", np.tan, iv.rising(np.tan), "tan x[i]", legal=(Interval(-1.5, 1.5),), flops=8)
unary("asin", np.arcsin, iv.rising(np.arcsin), "arcsin x[i]", legal=(UNIT,), flops=8)
unary("acos", np.arccos, iv.falling(np.arccos), "arccos x[i]", legal=(UNIT,), flops=8)
unary("atan", np.arctan, iv.rising(np.arctan), "arctan x[i]", flops=8)
unary("sinh", np.sinh, iv.rising(np.sinh), "sinh x[i]", flops=8)
unary("cosh", np.cosh, iv.dipping(np.cosh, 0.0), "cosh x[i]", flops=8)
unary("tanh", np.tanh, iv.rising(np.tanh), "tanh x[i]", flops=8)
unary("asinh", np.arcsinh, iv.rising(np.arcsinh), "arsinh x[i]", flops=8)
unary(
    "acosh", np.arccosh, iv.rising(np.arccosh), "arcosh x[i]", flops=8,
    legal=(Interval(1.0, math.inf),),
)  # fmt: skip
unary("atanh", np.arctanh, iv.rising(np.arctanh), "artanh x[i]", legal=(INSIDE_UNIT,), flops=8)
unary("erf", special.erf, iv.rising(special.erf), "erf x[i]", flops=8)


def _clip_type(types: Types, attrs: Attrs) -> tuple[TensorType, ...]:
    fits(
        "clip",
        attrs["min"] <= attrs["max"],
        f"min is {attrs['min']} and max is {attrs['max']}",
        "min must not be greater than max",
    )
    return (types[0],)


declare(
    Op(
        name="clip",
        category="elementwise",
        doc="y[i] = min(max(x[i], min), max)",
        arity=(1, 1),
        infer=_clip_type,
        meaning=lambda xs, attrs: (
            np.clip(xs[0], xs[0].dtype.type(attrs["min"]), xs[0].dtype.type(attrs["max"])),
        ),
        image=lambda xs, types, attrs: Interval(
            min(max(xs[0].low, attrs["min"]), attrs["max"]),
            min(max(xs[0].high, attrs["min"]), attrs["max"]),
        ),
        flops=per_element(2),
        attrs=(
            AttrDef("min", "float", legal="a finite number"),
            AttrDef("max", "float", legal="a finite number"),
        ),
        rounding="exact",
        samples=(
            Sample((TensorType((3, 17), F32),), {"min": -0.5, "max": 0.25}),
            Sample((TensorType((9,), F16),), {"min": 0.0, "max": 0.75}),
        ),
    )
)
