"""What checking a pair by emulation costs: ``python benchmarks/emulator.py --count 60``.

Takes operator samples, lowers them, and emulates the CUDA side cold (program built) and warm (built
before). Processor seconds are told beside wall seconds, because other work slows the latter. A
second figure is the price of a barrier: nanoseconds a thread spends to pass one.
"""

import argparse
import json
import resource
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hpctc.core.records import Launch, Tensor
from hpctc.emulate import Emulated, Emulation, emulate, toolchain
from hpctc.emulate.run import Buffers
from hpctc.graph import meaning
from hpctc.graph.samples import all_samples
from hpctc.lower import cuda, relax
from hpctc.native import host

BARRIERS = """__global__ void k(int *y, int n) {
  for (int i = 0; i < n; ++i) __syncthreads();
  y[threadIdx.x] = 1;
}
"""


def main() -> None:
    """Measure, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=60, help="operator samples, evenly chosen")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    result = {"host": dict(host.facts()), **pairs(asked.count), "barrier_ns": barrier()}
    print(json.dumps(result, indent=1))
    if asked.json is not None:
        asked.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def pairs(count: int) -> dict[str, Any]:
    """Seconds a pair, cold and warm."""
    samples = all_samples()
    toolchain.precompiled(False)
    shutil.rmtree(toolchain.folder() / "programs", ignore_errors=True)
    cold, warm, failed = [], [], []
    for name, graph in samples[:: max(1, len(samples) // count)]:
        plan = relax.plan(graph)
        side = cuda.generate(plan)
        buffers = Buffers(
            inputs=plan.inputs, outputs=plan.outputs, intermediates=side.intermediates
        )
        drawn = meaning.draw(graph, seed=1).values()
        arrays = dict(zip((t.name for t in plan.inputs), drawn, strict=True))

        def run(side: Any = side, buffers: Any = buffers, arrays: Any = arrays) -> Emulated:
            return emulate(side.code, side.launches, buffers, arrays, Emulation())

        got, *spent = clocked(run)
        cold.append(spent)
        warm.append(clocked(run)[1:])
        if not got.ok:
            failed.append(f"{name}: {got.findings[0]}")
    return {"pairs": len(cold), "cold": figures(cold), "warm": figures(warm), "failed": failed}


def clocked(run: Callable[[], Emulated]) -> tuple[Emulated, float, float]:
    """A run, its wall seconds, and the processor seconds of its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    got = run()
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return got, wall, spent


def figures(spent: list[Any]) -> dict[str, float]:
    """Medians and worst, in seconds."""
    wall, processor = zip(*spent, strict=True)
    return {
        "wall_median": round(statistics.median(wall), 3),
        "processor_median": round(statistics.median(processor), 3),
        "processor_mean": round(statistics.mean(processor), 3),
        "processor_worst": round(max(processor), 3),
    }


def barrier(threads: int = 256, many: int = 20000) -> float:
    """Nanoseconds a thread needs for one barrier: the difference of two runs."""
    y = Tensor(name="y", shape=(threads,), dtype="int32")
    buffers = Buffers(inputs=(), outputs=(y,))
    start = {"y": np.zeros(threads, np.int32)}

    def seconds(n: int) -> float:
        launch = Launch(
            kernel="k", grid=(1, 1, 1), block=(threads, 1, 1), shared_bytes=0, args=("y", n)
        )
        return clocked(lambda: emulate(BARRIERS, [launch], buffers, start))[2]

    spent = [min(seconds(n) for _ in range(4)) for n in (many, 1)]
    return round((spent[0] - spent[1]) / many / threads * 1e9, 2)


if __name__ == "__main__":
    main()
