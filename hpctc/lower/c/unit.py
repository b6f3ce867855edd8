"""A whole C file from a plan and its scheduled functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tvm import tirx

from hpctc.core.records import Tensor
from hpctc.lower.c import maths
from hpctc.lower.c.layout import signature
from hpctc.lower.c.names import Scope
from hpctc.lower.c.printer import CFunction, print_function
from hpctc.lower.c.types import C_TYPES, ITEMSIZE
from hpctc.lower.c.vectors import typedef
from hpctc.lower.plan import Plan
from hpctc.native.call import prototype

TRAPS = (
    "no-trapping-math",
    "Nobody reads the exception flags: conditional arithmetic may become SIMD.",
)
"""A promise that changes no result, without which gcc leaves such loops scalar."""

TILES = (
    "no-predictive-commoning",
    "Register tiles leave no registers for what the next iteration will load again.",
)
"""What keeps gcc from carrying loads from one iteration to the next at the price of spills."""

WIDE = (
    "prefer-vector-width=512",
    "Much arithmetic on every load: whole vectors, where gcc prefers halves of them.",
)
"""For most processors with AVX-512 gcc makes SIMD loops of 256 bits unless it is told."""

CONDITIONAL = (" ? ", " || ", "floor", "ceil", "trunc", "isnan(", "isinf(", "isfinite(")
"""Text that needs :data:`TRAPS`."""

FLOATS = frozenset({"float16", "float32", "float64"})
"""The element types whose helpers may compute something conditionally that could trap."""

HEADERS = {
    "float.h": ("FLT_MAX", "DBL_MAX"),
    "math.h": (),
    "stdbool.h": ("bool", "true", "false"),
    "stdint.h": ("int8_t", "uint32_t", "int16_t", "int32_t", "int64_t", "INT32_", "INT64_"),
    "stdlib.h": ("free(",),
}
"""Header -> text that needs it; <math.h> is always there."""


@dataclass(frozen=True)
class Printed:
    """One plan in C, without what it shares with others in the same file."""

    functions: list[CFunction]
    definitions: list[str]
    """The steps, callees first, then the entry."""


def print_unit(plan: Plan, scheduled: Sequence[tirx.PrimFunc]) -> str:
    """The C source of a plan: helpers, one static function a step, and the entry.

    ``scheduled[i]`` is what became of ``plan.steps[i].func``. The entry is
    ``void NAME(const T *restrict in..., T *restrict out...)``, as
    :func:`hpctc.native.call.prototype` has it. A plan of one step whose results are all returned is
    a single function.
    """
    return print_units([(plan, scheduled)])


def print_units(plans: Sequence[tuple[Plan, Sequence[tirx.PrimFunc]]]) -> str:
    """The C source of several plans with different entries in one file."""
    names = Scope(plan.entry for plan, _ in plans)
    printed = [print_plan(plan, scheduled, names) for plan, scheduled in plans]
    functions = [f for p in printed for f in p.functions]
    definitions = [d for p in printed for d in p.definitions]
    return "\n".join([*preamble(functions, definitions), *definitions])


def print_plan(plan: Plan, scheduled: Sequence[tirx.PrimFunc], file: Scope) -> Printed:
    """The functions of one plan; those of steps get names that are free in ``file``."""
    scope = Scope()
    tensors = (*plan.inputs, *plan.outputs, *plan.intermediates)
    names = {t.name: scope.fresh(t.name) for t in tensors}
    entry = prototype(plan.entry, renamed(plan.inputs, names), renamed(plan.outputs, names))
    if len(plan.steps) == 1 and not plan.intermediates:
        args = [names[a] for a in plan.steps[0].args]
        single = print_function(scheduled[0], plan.entry, args)
        head = [title(plan.inputs, plan.outputs), *signature(entry)]
        text = "\n".join([*head, *single.body, "}"]) + "\n"
        return Printed([single], [text])
    by_name = {t.name: t for t in tensors}
    functions = []
    definitions = []
    for step, func in zip(plan.steps, scheduled, strict=True):
        local = Scope()
        args = [local.fresh(names[a]) for a in step.args]
        functions.append(print_function(func, file.fresh(step.name), args))
        own = [replace(by_name[a], name=n) for a, n in zip(step.args, args, strict=True)]
        comment = title(own[: -step.outputs], own[-step.outputs :])
        definitions.append(f"{comment}\n{functions[-1].text('static ')}")
    definitions.append(entry_text(plan, entry, functions, names))
    return Printed(functions, definitions)


def title(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> str:
    """The comment above a function: the arrays that it reads and writes."""
    reads, writes = (", ".join(describe(t) for t in ts) for ts in (inputs, outputs))
    return f"// {reads} -> {writes}"


def describe(tensor: Tensor) -> str:
    """``x[3][17]``, with the element type where it is not float."""
    kind = "" if tensor.dtype == "float32" else f"{C_TYPES[tensor.dtype]} "
    return kind + tensor.name + "".join(f"[{e}]" for e in tensor.shape)


def renamed(tensors: Sequence[Tensor], names: Mapping[str, str]) -> list[Tensor]:
    """Tensors under their C names."""
    return [replace(t, name=names[t.name]) for t in tensors]


def entry_text(
    plan: Plan, entry: str, functions: Sequence[CFunction], names: Mapping[str, str]
) -> str:
    """The entry that allocates the intermediates, calls the steps in order, and frees."""
    lines = [title(plan.inputs, plan.outputs), *signature(entry)]
    for t in plan.intermediates:
        count = 1
        for extent in t.shape:
            count *= extent
        size = -(-count * ITEMSIZE[t.dtype] // 64) * 64
        lines.append(f"  {C_TYPES[t.dtype]} *{names[t.name]} = aligned_alloc(64, {size});")
    for step, function in zip(plan.steps, functions, strict=True):
        lines.append(f"  {function.name}({', '.join(names[a] for a in step.args)});")
    lines += [f"  free({names[t.name]});" for t in reversed(plan.intermediates)]
    return "\n".join([*lines, "}"]) + "\n"


def preamble(functions: Sequence[CFunction], definitions: Sequence[str]) -> list[str]:
    """Headers, vector types and helpers, only what is used."""
    helpers = maths.definitions(set().union(*(f.helpers for f in functions)))
    types = sorted(set().union(*(f.vectors for f in functions)))
    parts = ["\n".join(typedef(*kind) for kind in types) + "\n"] if types else []
    parts += helpers.values()
    text = "".join([*parts, *definitions])
    lines = [
        f"#include <{name}>"
        for name, marks in HEADERS.items()
        if not marks or any(mark in text for mark in marks)
    ]
    arithmetic = [text for (_, kind), text in helpers.items() if kind in FLOATS]
    conditional = any(mark in "".join([*arithmetic, *definitions]) for mark in CONDITIONAL)
    computes = any(maths.HELPERS[name].ulp is not None for name, _ in helpers)
    lines += pragmas([TRAPS] * conditional + [TILES] * bool(types), [WIDE] * computes)
    return ["\n".join(lines) + "\n", *parts]


def pragmas(
    options: Sequence[tuple[str, str]], targets: Sequence[tuple[str, str]] = ()
) -> list[str]:
    """Options of gcc that are part of the source, each with its reason.

    ``targets`` are options of the machine, for those with AVX-512.
    """
    if not options and not targets:
        return []
    lines = ["", "#if defined(__GNUC__) && !defined(__clang__)"]
    for option, reason in options:
        lines += [f"// {reason}", f'#pragma GCC optimize("{option}")']
    if targets:
        lines.append("#ifdef __AVX512F__")
        for option, reason in targets:
            lines += [f"// {reason}", f'#pragma GCC target("{option}")']
        lines.append("#endif")
    return [*lines, "#endif"]
