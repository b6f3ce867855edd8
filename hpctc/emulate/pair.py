"""Runs whole pairs, and looks for races by running them in several orders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from hpctc.core.records import Launch, Pair
from hpctc.emulate.records import Array, Emulated, Emulation, Finding
from hpctc.emulate.run import Buffers, emulate
from hpctc.emulate.unit import without_comments

TOLERANCE = {"float16": 2e-2, "float32": 1e-4, "float64": 1e-10}
"""Relative difference that the order of floating-point atomics may make."""


def check_pair(pair: Pair, arrays: Mapping[str, Array], how: Emulation | None = None) -> Emulated:
    """Run the CUDA side of a pair on ``arrays`` (one an input): its outputs and findings."""
    buffers = Buffers(inputs=pair.inputs, outputs=pair.outputs, intermediates=pair.intermediates)
    return emulate(pair.cuda_code, pair.launches, buffers, arrays, how)


def races(
    cuda_code: str,
    launches: Sequence[Launch],
    buffers: Buffers,
    arrays: Mapping[str, Array],
    how: Emulation | None = None,
    include: Path | None = None,
) -> Emulated:
    """Run forward, in reverse and shuffled; a result that changes is a finding of kind ``race``.

    Outputs are those of the forward run. The orders are opposed for every two threads of a block,
    so a race between two of them shows if its outcome can be told from the outputs. The reverse run
    has its buffers flush left: so both ends of every buffer are watched. Results must agree in
    every bit, except that floats may differ by rounding where the source has atomics.
    """
    how = how or Emulation()
    orders = [
        replace(how, order="forward", guard="right"),
        replace(how, order="reverse", guard="left"),
        replace(how, order="random", seed=how.seed + 1),
    ]
    first = emulate(cuda_code, launches, buffers, arrays, orders[0], include)
    if not first.ok:
        return first
    atomics = "atomic" in without_comments(cuda_code)
    for order in orders[1:]:
        other = emulate(cuda_code, launches, buffers, arrays, order, include)
        if not other.ok:
            return replace(other, outputs={})
        changed = [_change(n, first.outputs[n], other.outputs[n], atomics) for n in first.outputs]
        if found := [f for f in changed if f is not None]:
            told = f" between thread orders forward and {order.order}"
            notes = tuple(replace(f, message=f.message + told) for f in found)
            return replace(first, findings=(*first.findings, *notes))
    return first


def _change(name: str, one: Array, other: Array, atomics: bool) -> Finding | None:
    """How two runs differ in an output; None: they do not."""
    if one.dtype.kind == "f":
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        if atomics:
            scale = TOLERANCE[one.dtype.name]
            same |= np.isclose(one, other, rtol=scale, atol=scale)
    else:
        same = one == other
    if np.all(same):
        return None
    where = int(np.flatnonzero(~same.reshape(-1))[0])
    a, b = one.reshape(-1)[where], other.reshape(-1)[where]
    many = int(np.count_nonzero(~same))
    return Finding(
        kind="race",
        message=f"{many} of {one.size} elements of {name} change, the first from {a} to {b},",
        buffer=name,
        index=where,
    )
