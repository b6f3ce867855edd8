"""What TVM's schedules lose: the bounds of a sum over threads, the border of a padded result.

Where an extent is no multiple of its tile, a schedule leaves a predicate on the sum. TVM 0.27
can lose it when it lowers a sum whose threads write their result straight to memory, and threads
without work then write behind its end: ``dense`` of 8 outputs, 16 to a block. A stage behind the
sum, and be it a copy, has a predicate of its own, which stays.

A stage that pads may be inlined into the one before it (``reverse_compute_inline``); the loops are
then those of the smaller buffer, and nobody writes the border: ``space_to_batch_nd`` of a square.
"""

import math
from collections.abc import Sequence
from typing import Any

import tvm
import tvm_ffi
from tvm import s_tir, tirx


def exposed(func: tirx.PrimFunc) -> bool:
    """Whether a scheduled function has a predicated sum over threads that goes to memory."""
    loops: list[Any] = []
    blocks: list[Any] = []
    tvm_ffi.structural_walk(
        func.body, [(tirx.For, loops.append), (s_tir.SBlockRealize, blocks.append)]
    )
    threads = [loop.loop_var for loop in loops if loop.kind == tirx.ForKind.THREAD_BINDING]
    for realize in blocks:
        summed = _summed(realize)
        if not _meet(summed, threads) or str(realize.block.writes[0].source.scope()) == "local":
            continue
        if any(not _meet([variable], summed) for variable in _variables(realize.predicate)):
            return True
    return False


def copied(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """The unscheduled function, every sum that is a result copied there by a stage of its own."""
    made = s_tir.Schedule(func)
    for block in made.get_output_blocks("root"):
        if any(v.iter_type == tirx.IterVar.CommReduce for v in made.get(block).iter_vars):
            for n in range(len(made.get(block).writes)):
                made.cache_write(block, n, "local")
    return made.mod["main"]


def unwritten(func: tirx.PrimFunc, results: Sequence[str]) -> list[str]:
    """The parameters among ``results`` whose blocks write fewer elements than they have."""
    sizes: dict[str, int] = {}
    written = dict.fromkeys(results, 0)

    def note(block: Any) -> None:
        runs = math.prod(
            int(v.dom.extent) for v in block.iter_vars if v.iter_type == tirx.IterVar.DataPar
        )
        for write in block.writes:
            if (name := str(write.source.name)) in written:
                sizes[name] = math.prod(int(extent) for extent in write.source.shape)
                written[name] += runs * math.prod(int(r.extent) for r in write.region)

    tvm_ffi.structural_walk(func.body, (s_tir.SBlock, note))
    return [name for name in results if written[name] < sizes.get(name, 1)]


def _summed(realize: Any) -> list[Any]:
    """The variables of the loops that a block adds up over."""
    pairs = zip(realize.block.iter_vars, realize.iter_values, strict=True)
    sums = [value for var, value in pairs if var.iter_type == tirx.IterVar.CommReduce]
    return [variable for value in sums for variable in _variables(value)]


def _variables(expr: Any) -> list[Any]:
    found: list[Any] = []
    tvm_ffi.structural_walk(expr, (tvm.ir.Var, found.append))
    return found


def _meet(some: list[Any], others: list[Any]) -> bool:
    return any(one.same_as(other) for one in some for other in others)
