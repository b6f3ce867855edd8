"""A whole C file from a plan and its scheduled functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tvm import tirx

from hpctc.core.records import Tensor
from hpctc.lower.c import maths
from hpctc.lower.c.names import Scope
from hpctc.lower.c.printer import CFunction, print_function
from hpctc.lower.c.types import C_TYPES, ITEMSIZE
from hpctc.lower.c.vectors import typedef
from hpctc.lower.plan import Plan
from hpctc.native.call import prototype


def print_unit(plan: Plan, scheduled: Sequence[tirx.PrimFunc]) -> str:
    """The C source of a plan: helpers, one static function a step, and the entry.

    ``scheduled[i]`` is what became of ``plan.steps[i].func``. The entry is
    ``void NAME(const T *restrict in..., T *restrict out...)``, as
    :func:`hpctc.native.call.prototype` has it. A plan of one step is a single function.
    """
    scope = Scope([plan.entry])
    names = {
        t.name: scope.fresh(t.name) for t in (*plan.inputs, *plan.outputs, *plan.intermediates)
    }
    entry = prototype(plan.entry, renamed(plan.inputs, names), renamed(plan.outputs, names))
    functions = []
    single = len(plan.steps) == 1
    for step, func in zip(plan.steps, scheduled, strict=True):
        args = [names[a] for a in step.args]
        if single:
            functions.append(print_function(func, plan.entry, args))
        else:
            functions.append(print_function(func, scope.fresh(step.name), local_names(func, args)))
    if single:
        main = "\n".join([f"{entry} {{", *functions[0].body, "}"]) + "\n"
        definitions = [main]
    else:
        definitions = [f.text("static ") for f in functions]
        definitions.append(entry_text(plan, entry, functions, names))
    return "\n".join([*preamble(functions, definitions), *definitions])


def local_names(func: tirx.PrimFunc, args: Sequence[str]) -> list[str]:
    """Parameter names of a step: the plan's buffer names, made different where one comes twice."""
    scope = Scope()
    del func
    return [scope.fresh(a) for a in args]


def renamed(tensors: Sequence[Tensor], names: Mapping[str, str]) -> list[Tensor]:
    """Tensors under their C names."""
    return [replace(t, name=names[t.name]) for t in tensors]


def entry_text(
    plan: Plan, entry: str, functions: Sequence[CFunction], names: Mapping[str, str]
) -> str:
    """The entry that allocates the intermediates, calls the steps in order, and frees."""
    lines = [f"{entry} {{"]
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
    """Headers and helpers, only what is used."""
    helpers = maths.definitions(set().union(*(f.helpers for f in functions)))
    types = sorted(set().union(*(f.vectors for f in functions)))
    if types:
        helpers.insert(0, "\n".join(typedef(*kind) for kind in types) + "\n")
    text = "".join([*helpers, *definitions])
    headers = {
        "float.h": "_MAX",
        "math.h": "",
        "stdbool.h": "bool",
        "stdint.h": "int",
        "stdlib.h": "free(",
    }
    lines = [f"#include <{name}>" for name, mark in headers.items() if mark in text]
    return ["\n".join(lines) + "\n", *helpers]
