"""Printed C against TVM's own LLVM build of the same scheduled TIR, on one thread.

``python benchmarks/printer.py [--only TEXT] [--seconds S] [--json FILE]`` plans and schedules 20
operators for one thread, marks the SIMD loops with TVM's own ``vectorized`` so that both sides are
given the same TIR with the same directions, builds it with gcc ``-O3 -march=native -fopenmp`` from
the C, and with LLVM for the host's processor, checks both against the graph's meaning, and calls
them alternately (C LLVM LLVM C ...) in one process. The ratio is LLVM's time over C's.

Where LLVM calls the C library's maths one element at a time, or may not reorder a sum that OpenMP
may, it is far behind; the geometric mean over the other workloads is given by itself.

Bar: geometric mean at least 0.9, over all and over those where both do the same arithmetic.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tvm
import tvm_ffi
from tvm import s_tir, tirx
from tvm.target import codegen

from _paired import Row, report, show, write
from hpctc.graph import meaning
from hpctc.graph.build import Builder
from hpctc.graph.ir import Graph
from hpctc.lower.c.tree import VECTORIZED, find, loop_like, substitute, uses
from hpctc.lower.c.unit import print_unit
from hpctc.lower.cpu import schedule
from hpctc.lower.cpu.loops import SIMD
from hpctc.lower.effort import Effort
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan
from hpctc.native.call import aligned, function
from hpctc.native.compiler import Gcc
from hpctc.score import speedup

Call = Callable[[], None]

SAMPLE_NS = 2_000_000
"""A sample is so many calls that it lasts about this long."""

LANES = 16
"""Elements in a vectorised loop: one register of the widest machines."""

BARS = (0.9, 0.0)
"""Geometric mean, worst."""

OURS = frozenset(
    {"softmax 1024x1024", "log_softmax 512x1000", "layer_norm 1024x768", "sum rows 2048"}
    | {"gelu 1M", "tanh 1M", "sigmoid 1M"}
)
"""Workloads in which the C computes otherwise: maths of its own, or sums in SIMD."""


def gemm(m: int, k: int, n: int) -> Graph:
    """``[m, k] @ [k, n]``."""
    b = Builder("gemm")
    return b.finish(b.op("matmul", b.input("a", (m, k)), b.input("b", (k, n))))


def dense_relu(m: int, k: int, n: int) -> Graph:
    """A layer: dense, bias, relu."""
    b = Builder("dense_relu")
    y = b.op("dense", b.input("x", (m, k)), b.input("w", (n, k)))
    return b.finish(b.op("relu", b.op("add", y, b.input("bias", (n,)))))


def batch_gemm(batch: int, size: int) -> Graph:
    """Square matrices, several."""
    b = Builder("batch_gemm")
    shape = (batch, size, size)
    return b.finish(b.op("matmul", b.input("a", shape), b.input("b", shape)))


def conv(x: tuple[int, ...], w: tuple[int, ...], **attrs: Any) -> Graph:
    """A 2-D convolution."""
    b = Builder("conv")
    return b.finish(b.op("conv2d", b.input("x", x), b.input("w", w), **attrs))


def unary(op: str, shape: tuple[int, ...], **attrs: Any) -> Graph:
    """One operator on one array."""
    b = Builder(op)
    return b.finish(b.op(op, b.input("x", shape), **attrs))


def add_relu(shape: tuple[int, ...]) -> Graph:
    """``relu(x + y)``."""
    b = Builder("add_relu")
    return b.finish(b.op("relu", b.op("add", b.input("x", shape), b.input("y", shape))))


def layer_norm(rows: int, columns: int) -> Graph:
    """Normalised rows with scale and shift."""
    b = Builder("layer_norm")
    x = b.input("x", (rows, columns))
    return b.finish(b.op("layer_norm", x, b.input("g", (columns,)), b.input("h", (columns,))))


WORKLOADS: dict[str, Graph] = {
    "gemm 512": gemm(512, 512, 512),
    "gemm 384x1000x250": gemm(384, 1000, 250),
    "dense+bias+relu 256x1024x512": dense_relu(256, 1024, 512),
    "batch gemm 8x192": batch_gemm(8, 192),
    "conv 3x3 32->64 56x56": conv((1, 32, 56, 56), (64, 32, 3, 3), padding=1),
    "conv 3x3 stride 2": conv((1, 32, 57, 57), (64, 32, 3, 3), stride=2, padding=1),
    "conv 1x1 128->128": conv((1, 128, 28, 28), (128, 128, 1, 1)),
    "depthwise 3x3 128": conv((1, 128, 56, 56), (128, 1, 3, 3), padding=1, groups=128),
    "softmax 1024x1024": unary("softmax", (1024, 1024), axis=-1),
    "log_softmax 512x1000": unary("log_softmax", (512, 1000), axis=-1),
    "layer_norm 1024x768": layer_norm(1024, 768),
    "gelu 1M": unary("gelu", (1024, 1024)),
    "tanh 1M": unary("tanh", (1024, 1024)),
    "sigmoid 1M": unary("sigmoid", (1024, 1024)),
    "add+relu 4M": add_relu((2048, 2048)),
    "max_pool 3x3": unary("max_pool2d", (4, 64, 56, 56), kernel=3, stride=2, padding=1),
    "avg_pool 2x2": unary("avg_pool2d", (4, 64, 56, 56), kernel=2, stride=2),
    "transpose 2048": unary("transpose", (2048, 2048), perm=(1, 0)),
    "sum rows 2048": unary("sum", (2048, 2048), axes=(1,)),
    "max columns 2048": unary("max", (2048, 2048), axes=(0,)),
}


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="workloads whose name holds this text")
    parser.add_argument("--seconds", type=float, default=2.0, help="per workload")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, graph in WORKLOADS.items():
            if asked.only in name:
                rows.append(measured(name, graph, Path(folder), asked.seconds))
                show(rows[-1])
    alike = [row for row in rows if row.name not in OURS]
    tables = {"all workloads": rows, "the same arithmetic": alike}
    write(
        asked.json,
        [report(f"printed C against LLVM, one thread: {k}", v, BARS) for k, v in tables.items()],
    )


def measured(name: str, graph: Graph, folder: Path, seconds: float) -> Row:
    """One workload on both sides."""
    made = plan(graph)
    if len(made.steps) != 1:
        return Row(name, note=f"{len(made.steps)} steps")
    scheduled = schedule(made.steps[0].func, Effort.parse("none"), threads=1)
    func = vectorized(scheduled.func)
    given = meaning.draw(graph, 0)
    arrays = {}
    for tensor, value in zip(made.inputs, given.values(), strict=True):
        arrays[tensor.name] = aligned(tensor.shape, tensor.dtype)
        arrays[tensor.name][...] = value
    c, c_results = c_side(made, func, arrays, folder)
    llvm, llvm_results = llvm_side(made, func, arrays)
    want = list(meaning.evaluate(graph, given).values())
    for side, results in (("C", c_results), ("LLVM", llvm_results)):
        for got, right in zip(results, want, strict=True):
            if not np.allclose(got, right, rtol=1e-3, atol=1e-3):
                return Row(name, note=f"{side} is wrong by {np.abs(got - right).max():g}")
    c_ns, llvm_ns = alternate([c, llvm], seconds)
    ratio = speedup(c_ns, llvm_ns)
    return Row(name, float(np.median(c_ns)), float(np.median(llvm_ns)), ratio, scheduled.text)


def vectorized(func: tirx.PrimFunc) -> tirx.PrimFunc:
    """``func`` with TVM's loop kind where a rule of ours asks for SIMD, so that LLVM obeys too.

    Loops that reduce keep the annotation: TVM has no kind for them, and LLVM may not reorder sums.
    """
    return func.with_body(_vectorized(func.body))


def _vectorized(stmt: Any) -> Any:
    def change(loop: Any) -> Any:
        extent = loop.extent.value if isinstance(loop.extent, tirx.IntImm) else 0
        if SIMD not in loop.annotations or extent % LANES or not extent or _reduces(loop):
            return loop
        lane = tirx.Var(f"{loop.loop_var.name}_lane", "int32")
        index = loop.loop_var * LANES + lane
        body = substitute(loop.body, {loop.loop_var: index})
        inner = loop_like(loop, body, loop_var=lane, extent=LANES, kind=VECTORIZED, annotations={})
        return loop_like(loop, inner, extent=extent // LANES, annotations={})

    return tvm_ffi.structural_map(stmt, (tirx.For, change))


def _reduces(loop: Any) -> bool:
    for realize in find(loop, s_tir.SBlockRealize):
        for axis, value in zip(realize.block.iter_vars, realize.iter_values, strict=True):
            if int(axis.iter_type) == int(tirx.IterVar.CommReduce) and uses(value, loop.loop_var):
                return True
    return False


def c_side(
    made: Plan, func: tirx.PrimFunc, arrays: dict[str, Any], folder: Path
) -> tuple[Call, list[Any]]:
    """The printed function, built, called once; a call of it and its results."""
    built = Gcc().build(print_unit(made, [func]), folder)
    if built.library is None:
        raise SystemExit(built.log)
    results = [aligned(t.shape, t.dtype) for t in made.outputs]
    call = function(built.library, made.entry, len(made.inputs) + len(results))
    addresses = [a.ctypes.data for a in (*(arrays[t.name] for t in made.inputs), *results)]
    call(*addresses)
    return lambda: call(*addresses), results


def llvm_side(made: Plan, func: tirx.PrimFunc, arrays: dict[str, Any]) -> tuple[Call, list[Any]]:
    """The same function built by TVM for this processor, called once."""
    target = tvm.target.Target({"kind": "llvm", "mcpu": str(codegen.llvm_get_system_cpu())})
    mod = tvm.IRModule({"main": func.with_attr("global_symbol", "main")})
    call = tvm.compile(mod, target=target)["main"]
    results = [aligned(t.shape, t.dtype) for t in made.outputs]
    by_name = arrays | dict(zip((t.name for t in made.outputs), results, strict=True))
    tensors = [tvm.runtime.from_dlpack(by_name[a]) for a in made.steps[0].args]
    call(*tensors)
    return lambda: call(*tensors), results


def alternate(calls: Sequence[Call], seconds: float) -> tuple[list[int], list[int]]:
    """Nanoseconds a call of both, taken in turns; entry i of both lists stood side by side."""
    repeats = []
    for call in calls:
        call()
        began = time.perf_counter_ns()
        call()
        repeats.append(max(1, SAMPLE_NS // max(1, time.perf_counter_ns() - began)))
    taken: tuple[list[int], list[int]] = ([], [])
    until = time.monotonic() + seconds
    while time.monotonic() < until or len(taken[0]) < 7:
        order = (0, 1) if len(taken[0]) % 2 == 0 else (1, 0)
        for side in order:
            began = time.perf_counter_ns()
            for _ in range(repeats[side]):
                calls[side]()
            taken[side].append((time.perf_counter_ns() - began) // repeats[side])
    return taken


if __name__ == "__main__":
    main()
