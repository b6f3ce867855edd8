"""Tiled contractions become register tiles: GEMM, convolution and their relatives on a CPU.

A CUDA contraction is written for shared memory and many threads; cut at its barriers it is a slow
C program. This road undoes the staging first. :mod:`~hpctc.transpile.contract.read` reads the
kernel as stores of floats over digits (:mod:`~hpctc.transpile.contract.forms`),
:mod:`~hpctc.transpile.contract.flow` finds what each output element is in terms of the inputs,
:mod:`~hpctc.transpile.contract.normal` makes a perfect nest of it. Wherever a step is not surely
right there is a Doubt, and the kernel takes the road of all others.
"""

from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.contract.barriers import check_barriers
from hpctc.transpile.contract.emit import written
from hpctc.transpile.contract.flow import Definition, Flow
from hpctc.transpile.contract.forms import Doubt
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.normal import nested_sum
from hpctc.transpile.contract.read import Reader
from hpctc.transpile.contract.unroll import rerolled
from hpctc.transpile.contract.values import loads, stored
from hpctc.transpile.kernel import Translated
from hpctc.transpile.scope import Geometry


def contraction(kernel: Translated, geometry: Geometry) -> tuple[Any, ...] | None:
    """The statements of a kernel that is a contraction, else None."""
    try:
        nests = analysed(kernel, geometry)
        return written(nests, kernel) if all(map(_reuses, nests)) else None
    except Doubt:
        return None


def _reuses(nest: Nest) -> bool:
    """Whether outputs share elements of the sum, but not the sum: registers pay only then."""
    asked = (set(load.index.digits()) for load in loads(nest.value))
    summed = [digits for digits in asked if digits & set(nest.over)]
    free = set(nest.free)
    return any(free - digits for digits in summed) and free <= set().union(*summed)


def analysed(kernel: Translated, geometry: Geometry) -> list[Nest]:
    """The nests that a kernel's outputs are."""
    made, reader = definitions(kernel, geometry)
    return [nested_sum(d, reader.space, reader.kinds) for d in made]


def definitions(kernel: Translated, geometry: Geometry) -> tuple[list[Definition], Reader]:
    """What each element of a kernel's outputs is in terms of its inputs."""
    reader = Reader(kernel, geometry)
    steps = rerolled(reader.steps(kernel.body, ()), reader.space)
    locals_ = {n: v for n, v in kernel.locals.items() if not reader.is_index(tree.Name(n))}
    shared = frozenset(n for n, v in locals_.items() if v.memory == "shared")
    check_barriers(steps, shared)
    outputs = stored(steps) & frozenset(kernel.pointers)
    flow = Flow(reader.space, shared, frozenset(locals_) - shared, outputs)
    flow.walk(steps)
    made = [d for name in sorted(outputs) for d in flow.held[name]]
    if any(part.array in outputs for d in made for part in loads(d.value)):
        raise Doubt
    return made, reader
