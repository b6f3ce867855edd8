"""One graph as an unchecked pair: the same TIR, scheduled twice, written in two languages."""

import logging
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
from hpctc.lower.cpu.refusal import REFUSALS
from hpctc.lower.effort import Effort
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan as plan_of
from hpctc.lower.variant import DEFAULT, Variant

log = logging.getLogger(__name__)

SAMPLES = 4
"""Points of MetaSchedule's CUDA space that an effort above ``none`` may draw for one function."""


def lower(
    graph: Graph,
    effort: Effort,
    provenance: Provenance,
    database: Database | None = None,
    variant: Variant = DEFAULT,
) -> Pair:
    """The pair of a checked graph, its checks still empty.

    ``database`` keeps what the C side measures; ``variant`` says what is to be done otherwise than
    the effort suggests, and is written into the provenance. Errors are :class:`HpctcError`; TVM
    itself may also crash or hang, so call this in :mod:`hpctc.lower.worker`.
    """
    made = plan_of(graph, variant.group)
    graph = _named_as(made, graph)
    device = cuda.generate(made, _gpu(effort, provenance, variant))
    c_code, host = _c_side(made, _Host(effort, database, variant.c))
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
            variant=None if variant == DEFAULT else str(variant),
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


def _gpu(effort: Effort, provenance: Provenance, variant: Variant) -> cuda.Cuda:
    seed, searched = provenance.seed or 0, effort.trials > 0 and not variant.plain
    return cuda.Cuda(
        samples=SAMPLES if searched else 0,
        tensor_cores=searched,
        block=variant.block,
        plain=variant.plain,
        seed=seed,
    )


@dataclass(frozen=True)
class _Host:
    """How the functions of the C side are scheduled."""

    effort: Effort
    database: Database | None
    strategy: str | None

    def schedule(self, func: tvm.tirx.PrimFunc) -> cpu.Scheduled:
        """By the strategy that is asked for, where it fits this function, else as usual."""
        if self.strategy is not None:
            try:
                return cpu.rebuild(func, self.strategy)
            except REFUSALS as problem:
                log.info("%s does not fit: %s", self.strategy, problem)
        return cpu.schedule(func, self.effort, self.database)


def _c_side(made: Plan, host: _Host) -> tuple[str, Mapping[str, str]]:
    """The C source and how each step was scheduled; steps that share a function are tuned once."""
    done: dict[tvm.tirx.PrimFunc, cpu.Scheduled] = {}
    for step in made.steps:
        if step.func not in done:
            done[step.func] = host.schedule(step.func)
    scheduled = [done[step.func] for step in made.steps]
    texts = {s.name: c.text for s, c in zip(made.steps, scheduled, strict=True)}
    return print_unit(made, [c.func for c in scheduled]), texts


def tools() -> dict[str, str]:
    """Versions of what shapes the text of a pair."""
    return {"hpctc": __version__, "tvm": str(tvm.__version__), "machine": platform.machine()}
