"""CUDA's functions as C expressions: a table of formulas, read by the project's own parser.

A formula's parameters are ``a, b, c, ...``; the result type stands before it. Whatever mentions a
parameter twice is a function in ``templates/c/rules/helpers.c.j2``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from hpctc.core.resources import render
from hpctc.syntax import edit, tree
from hpctc.syntax.parse import parse

_FORMULAS = """
float __expf expf(a)
float __exp10f powf(10.0f, a)
float exp10f powf(10.0f, a)
double exp10 pow(10.0, a)
float __logf logf(a)
float __log2f log2f(a)
float __log10f log10f(a)
float __sinf sinf(a)
float __cosf cosf(a)
float __tanf tanf(a)
float __tanhf tanhf(a)
float __powf powf(a, b)
float __fdividef a / b
float fdividef a / b
float __frcp_rn 1.0f / a
float __fsqrt_rn sqrtf(a)
float __frsqrt_rn 1.0f / sqrtf(a)
float rsqrtf 1.0f / sqrtf(a)
double rsqrt 1.0 / sqrt(a)
float rcbrtf 1.0f / cbrtf(a)
double rcbrt 1.0 / cbrt(a)
float __fadd_rn a + b
float __fsub_rn a - b
float __fmul_rn a * b
float __fdiv_rn a / b
float __fmaf_rn fmaf(a, b, c)
double __dadd_rn a + b
double __dsub_rn a - b
double __dmul_rn a * b
double __ddiv_rn a / b
double __fma_rn fma(a, b, c)
float __saturatef saturate(a)
float normcdff normal_cdf(a)
double normcdf normal_cdf_double(a)
float erfinvf (float)inverse_erf(a)
double erfinv inverse_erf(a)
float sinpif sinf(3.14159265358979f * a)
float cospif cosf(3.14159265358979f * a)
double sinpi sin(3.14159265358979323846 * a)
double cospi cos(3.14159265358979323846 * a)
int __float2int_rn double_to_int(rint(a))
int __float2int_rz double_to_int(a)
int __float2int_ru double_to_int(ceil(a))
int __float2int_rd double_to_int(floor(a))
int __double2int_rn double_to_int(rint(a))
int __double2int_rz double_to_int(a)
unsigned __float2uint_rn double_to_unsigned(rint(a))
unsigned __float2uint_rz double_to_unsigned(a)
int64_t __float2ll_rn llrintf(a)
int64_t __float2ll_rz (int64_t)a
float __int2float_rn (float)a
float __int2float_rz (float)a
float __uint2float_rn (float)a
float __ll2float_rn (float)a
double __int2double_rn (double)a
float __double2float_rn (float)a
int __float_as_int float_as_int(a)
unsigned __float_as_uint float_as_unsigned(a)
float __int_as_float int_as_float(a)
float __uint_as_float unsigned_as_float(a)
int64_t __double_as_longlong double_as_int64_t(a)
double __longlong_as_double int64_t_as_double(a)
int __popc __builtin_popcount(a)
int __popcll __builtin_popcountll(a)
int __clz count_leading_zeros(a)
int __clzll count_leading_zeros_64(a)
int __ffs __builtin_ffs(a)
int __ffsll __builtin_ffsll(a)
unsigned __brev reverse_bits(a)
unsigned __umulhi (unsigned)((uint64_t)(a) * (b) >> 32)
int __mulhi (int)((int64_t)(a) * (b) >> 32)
int __mul24 multiply_24(a, b)
unsigned __umul24 (a & 0xffffffu) * (b & 0xffffffu)
unsigned __byte_perm byte_perm(a, b, c)
unsigned __funnelshift_l funnel_left(a, b, c)
unsigned __funnelshift_r funnel_right(a, b, c)
int __dp4a dot_bytes(a, b, c)
_Float16 __float2half (_Float16)a
_Float16 __float2half_rn (_Float16)a
_Float16 __double2half (_Float16)a
_Float16 __int2half_rn (_Float16)a
float __half2float (float)a
int __half2int_rn (int)rintf(a)
int __half2int_rz (int)a
uint16_t __half_as_ushort half_as_uint16_t(a)
_Float16 __ushort_as_half uint16_t_as_half(a)
_Float16 __hadd (_Float16)(a + b)
_Float16 __hsub (_Float16)(a - b)
_Float16 __hmul (_Float16)(a * b)
_Float16 __hdiv (_Float16)(a / b)
_Float16 __hfma (_Float16)fmaf(a, b, c)
_Float16 __hneg -a
_Float16 __habs (_Float16)fabsf(a)
_Float16 __hmax max__Float16(a, b)
_Float16 __hmin min__Float16(a, b)
bool __hgt a > b
bool __hge a >= b
bool __hlt a < b
bool __hle a <= b
bool __heq a == b
bool __hne a != b
bool __hisnan isnan(a)
_Float16 hexp (_Float16)expf(a)
_Float16 hexp2 (_Float16)exp2f(a)
_Float16 hlog (_Float16)logf(a)
_Float16 hlog2 (_Float16)log2f(a)
_Float16 hsqrt (_Float16)sqrtf(a)
_Float16 hrsqrt (_Float16)(1.0f / sqrtf(a))
_Float16 hrcp (_Float16)(1.0f / a)
_Float16 hsin (_Float16)sinf(a)
_Float16 hcos (_Float16)cosf(a)
_Float16 htanh (_Float16)tanhf(a)
_Float16 hfloor (_Float16)floorf(a)
_Float16 hceil (_Float16)ceilf(a)
_Float16 htrunc (_Float16)truncf(a)
_Float16 hrint (_Float16)rintf(a)
_Float16 hnearbyint (_Float16)nearbyintf(a)
bf16 __float2bfloat16 float_to_bf16(a)
bf16 __float2bfloat16_rn float_to_bf16(a)
bf16 __ushort_as_bfloat16 a
"""

_LIBM = """
exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh
atanh erf erfc tgamma lgamma floor ceil trunc round rint nearbyint fabs pow fmod atan2 fmin fmax
hypot copysign fdim remainder nextafter fma ldexp
"""

FLOAT_MATH = frozenset(_LIBM.split())
"""libm's functions: with an ``f`` they take float; CUDA overloads the plain name for it."""

_PAIRS = frozenset(
    {"pow", "fmod", "atan2", "fmin", "fmax", "hypot", "copysign", "fdim", "remainder", "nextafter",
     "ldexp"}
)  # fmt: skip


def arity(name: str) -> int:
    """How many arguments a function of libm takes; ``name`` is the one for double."""
    return 3 if name == "fma" else 2 if name in _PAIRS else 1


PREDICATES = frozenset({"isnan", "isinf", "isfinite", "signbit"})

ROUNDED = re.compile(r"__(?:[fd](?:add|sub|mul|div|maf?|rcp|sqrt)|fma)f?_r[zud]")
"""Arithmetic in another rounding mode than C's."""

LOADS = frozenset({"__ldg", "__ldca", "__ldcg", "__ldcs", "__ldlu", "__ldcv"})
STORES = frozenset({"__stcs", "__stcg", "__stwb", "__stwt"})
FENCES = frozenset({"__threadfence", "__threadfence_block", "__threadfence_system"})
NOTHING = frozenset(
    {"__nanosleep", "__prof_trigger", "__builtin_assume", "assert", "__pipeline_commit",
     "__pipeline_wait_prior", "__trap"}
)  # fmt: skip
"""Functions whose call leaves no trace in the C."""

BARRIERS = {"__syncthreads": "block", "__syncwarp": "warp", "__barrier_sync": "block"}

COLLECTIVES = {
    "__shfl_sync": "shfl", "__shfl_up_sync": "up", "__shfl_down_sync": "down",
    "__shfl_xor_sync": "xor", "__shfl": "shfl", "__shfl_up": "up", "__shfl_down": "down",
    "__shfl_xor": "xor", "__ballot_sync": "ballot", "__any_sync": "any", "__all_sync": "all",
    "__activemask": "active", "__match_any_sync": "match", "__reduce_add_sync": "add",
    "__reduce_min_sync": "min", "__reduce_max_sync": "max", "__reduce_and_sync": "and",
    "__reduce_or_sync": "or", "__reduce_xor_sync": "exor", "__syncthreads_count": "block_count",
    "__syncthreads_and": "block_and", "__syncthreads_or": "block_or",
}  # fmt: skip
"""Functions in which threads exchange values -> how :mod:`hpctc.transpile.warp` calls them."""

UNSUPPORTED = {
    "tex1D": "HPC0017", "tex2D": "HPC0017", "tex3D": "HPC0017", "tex1Dfetch": "HPC0017",
    "surf2Dread": "HPC0017", "surf2Dwrite": "HPC0017", "clock": "HPC0023", "clock64": "HPC0023",
    "globaltimer": "HPC0023", "this_grid": "HPC0012", "this_cluster": "HPC0022",
    "cudaLaunchDevice": "HPC0020", "__cvta_generic_to_shared": "HPC0010",
}  # fmt: skip


LOGARITHM = ("bits", "mantissa")

VECTOR_MATH: dict[str, tuple[tuple[str, ...], float | None]] = {
    "bits": ((), None), "power_of_two": ((), None), "mantissa": (("bits",), None),
    "sqrt": ((), None),
    "exp": (("power_of_two",), 1.2), "exp2": (("power_of_two",), 1.5),
    "tanh": ((), 6.0), "erf": ((), 7.0),
    "sinh": (("exp",), 4.0), "cosh": (("exp",), 3.5),
    "log": (LOGARITHM, 1.0), "log2": (LOGARITHM, 1.5), "log10": (("log",), 2.5),
    "log1p": (("log",), 2.5),
    "asinh": (("sqrt", "log1p"), 3.0), "acosh": (("sqrt", "log1p"), 3.5),
    "atanh": (("log1p",), 3.5),
    "sin": ((), 0.6), "cos": ((), 0.6), "tan": ((), 0.6),
    "asin": (("sqrt",), 2.0), "acos": (("sqrt",), 1.5), "atan": ((), 2.0),
    "pow": ((*LOGARITHM, "power_of_two"), 1.0),
}  # fmt: skip
"""Functions of ``templates/c/math`` that gcc vectorises where it cannot libm's: what each calls,
and its largest error in units in the last place. ``sqrt`` keeps its name and loses errno."""


def vectorised(text: str) -> tuple[list[str], str]:
    """The C with float functions of libm replaced by ours, and the definitions of those."""
    wanted: dict[str, None] = {}

    def add(name: str) -> str:
        for other in VECTOR_MATH[name][0]:
            add(other)
        wanted[name] = None
        return f"{name}_f32("

    words = "|".join(n for n, (_, ulp) in VECTOR_MATH.items() if ulp)
    changed = re.sub(rf"\b({words})f\(", lambda m: add(m.group(1)), text)
    if re.search(r"\bsqrtf\(", changed):
        add("sqrt")
    made = [
        render(
            f"c/math/{n}.c.j2", T="float", name=f"{n}_f32", dtype="float32", ulp=VECTOR_MATH[n][1]
        )
        for n in wanted
    ]
    return made, changed


@dataclass(frozen=True)
class Formula:
    """A CUDA function in terms of C."""

    result: str
    value: tree.Expr

    @property
    def arity(self) -> int:
        """How many arguments the formula mentions; a function of CUDA's takes no fewer."""
        return max(("abcdef".find(n) + 1 for n in edit.mentions(self.value)), default=0)

    def apply(self, args: Sequence[tree.Expr]) -> tree.Expr:
        """The formula with the arguments in place of ``a, b, c``."""
        return edit.substitute(self.value, dict(zip("abcdef", args, strict=False)))


@cache
def _texts() -> dict[str, tuple[str, str]]:
    rows = (line.split(" ", 2) for line in _FORMULAS.strip().split("\n"))
    return {name: (result, text) for result, name, text in rows}


@cache
def formula(name: str) -> Formula | None:
    """The formula of a CUDA function, None where the table has none."""
    if (row := _texts().get(name)) is None:
        return None
    return Formula(row[0], expression(row[1]))


def names() -> set[str]:
    """Every function that the table knows."""
    return set(_texts())


@cache
def expression(text: str) -> tree.Expr:
    """One C expression, parsed."""
    function = parse(f"void f(void) {{ {text}; }}").items[0]
    assert isinstance(function, tree.Function), text
    assert function.body is not None, text
    statement = function.body.body[0]
    assert isinstance(statement, tree.Evaluate), text
    return statement.value


@cache
def helpers() -> dict[str, str]:
    """Name -> text of each function in ``templates/c/rules/helpers.c.j2``, in order."""
    text = render("c/rules/helpers.c.j2")
    blocks = (block.strip("\n") + "\n" for block in text.split("\n}\n"))
    named = ((re.search(r"^static inline \w+ (\w+)\(", b, re.MULTILINE), b) for b in blocks)
    return {match.group(1): f"{block}}}\n" for match, block in named if match is not None}


def needed(text: str) -> list[str]:
    """The helpers that a C text calls, and those that they call, in the file's order."""
    known = helpers()
    wanted: set[str] = set()
    pending = [text]
    while pending:
        for word in set(re.findall(r"\b\w+(?=\()", pending.pop())) & set(known) - wanted:
            wanted.add(word)
            pending.append(known[word].split("{", 1)[1])
    return [known[name] for name in known if name in wanted]
