"""A process that times one function whenever a line comes in: ``python _serve.py ours|torch``.

The first thing on standard input is a pickled request; then every line is answered with the
nanoseconds a call takes. PyTorch brings its own OpenMP pool, so it never shares a process with
ours.
"""

import pickle
import sys
import time
from collections.abc import Callable

from hpctc.core.records import Tensor
from hpctc.native.call import aligned, function
from hpctc.native.race import Program, draw

BURST_NS = 2_000_000
"""How long a burst of calls lasts; the best of three bursts is the answer."""


def ours(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], program: Program) -> None:
    """Serve a built function."""
    arrays = {t.name: draw(t, seed) for seed, t in enumerate(inputs)}
    arrays |= {t.name: aligned(t.shape, t.dtype) for t in outputs}
    call = function(program.library, program.entry, len(program.args))
    pointers = [arrays[name].ctypes.data for name in program.args]
    answer(lambda: call(*pointers))


def torch(inputs: tuple[Tensor, ...], expression: str, threads: int) -> None:
    """Serve an expression over x, y, z and torch."""
    import torch

    torch.set_num_threads(threads)
    scope = {"torch": torch, "F": torch.nn.functional}
    for seed, (name, tensor) in enumerate(zip("xyz", inputs, strict=False)):
        scope[name] = torch.from_numpy(draw(tensor, seed))
    code = compile(expression, "<torch>", "eval")
    with torch.no_grad():
        answer(lambda: eval(code, scope))


def answer(call: Callable[[], object]) -> None:
    """A time for every line, until there are no more."""
    call()
    start = time.perf_counter_ns()
    call()
    repeats = max(1, BURST_NS // max(1, time.perf_counter_ns() - start))
    for _ in sys.stdin.buffer:
        call()
        print(min(_burst(call, repeats) for _ in range(3)), flush=True)


def _burst(call: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter_ns()
    for _ in range(repeats):
        call()
    return (time.perf_counter_ns() - start) / repeats


if __name__ == "__main__":
    {"ours": ours, "torch": torch}[sys.argv[1]](*pickle.load(sys.stdin.buffer))
