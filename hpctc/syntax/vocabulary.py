"""Names that the grammar must know as types or templates before it sees a declaration."""

import re

_VECTORS = {
    f"{base}{width}"
    for base in (
        "char",
        "uchar",
        "short",
        "ushort",
        "int",
        "uint",
        "long",
        "ulong",
        "longlong",
        "ulonglong",
        "float",
        "double",
    )
    for width in (1, 2, 3, 4)
}

_SCALARS = {
    *(f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("size_t", "ssize_t", "ptrdiff_t", "intptr_t", "uintptr_t"),
    *("uint", "uchar", "ushort", "ulong", "longlong", "ulonglong", "clock_t"),
    *("half", "__half", "half2", "__half2", "__half_raw"),
    *("bfloat16", "__nv_bfloat16", "nv_bfloat16", "__nv_bfloat162", "nv_bfloat162"),
    *("__nv_fp8_e4m3", "__nv_fp8_e5m2", "cudaStream_t", "cudaError_t", "dim3", "FILE"),
}

TYPES = frozenset(
    _VECTORS
    | _SCALARS
    | {f"std::{name}" for name in _SCALARS if name.endswith("_t")}
    | {f"{space}{name}" for space in ("", "cg::", "cooperative_groups::")
       for name in ("thread_block", "grid_group", "coalesced_group", "thread_group")}
    | {f"{space}::{name}" for space in ("wmma", "nvcuda::wmma")
       for name in ("row_major", "col_major", "matrix_a", "matrix_b", "accumulator",
                    "precision::tf32", "layout_t")}
)  # fmt: skip
"""Type names of C's headers and of CUDA."""

TEMPLATES = frozenset(
    {"static_cast", "reinterpret_cast", "const_cast", "bit_cast"}
    | {f"std::{name}" for name in ("min", "max", "numeric_limits", "is_same", "is_same_v",
                                   "conditional_t", "array")}
    | {f"{space}::fragment" for space in ("wmma", "nvcuda::wmma")}
    | {f"{space}{name}" for space in ("", "cg::", "cooperative_groups::")
       for name in ("tiled_partition", "thread_block_tile", "plus", "greater", "less", "reduce",
                    "bit_and", "bit_or", "bit_xor")}
)  # fmt: skip
"""Template names of the standard library and of CUDA."""

_DECLARES_TYPE = re.compile(
    r"\btypedef\b[^;{}]*?(\w+)\s*(?:\[[^\]]*\]\s*)*(?:__attribute__\s*\(\(.*?\)\)\s*)?;"
    r"|\btypedef\b[^;{}]*\{[^}]*\}\s*(\w+)\s*;"
    r"|\busing\s+(\w+)\s*="
    r"|\b(?:struct|class|union|enum)\s+(?:(?:__align__|alignas)\s*\((?:[^(){};]|\([^(){};]*\))*\)\s*)?(\w+)\s*[:{]"
    r"|\b(?:typename|class)\s+(\w+)"
)

_DECLARES_TEMPLATE = re.compile(
    r"\btemplate\s*<(?:[^<>]|<[^<>]*>)*>\s*"
    r"(?:(?:struct|class)\s+(?:alignas\s*\((?:[^(){};]|\([^(){};]*\))*\)\s*)?(\w+)"
    r"|using\s+(\w+)"
    r"|(?:[\w\s*&:]|__launch_bounds__\s*\([^)]*\)|<[^<>{}();]*>)*?(\w+)\s*\()"
)


_DECLARES_VARIABLE = re.compile(
    r"\b(?:int|unsigned|long|float|double|bool|auto|size_t|int\d+_t|uint\d+_t)\s+[*&]?(\w+)\s*[=;,()\[]"
    r"|,\s*(\w+)\s*=(?!=)"
)


def variables(source: str) -> set[str]:
    """Names of CUDA's types that a source uses for variables: ``int k = n, half = k / 2;``."""
    found = _DECLARES_VARIABLE.findall(source)
    return {name for pair in found for name in pair} & TYPES


def declared_types(source: str) -> dict[int, str]:
    """Where a source declares which type name: typedef, using, struct, enum, template parameter.

    The keys are character offsets: at its own declaration a name is not yet a type.
    """
    return {
        match.start(group): match.group(group)
        for match in _DECLARES_TYPE.finditer(source)
        for group in range(1, _DECLARES_TYPE.groups + 1)
        if match.group(group)
    }


def declared_templates(source: str) -> set[str]:
    """Names that a source declares as templates of functions, structs or aliases."""
    return {name for match in _DECLARES_TEMPLATE.findall(source) for name in match if name}
