"""One graph as an unchecked pair: the same TIR, scheduled twice, written in two languages."""

import platform
from collections.abc import Mapping
from dataclasses import replace

import tvm

from hpctc import __version__
from hpctc.core.records import Pair, Provenance
from hpctc.graph import cost
from hpctc.graph.ir import Graph
from hpctc.graph.rename import renamed
from hpctc.graph.text import show
from hpctc.lower import cpu, cuda
from hpctc.lower.c.unit import print_unit
from hpctc.lower.cpu.database import Database
from hpctc.lower.effort import Effort
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan as plan_of

SAMPLES = 4
"""Points of MetaSchedule's CUDA space that an effort above ``none`` may draw for one function."""


def lower(
    graph: Graph,
    effort: Effort,
    provenance: Provenance,
    database: Database | None = None,
    gpu: cuda.Cuda | None = None,
    fuse: bool = True,
) -> Pair:
    """The pair of a checked graph, its checks still empty.

    ``database`` keeps what the C side measures; ``gpu`` says how the CUDA side is made, by default
    as the effort suggests, with the provenance's seed. Errors are :class:`HpctcError`; TVM itself
    may also crash or hang, so call this in :mod:`hpctc.lower.worker`.
    """
    made = plan_of(graph, fuse)
    graph = _named_as(made, graph)
    device = cuda.generate(made, gpu or _gpu(effort, provenance))
    c_code, host = _c_side(made, effort, database)
    schedules = {f"c {name}": text for name, text in host.items()}
    schedules |= {f"cuda {name}": text for name, text in device.schedules.items()}
    return Pair.make(
        name=graph.name,
        category=cost.category(graph),
        graph=show(graph),
        c_code=c_code,
        cuda_code=device.code,
        entry=made.entry,
        launches=device.launches,
        inputs=made.inputs,
        outputs=made.outputs,
        intermediates=device.intermediates,
        flops=cost.flops(graph),
        bytes=cost.nbytes(graph),
        provenance=replace(
            provenance,
            effort=str(effort),
            schedules=schedules,
            tools={**provenance.tools, **tools()},
        ),
    )


def _named_as(made: Plan, graph: Graph) -> Graph:
    """The graph with its inputs and outputs called as in the sources: one name for one thing."""
    names = {i.name: t.name for i, t in zip(graph.inputs, made.inputs, strict=True)}
    for output, tensor in zip(graph.outputs, made.outputs, strict=True):
        names.setdefault(output, tensor.name)
    return renamed(graph, names)


def _gpu(effort: Effort, provenance: Provenance) -> cuda.Cuda:
    seed = provenance.seed or 0
    if effort.trials == 0:
        return cuda.Cuda(seed=seed)
    return cuda.Cuda(samples=SAMPLES, tensor_cores=True, seed=seed)


def _c_side(made: Plan, effort: Effort, database: Database | None) -> tuple[str, Mapping[str, str]]:
    """The C source and how each step was scheduled; steps that share a function are tuned once."""
    done: dict[tvm.tirx.PrimFunc, cpu.Scheduled] = {}
    for step in made.steps:
        if step.func not in done:
            done[step.func] = cpu.schedule(step.func, effort, database)
    scheduled = [done[step.func] for step in made.steps]
    texts = {s.name: c.text for s, c in zip(made.steps, scheduled, strict=True)}
    return print_unit(made, [c.func for c in scheduled]), texts


def tools() -> dict[str, str]:
    """Versions of what shapes the text of a pair."""
    return {"hpctc": __version__, "tvm": str(tvm.__version__), "machine": platform.machine()}
