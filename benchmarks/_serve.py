"""A process that times one function whenever a line comes in: ``_serve.py ours|torch|family``.

The first thing on standard input is a pickled request; then every line is answered with the
nanoseconds a call takes, and the line ``results`` with a pickled list of what a call computes.
PyTorch brings its own OpenMP pool, so it never shares a process with ours.
"""

import pickle
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpctc.core.records import Tensor
from hpctc.native.call import aligned, function
from hpctc.native.race import Program, draw

Array = np.ndarray[Any, Any]

BURST_NS = 2_000_000
"""How long a burst of calls lasts; the best of three bursts is the answer."""


def ours(
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    program: Program,
    given: Sequence[Array] | None = None,
) -> None:
    """Serve a built function, on given inputs or drawn ones."""
    arrays = {t.name: aligned(t.shape, t.dtype) for t in (*inputs, *outputs)}
    for seed, t in enumerate(inputs):
        arrays[t.name][...] = draw(t, seed) if given is None else given[seed]
    call = function(program.library, program.entry, len(program.args))
    pointers = [arrays[name].ctypes.data for name in program.args]
    answer(lambda: call(*pointers), lambda: [arrays[t.name] for t in outputs])


def torch(inputs: tuple[Tensor, ...], expression: str, threads: int) -> None:
    """Serve an expression over x, y, z and torch."""
    import torch

    torch.set_num_threads(threads)
    scope = {"torch": torch, "F": torch.nn.functional}
    for seed, (name, tensor) in enumerate(zip("xyz", inputs, strict=False)):
        scope[name] = torch.from_numpy(draw(tensor, seed))
    code = compile(expression, "<torch>", "eval")
    with torch.no_grad():
        answer(lambda: eval(code, scope), lambda: [eval(code, scope).numpy()])


def family(name: str, sizes: Mapping[str, int], given: Mapping[str, Array], threads: int) -> None:
    """Serve a family's torch counterpart, or where it has none its graph, operator by operator."""
    import torch

    from hpctc.evaluate import eager
    from hpctc.families import get

    torch.set_num_threads(threads)
    member = get(name)
    graph, counterpart = member.graph(**sizes), member.torch
    tensors = {n: torch.from_numpy(array) for n, array in given.items()}

    def call() -> Any:
        if counterpart is None:
            return eager.evaluate(torch, graph, tensors)
        return counterpart(torch, tensors, sizes)

    def results() -> list[Array]:
        made = call()
        return [r.numpy() for r in (made if isinstance(made, tuple | list) else (made,))]

    with torch.inference_mode():
        answer(call, results)


def answer(call: Callable[[], object], results: Callable[[], list[Array]]) -> None:
    """A time for every line, or what is computed, until there are no more."""
    call()
    start = time.perf_counter_ns()
    call()
    repeats = max(1, BURST_NS // max(1, time.perf_counter_ns() - start))
    for line in sys.stdin.buffer:
        call()
        if line == b"results\n":
            pickle.dump(results(), sys.stdout.buffer)
            sys.stdout.buffer.flush()
            continue
        print(min(_burst(call, repeats) for _ in range(3)), flush=True)


def _burst(call: Callable[[], object], repeats: int) -> float:
    start = time.perf_counter_ns()
    for _ in range(repeats):
        call()
    return (time.perf_counter_ns() - start) / repeats


if __name__ == "__main__":
    {"ours": ours, "torch": torch, "family": family}[sys.argv[1]](*pickle.load(sys.stdin.buffer))
