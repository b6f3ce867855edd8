"""Put a register tile into a function: the contraction and its epilogue become one tiled nest."""

from typing import Any

from tvm import s_tir, tirx

from hpctc.lower.cpu import rules
from hpctc.lower.cpu.blocks import blocks_of, collect
from hpctc.lower.cpu.build import sequence
from hpctc.lower.cpu.contract import Contraction, find
from hpctc.lower.cpu.loops import parallelize, split_init, vectorize
from hpctc.lower.cpu.tile import Shape, Tiler


def contraction_of(func: tirx.PrimFunc) -> Contraction:
    """The contraction that :func:`apply` would tile; ``Refusal`` where there is none."""
    schedule = s_tir.Schedule(func)
    rules.inline(schedule)
    return find(schedule)


def apply(func: tirx.PrimFunc, shape: Shape) -> tirx.PrimFunc:
    """Tile the contraction of ``func``; everything around it is scheduled by the rules."""
    schedule = s_tir.Schedule(func)
    rules.inline(schedule)
    found = find(schedule)
    tiler = Tiler(found, shape)
    ours = {found.block.name} | ({found.epilogue.name} if found.epilogue else set())
    for rv, block in blocks_of(schedule):
        if block.name not in ours:
            vectorize(schedule, rv)
    parallelize(schedule, shape.parallel, rules.PARALLEL_NS, ours)
    for rv, block in blocks_of(schedule):
        if block.node.init is not None and block.name not in ours:
            split_init(schedule, rv)
    return _splice(schedule.mod["main"], found, tiler)


def _splice(func: tirx.PrimFunc, found: Contraction, tiler: Tiler) -> tirx.PrimFunc:
    """Replace the statements of the contraction and of its epilogue."""
    root = func.body.block
    body = list(root.body.seq) if isinstance(root.body, tirx.SeqStmt) else [root.body]
    last = found.epilogue.name if found.epilogue else found.block.name
    made: list[Any] = []
    for statement in body:
        names = {str(b.name_hint) for b in collect(statement, s_tir.SBlock)}
        if last in names:
            made += [tiler.pack(), tiler.compute()] if tiler.s.pack else [tiler.compute()]
        elif found.block.name not in names:
            made.append(statement)
    gone = found.result if found.epilogue else None
    buffers = [b for b in root.alloc_buffers if not b.same_as(gone)]
    if tiler.s.pack:
        buffers.append(tiler.packed)
    block = s_tir.SBlock(
        [], list(root.reads), list(root.writes), str(root.name_hint), sequence(made), None, buffers
    )
    return func.with_body(s_tir.SBlockRealize([], True, block))
