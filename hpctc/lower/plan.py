"""What a graph becomes before it is scheduled: fused TIR functions and the buffers between them.

Both sides of a pair are made from the same :class:`Plan`, which is why they are equal by
construction; the checks afterwards only have to find our mistakes, not to define the meaning.
"""

from dataclasses import dataclass

from tvm import tirx

from hpctc.core.records import Tensor


@dataclass(frozen=True)
class Step:
    """One fused function and the buffers it is applied to."""

    name: str
    """A C identifier, unique in the plan: ``fused_matmul_add``."""
    func: "tirx.PrimFunc"
    """Unscheduled TIR; parameters in the order of ``args``, results last (destination passing)."""
    args: tuple[str, ...]
    """Buffer names of the plan, one a parameter."""
    outputs: int = 1
    """How many of ``args``, counted from the end, the step writes."""


@dataclass(frozen=True)
class Plan:
    """Steps in an order in which every buffer is written before it is read."""

    entry: str
    """The C name of the whole."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor, ...]
    steps: tuple[Step, ...]
