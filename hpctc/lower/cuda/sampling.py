"""Points of MetaSchedule's CUDA design space, drawn without a GPU to measure them on.

What is left of the search are its space (tiles, shared memory, vector loads, software pipelines),
random decisions in it, and its verifier: a point that asks for more threads, registers or shared
memory than a GPU has is thrown away (VerifyGPUCode).
"""

import logging
from collections.abc import Iterator
from typing import Any

import tvm
from tvm import s_tir, tirx
from tvm.s_tir import meta_schedule as ms
from tvm.s_tir.schedule import Trace

from hpctc.lower.cuda.source import target

log = logging.getLogger(__name__)

ATTEMPTS = 16
"""Draws per sample that is asked for; of a matrix product most are thrown away."""


def sample(
    func: tirx.PrimFunc, arch: str, count: int, seed: int
) -> Iterator[tuple[tirx.PrimFunc, str]]:
    """Up to ``count`` valid schedules and their traces, the same for a seed; none where TVM fails.

    The trace is Python text that rebuilds the schedule from the unscheduled function.
    """
    module = tvm.IRModule({"main": func.with_attr("global_symbol", "main")})
    try:
        context = ms.TuneContext(
            module,
            target=target(arch, host="llvm"),
            space_generator="post-order-apply",
            num_threads=1,
            rand_state=_positive(seed),
        )
        spaces = context.generate_design_space()
    except Exception as problem:  # noqa: BLE001 - some functions break the space generator
        log.debug("no design space: %s", problem)
        return
    found = 0
    for attempt in range(count * ATTEMPTS):
        space = spaces[attempt % len(spaces)]
        made = _draw(module, space, context, _positive(seed * 1_000_003 + attempt))
        if made is not None:
            yield made.mod["main"], "\n".join(made.trace.as_python())
            found += 1
        if found == count:
            return


def _positive(seed: int) -> int:
    """TVM's random states are 1 to 2**31 - 2; -1 means the clock there."""
    return seed % (2**31 - 2) + 1


def _draw(module: tvm.IRModule, space: Any, context: Any, seed: int) -> s_tir.Schedule | None:
    """Replay the space's trace with new decisions; None if the result is not valid."""
    made = s_tir.Schedule(module, seed=seed, error_render_level="none")
    try:
        Trace(space.trace.insts, {}).apply_to_schedule(made, remove_postproc=True)
        made.enter_postproc()
        valid = all(check.apply(made) for check in context.space_generator.postprocs)
    except Exception as problem:  # noqa: BLE001 - decisions that cannot be carried out
        log.debug("draw %d: %s", seed, problem)
        return None
    return made if valid else None
