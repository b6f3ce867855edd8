"""What happens to scheduled TIR before it is printed: blocks and predicates become plain loops."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tvm
from tvm import s_tir, tirx

from hpctc.lower.c.bounds import tighten
from hpctc.lower.c.lanes import cut, settle
from hpctc.lower.c.partition import partition
from hpctc.lower.c.scalars import promote
from hpctc.lower.c.tidy import drop_dead, narrow, sink, unroll
from hpctc.lower.c.tree import find
from hpctc.lower.c.unfuse import unfuse


@dataclass(frozen=True)
class Lowered:
    """A function as it is printed."""

    params: tuple[Any, ...]
    body: Any
    registers: Mapping[Any, int]
    """Local arrays that are arrays of vectors, with the lanes of each."""


def lower(func: tirx.PrimFunc) -> Lowered:
    """A scheduled function with blocks as plain loops over multi-dimensional buffers.

    The buffers keep their dimensions (there is no FlattenBuffer): that is what lets the printer
    write local arrays as ``acc[i][j]``.
    """
    mod = tvm.IRModule({"main": separate_inits(func)})
    passes = [
        s_tir.transform.CanonicalizeLoop(),
        s_tir.transform.LowerInitBlock(),
        s_tir.transform.PlanAndUpdateBufferAllocationLocation(),
        s_tir.transform.ConvertBlocksToOpaque(),
        s_tir.transform.CompactBufferAllocation(),
        s_tir.transform.LowerMatchBuffer(),
        s_tir.transform.StmtSimplify(),
        s_tir.transform.LowerOpaqueBlock(),
        tirx.transform.NarrowDataType(32),
        tirx.transform.StmtSimplify(),
        tirx.transform.RemoveNoOp(),
        s_tir.transform.RewriteUnsafeSelect(),
    ]
    plain = tvm.transform.Sequential(passes)(mod)["main"]
    arguments = set(plain.params)
    body = tighten(cut(unfuse(drop_dead(narrow(unroll(plain.body))))))
    body, registers = settle(promote(sink(body), arguments))
    return Lowered(tuple(plain.params), partition(sink(drop_dead(body))), registers)


def separate_inits(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """Move the first value of every reduction before its loops, out of ``if (k == 0)``."""
    schedule = s_tir.Schedule(func, debug_mask="none", error_render_level="none")
    for block in find(func.body, s_tir.SBlock):
        if block.init is None:
            continue
        handle = schedule.get_sblock(block.name_hint)
        loop = next(
            (at for at in schedule.get_loops(handle) if reduces(schedule, handle, at)), None
        )
        if loop is not None:
            try:
                schedule.decompose_reduction(handle, loop)
            except s_tir.ScheduleError:
                continue  # the init stays a condition in the loop: right, if less pretty
    return schedule.mod["main"]


def reduces(schedule: s_tir.Schedule, handle: Any, loop: Any) -> bool:
    """Whether a loop drives a reduction axis of a block."""
    var = schedule.get(loop).loop_var
    for realize in find(schedule.get(loop), s_tir.SBlockRealize):
        if realize.block.name_hint != schedule.get(handle).name_hint:
            continue
        for axis, value in zip(realize.block.iter_vars, realize.iter_values, strict=True):
            if int(axis.iter_type) == int(tirx.IterVar.CommReduce) and any(
                v.same_as(var) for v in find(value, tvm.ir.Var)
            ):
                return True
    return False
