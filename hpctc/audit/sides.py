"""The sides of a record, each run on given inputs: its C, its CUDA emulated, its CUDA as C."""

from collections.abc import Mapping, Sequence

import numpy as np

from hpctc.audit.call import Called, Function, Guard, Setup, build, call
from hpctc.audit.launches import RULES, Runnable
from hpctc.core.records import Tensor
from hpctc.emulate import Emulated, Emulation, emulate
from hpctc.emulate.run import Buffers
from hpctc.native.call import Array


def run_c(
    record: Runnable, arrays: Mapping[str, Array], how: Setup, guard: Guard = "right"
) -> Called:
    """The record's own C."""
    return _run(record.c_code, record.entry, _parameters(record, record.args), arrays, how, guard)


def run_rules(record: Runnable, code: str, arrays: Mapping[str, Array], how: Setup) -> Called:
    """The C that ``rules`` made of the CUDA: inputs first, then outputs."""
    names = [t.name for t in (*record.inputs, *record.outputs)]
    return _run(code, RULES, _parameters(record, names), arrays, how, "right")


def run_cuda(record: Runnable, arrays: Mapping[str, Array], how: Emulation) -> Emulated:
    """The record's CUDA."""
    return emulate(record.cuda_code, record.launches, buffers(record), arrays, how)


def buffers(record: Runnable) -> Buffers:
    """The record's arrays as the emulator takes them."""
    return Buffers(inputs=record.inputs, outputs=record.outputs, intermediates=record.intermediates)


def own(record: Runnable, outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs in their own shapes, without what was added for accesses beyond them."""
    sizes = {t.name: int(np.prod(t.shape, dtype=np.int64)) for t in record.outputs}
    return {
        t.name: outputs[t.name].reshape(-1)[: sizes[t.name]].reshape(t.shape)
        for t in record.outputs
    }


def _parameters(record: Runnable, names: Sequence[str]) -> tuple[tuple[Tensor, bool], ...]:
    tensors = {t.name: (t, t in record.outputs) for t in (*record.inputs, *record.outputs)}
    return tuple(tensors[name] for name in names)


def _run(
    code: str,
    entry: str,
    parameters: tuple[tuple[Tensor, bool], ...],
    arrays: Mapping[str, Array],
    how: Setup,
    guard: Guard,
) -> Called:
    built = build(code, how)
    if built.library is None:
        return Called({}, failure=f"it does not compile: {built.log[:300]}")
    return call(Function(built.library, entry, parameters), arrays, how, guard)
