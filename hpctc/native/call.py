"""Call a built C function with numpy arrays, in this process."""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.records import Tensor

Array = np.ndarray[Any, Any]

C_TYPES = {
    "float32": "float",
    "float16": "_Float16",
    "float64": "double",
    "int32": "int32_t",
    "int64": "int64_t",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "bool": "bool",
}
"""numpy dtype name -> the C type of the signature."""

ALIGNMENT = 64
"""Bytes at which every argument starts."""


def function(library: Path, entry: str, arity: int) -> Callable[..., None]:
    """Load ``void entry(ptr * arity)``; pass addresses (``array.ctypes.data``)."""
    call = ctypes.CDLL(str(library))[entry]
    call.argtypes = [ctypes.c_void_p] * arity
    call.restype = None
    return call


def prototype(entry: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> str:
    """The C declaration of an entry, without semicolon: inputs first, then outputs."""
    args = [f"const {C_TYPES[t.dtype]} *restrict {t.name}" for t in inputs]
    args += [f"{C_TYPES[t.dtype]} *restrict {t.name}" for t in outputs]
    return f"void {entry}({', '.join(args)})"


def aligned(shape: Sequence[int], dtype: str) -> Array:
    """A zeroed, C-contiguous array that starts at a multiple of :data:`ALIGNMENT` bytes."""
    kind = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    raw = np.zeros(count * kind.itemsize + ALIGNMENT, dtype=np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + count * kind.itemsize].view(kind).reshape(tuple(shape))


def run(
    library: Path, entry: str, inputs: Sequence[Array], outputs: Sequence[Tensor]
) -> list[Array]:
    """Call once with fresh poisoned outputs and return them. A crash ends this process."""
    given = []
    for array in inputs:
        copy = aligned(array.shape, array.dtype.name)
        copy[...] = array
        given.append(copy)
    made = [poisoned(t.shape, t.dtype) for t in outputs]
    call = function(library, entry, len(given) + len(made))
    call(*(a.ctypes.data for a in [*given, *made]))
    return made


def poisoned(shape: Sequence[int], dtype: str) -> Array:
    """An aligned array filled with what no kernel should leave: NaN, or 0xA5 bytes for integers."""
    array = aligned(shape, dtype)
    if array.dtype.kind == "f":
        array.fill(np.nan)
    else:
        array.view(np.uint8).fill(0xA5)
    return array
