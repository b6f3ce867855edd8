"""Which C function an intrinsic becomes: a helper carried in the unit, or the C library's.

gcc does not vectorise calls of ``expf`` or ``tanhf`` without ``-ffast-math``; the helpers in
``templates/c/math`` are branch-free C that it does vectorise under plain flags. Each states the
largest error that a test measures over a dense sweep.
"""

from dataclasses import dataclass
from functools import cache

from hpctc.core.resources import render
from hpctc.lower.c.types import C_TYPES, SHORT, is_float


@dataclass(frozen=True)
class Function:
    """The C side of one intrinsic on one element type."""

    dtype: str
    """The type in which it is computed; float16 is computed in float."""
    helper: str | None = None
    """Name of a helper of ours, or None: a library function."""
    library: str = ""
    boolean: bool = False
    """Whether the result is a truth value."""


LIBRARY = {
    "fabs": "fabs", "fmod": "fmod", "pow": "pow", "atan2": "atan2", "hypot": "hypot",
    "copysign": "copysign", "nextafter": "nextafter", "ldexp": "ldexp", "fma": "fma",
    "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "round": "rint",
    "nearbyint": "rint", "exp": "exp", "exp2": "exp2", "exp10": "exp10", "log": "log",
    "log2": "log2", "log10": "log10", "log1p": "log1p", "erf": "erf", "sin": "sin", "cos": "cos",
    "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh",
}  # fmt: skip
"""Intrinsic -> name in <math.h>, without the float suffix. ``round`` is to even, as numpy's."""

CLASSIFY = frozenset({"isnan", "isinf", "isfinite"})
"""Intrinsics that are a macro of <math.h> and give a truth value."""


@dataclass(frozen=True)
class Helper:
    """A function that a unit carries; its text is ``templates/c/math/<name>.c.j2``."""

    needs: tuple[str, ...] = ()
    """The helpers it calls."""
    ulp: float | None = None
    """Largest error of the float version, in units in the last place of the right result."""


LOG = ("bits", "mantissa")

HELPERS = {
    "min": Helper(),
    "max": Helper(),
    "fold_min": Helper(),
    "fold_max": Helper(),
    "floordiv": Helper(),
    "floormod": Helper(),
    "sqrt": Helper(),
    "rsqrt": Helper(("sqrt",)),
    "splat": Helper(),
    "bits": Helper(),
    "reinterpret": Helper(),
    "power_of_two": Helper(),
    "mantissa": Helper(("bits",)),
    "exp": Helper(("power_of_two",), ulp=1.2),
    "exp2": Helper(("power_of_two",), ulp=1.5),
    "log": Helper(LOG, ulp=1.0),
    "log2": Helper(LOG, ulp=1.5),
    "log10": Helper(("log",), ulp=2.5),
    "log1p": Helper(("log",), ulp=2.5),
    "tanh": Helper(ulp=6.0),
    "sigmoid": Helper(("exp",), ulp=2.5),
    "erf": Helper(ulp=7.0),
    "sin": Helper(ulp=0.6),
    "cos": Helper(ulp=0.6),
    "tan": Helper(ulp=0.6),
    "atan": Helper(ulp=2.0),
    "asin": Helper(("sqrt",), ulp=2.0),
    "acos": Helper(("sqrt",), ulp=1.5),
    "sinh": Helper(("exp",), ulp=4.0),
    "cosh": Helper(("exp",), ulp=3.5),
    "asinh": Helper(("sqrt", "log1p"), ulp=3.0),
    "acosh": Helper(("sqrt", "log1p"), ulp=3.5),
    "atanh": Helper(("log1p",), ulp=3.5),
    "pow": Helper((*LOG, "power_of_two"), ulp=1.0),
}
"""Every helper; those with an error stand for a function of <math.h> where it is float."""


def function(intrinsic: str, dtype: str) -> Function:
    """The C function for an intrinsic whose first argument has that dtype."""
    computed = "float32" if dtype == "float16" else dtype
    if intrinsic in CLASSIFY:
        return Function(dtype, library=intrinsic, boolean=True)
    carried = HELPERS.get(intrinsic)
    if carried and (computed == "float32" or carried.ulp is None):
        return Function(computed, helper=intrinsic)
    if intrinsic in LIBRARY and is_float(dtype):
        suffix = "f" if computed == "float32" else ""
        return Function(computed, library=LIBRARY[intrinsic] + suffix)
    raise NotImplementedError(f"there is no C for the intrinsic {intrinsic} on {dtype}")


def helper_name(name: str, kind: str) -> str:
    """``exp_f32`` for an element type, ``max_f32x16`` for a vector type."""
    if name == "sqrt":
        return "sqrtf" if kind == "float32" else "sqrt"
    return f"{name}_{SHORT.get(kind, kind)}"


@cache
def helper_text(name: str, kind: str) -> str:
    """The definition of a helper for one element or vector type."""
    full = helper_name(name, kind)
    if kind in C_TYPES:
        ulp = HELPERS[name].ulp
        return render(f"c/math/{name}.c.j2", T=C_TYPES[kind], name=full, dtype=kind, ulp=ulp)
    element = next(c for dtype, c in C_TYPES.items() if SHORT[dtype] == kind.partition("x")[0])
    return render(f"c/math/{name}_vector.c.j2", T=element, V=kind, name=full)


def definitions(wanted: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The texts of helpers and of all they call, callees first, in a fixed order."""
    ordered: dict[tuple[str, str], str] = {}

    def add(name: str, kind: str) -> None:
        for needed in HELPERS[name].needs:
            add(needed, kind)
        ordered[name, kind] = helper_text(name, kind)

    for name, kind in sorted(wanted):
        add(name, kind)
    return ordered
