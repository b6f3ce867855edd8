"""TIR functions with hand-made schedules, and how printed C is built and run in tests."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from tvm import s_tir, te, tirx

from hpctc.core.records import Tensor
from hpctc.lower.c.lanes import SIMD
from hpctc.lower.plan import Plan, Step
from hpctc.native import call
from hpctc.native.compiler import Gcc

Array = Any


def tensor(name: str, shape: Sequence[int], dtype: str = "float32") -> Any:
    """An input."""
    return te.placeholder(tuple(shape), dtype, name=name)


def plan_of(name: str, inputs: Sequence[Any], result: Any, output: str = "y") -> Plan:
    """A plan of one step that computes ``result``."""
    func = te.create_prim_func([*inputs, result])
    ins = tuple(described(t.op.name, t) for t in inputs)
    out = described(output, result)
    args = (*(t.name for t in ins), out.name)
    return Plan(name, ins, (out,), (), (Step(name, func, args),))


def described(name: str, t: Any) -> Tensor:
    """A te tensor as a record."""
    return Tensor(name=name, shape=tuple(int(e) for e in t.shape), dtype=str(t.dtype))


def simd_rows(func: tirx.PrimFunc, parallel: bool = True) -> tirx.PrimFunc:
    """Every block with its last loop for SIMD and, if it may be, its first one for threads."""
    schedule = s_tir.Schedule(func)
    for block in schedule.get_child_blocks(schedule.get_sblock("root")):
        kinds = [int(i.iter_type) for i in schedule.get(block).iter_vars]
        loops = schedule.get_loops(block)
        if len(loops) > 1 and parallel and kinds[0] == 0:
            schedule.parallel(loops[0])
        if loops:
            schedule.annotate(loops[-1], SIMD, 1)
    return schedule.mod["main"]


def chunks(func: tirx.PrimFunc, lanes: int = 4) -> tirx.PrimFunc:
    """The plainest schedule that leaves predicates behind: vectors of ``lanes``, threads outside.

    Blocks whose loops are not a simple nest over their axes stay as they are.
    """
    schedule = s_tir.Schedule(func)
    for block in schedule.get_child_blocks(schedule.get_sblock("root")):
        kinds = [int(i.iter_type) for i in schedule.get(block).iter_vars]
        loops = schedule.get_loops(block)
        spatial = loops[: kinds.count(0)] if sorted(kinds) == kinds else []
        if len(loops) != len(kinds) or not spatial:
            continue
        try:
            outer, inner = schedule.split(spatial[-1], [None, lanes])
            if len(spatial) > 1:
                outer = schedule.fuse(spatial[-2], outer)
            schedule.reorder(*loops[len(spatial) :], inner)
            schedule.vectorize(inner)
            schedule.parallel(outer if len(spatial) <= 2 else spatial[0])
        except s_tir.ScheduleError:
            continue
    return schedule.mod["main"]


def register_tile(func: tirx.PrimFunc, block: str, rows: int, columns: int) -> tirx.PrimFunc:
    """A matrix product with its accumulators in a local tile of ``rows`` by ``columns``."""
    schedule = s_tir.Schedule(func)
    product = schedule.get_sblock(block)
    last = schedule.get_child_blocks(schedule.get_sblock("root"))[-1]
    if schedule.get(last).name_hint == block:
        last = schedule.cache_write(product, 0, "local")
    else:
        schedule.set_scope(product, 0, "local")
    i, j = schedule.get_loops(last)
    i0, i1 = schedule.split(i, [None, rows])
    j0, j1 = schedule.split(j, [None, columns])
    schedule.reorder(i0, j0, i1, j1)
    schedule.parallel(tile := schedule.fuse(i0, j0))
    schedule.vectorize(j1)
    schedule.unroll(i1)
    schedule.compute_at(product, tile)
    i2, j2, k = schedule.get_loops(product)[-3:]
    schedule.reorder(k, i2, j2)
    schedule.vectorize(j2)
    schedule.unroll(i2)
    schedule.decompose_reduction(product, k)
    return schedule.mod["main"]


def built(code: str, folder: Path, flags: str = "-O1 -march=native -fopenmp") -> Path:
    """The shared object of printed C; any warning is an error."""
    done = Gcc(flags=f"{flags} -Wall -Wextra -Werror").build(code, folder, 300)
    assert done.library is not None, f"{done.log}\n{code}"
    return done.library


def results(
    library: Path, calls: Sequence[tuple[str, Sequence[Array], Sequence[Tensor]]]
) -> list[list[Array]]:
    """What the functions of a library return, called one after another in a child process.

    The child comes from a fork server: a fork of the tests' own process would inherit an OpenMP
    runtime whose threads are gone, and wait for them for ever.
    """
    server = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, server) as pool:
        waiting = [pool.submit(call.run, library, e, list(i), o) for e, i, o in calls]
        try:
            return [one.result(120) for one in waiting]
        except BrokenProcessPool:
            raise AssertionError("the printed code ends its process") from None
        except TimeoutError:
            for process in pool._processes.values():
                process.kill()
            raise AssertionError("the printed code hangs") from None


def in_child(work: Callable[[Connection], None]) -> Any:
    """What ``work`` sends, which starts no threads; a crash of it fails the test, not the tests."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(theirs,), daemon=True)
    child.start()
    theirs.close()
    try:
        assert ours.poll(120), "the printed code hangs"
        return ours.recv()
    except EOFError:
        child.join(5)
        raise AssertionError(f"the printed code ended with {child.exitcode}") from None
    finally:
        child.kill()
        child.join()


def drawn(t: Tensor, seed: int = 0) -> Array:
    """Numbers for an input, none of them round."""
    generator = np.random.default_rng(seed)
    if t.dtype.startswith("float"):
        return generator.uniform(-2, 2, t.shape).astype(t.dtype)
    return generator.integers(-3, 9, t.shape).astype(t.dtype)
