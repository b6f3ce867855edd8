"""CUDA to C by rule: kernels become loops over blocks and threads.

Comes in: CUDA text and its launches. Goes out: one self-contained C text, the same for the same
input, or a :class:`~hpctc.transpile.diagnostics.Diagnosed` with a number from the table in
:mod:`hpctc.transpile.diagnostics`. The road of a kernel: :mod:`~hpctc.transpile.program` sorts the
declarations, :mod:`~hpctc.transpile.kernel` translates one launch, :mod:`~hpctc.transpile.fission`
cuts at barriers (MCUDA, 2008), :mod:`~hpctc.transpile.expand` keeps what crosses a cut,
:mod:`~hpctc.transpile.tidy` writes the loops (:mod:`~hpctc.transpile.shape` those of kernels
without barriers), :mod:`~hpctc.transpile.unit` assembles the text.
"""

from collections.abc import Sequence

from hpctc.core.records import Launch, Pair, Tensor
from hpctc.syntax import tree
from hpctc.syntax.parse import SourceError, guard, parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.slices import device_part
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed, unreadable
from hpctc.transpile.program import Program, collect
from hpctc.transpile.unit import Call, Unit, buffer, geometry, literal, parameter, split

__all__ = ["Diagnosed", "read", "transpile", "transpile_pair"]


def transpile_pair(pair: Pair) -> str:
    """The C of a pair's CUDA, with the pair's entry and signature."""
    return transpile(
        pair.cuda_code, pair.launches, pair.inputs, pair.outputs, pair.intermediates, pair.entry
    )


def transpile(
    cuda_code: str,
    launches: Sequence[Launch],
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    intermediates: Sequence[Tensor] = (),
    entry: str = "entry",
) -> str:
    """C that does what the launches do: ``void entry(inputs, outputs)``, C order, contiguous."""
    try:
        program = collect(read(cuda_code))
        given = [buffer(t, const=True) for t in inputs]
        given += [buffer(t, const=False) for t in (*outputs, *intermediates)]
        unit = Unit(
            program,
            entry,
            ", ".join([*(parameter(t, "const ") for t in inputs), *map(parameter, outputs)]),
            {b.name: b for b in given},
            [buffer(t, const=False) for t in intermediates],
        )
        known = frozenset(unit.buffers)
        return unit.write([_call(launch, program, known) for launch in launches])
    except Diagnosed as problem:
        raise problem.located(cuda_code, "<cuda>") from None


def read(cuda_code: str, name: str = "<cuda>") -> tree.Unit:
    """Parse a CUDA source: macros expanded, host code left out."""
    try:
        guard(cuda_code, name)
        return parse(device_part(preprocess(cuda_code, name)).device, name)
    except SourceError as problem:
        raise unreadable(problem) from problem


def _call(launch: Launch, program: Program, known: frozenset[str]) -> Call:
    name, templates = split(launch.kernel)
    defined = program.kernel(name)
    if strangers := [a for a in launch.args if isinstance(a, str) and a not in known]:
        raise Diagnosed("HPC0005", f"{name} is given {strangers[0]}, which is no buffer")
    args: list[str | tree.Expr] = []
    for i, arg in enumerate(launch.args):
        if isinstance(arg, str):
            args.append(arg)
        elif i < len(defined.item.parameters):
            args.append(literal(arg, _scalar(defined.item.parameters[i].type, arg)))
        else:
            args.append(literal(arg, types.INT))
    return Call(name, geometry(launch), tuple(args), templates)


def _scalar(kind: tree.Type, value: float) -> tree.Type:
    """The canonical type of a scalar parameter; a template's is the argument's."""
    found = types.scalar(types.name(kind))
    return tree.Named(found) if found else types.INT if isinstance(value, int) else types.FLOAT
