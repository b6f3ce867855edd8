"""TVM's element types as C types, and numbers as C literals."""

import math
from typing import Any

import numpy as np

from hpctc.native import call

C_TYPES = {
    **call.C_TYPES,
    "int16": "int16_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
}
"""Element type -> C type."""

SHORT = {
    "float32": "f32",
    "float64": "f64",
    "float16": "f16",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "u8",
    "uint16": "u16",
    "uint32": "u32",
    "uint64": "u64",
    "bool": "b8",
}
"""Element type -> the suffix of helper names and vector types."""

ITEMSIZE = {name: np.dtype(name).itemsize for name in C_TYPES}
"""Element type -> bytes."""


def dtype_of(expr: Any) -> str:
    """The element type of a TIR expression, by numpy's name."""
    name = str(expr.ty.dtype)
    if name not in C_TYPES:
        raise NotImplementedError(f"there is no C type for {name}")
    return name


def is_float(dtype: str) -> bool:
    """Whether a dtype is a floating point type."""
    return dtype.startswith("float")


def integer(value: int, dtype: str) -> str:
    """An integer or bool literal; int32 is what plain C numbers are."""
    if dtype == "bool":
        return "true" if value else "false"
    low = -(1 << 63) if dtype == "int64" else -(1 << 31)
    if value == low:
        return f"INT{64 if dtype == 'int64' else 32}_MIN"
    if -(1 << 31) < value < 1 << 31:
        return str(value)
    return f"UINT64_C({value})" if dtype == "uint64" else f"INT64_C({value})"


def floating(value: float, dtype: str) -> str:
    """The shortest literal that reads back as the same number of that dtype."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    kind: Any = np.dtype(dtype).type
    rounded = kind(value)
    if abs(rounded) == np.finfo(kind).max and dtype != "float16":
        name = "FLT_MAX" if dtype == "float32" else "DBL_MAX"
        return name if value > 0 else f"-{name}"
    text = plain(rounded)
    if dtype == "float64":
        return text
    return f"{text}f" if dtype == "float32" else f"(_Float16){text}f"


def plain(number: Any) -> str:
    """Digits of a finite numpy float: positional where that is short, else with an exponent."""
    size = abs(float(number))
    if size == 0 or 1e-4 <= size < 1e7:
        return str(np.format_float_positional(number, trim="0"))
    return str(np.format_float_scientific(number, trim="-", exp_digits=1))
