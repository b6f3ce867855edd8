"""From a scheduled function to the shared object that would ship: print, compile, remember."""

from dataclasses import dataclass, field
from pathlib import Path

from tvm import tirx

from hpctc.core.records import Tensor
from hpctc.lower.c.unit import print_unit
from hpctc.lower.cpu.blocks import collect
from hpctc.lower.plan import Plan, Step
from hpctc.native.compiler import Compiler, Gcc
from hpctc.native.race import Program

ENTRY = "kernel"


@dataclass(frozen=True)
class Signature:
    """The arguments of a function under names that are sure to be C identifiers."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    args: tuple[str, ...]
    """In the order of the parameters."""


def signature(func: tirx.PrimFunc) -> Signature:
    """Which parameters a function reads and which it writes."""
    stores = [s.buffer for s in collect(func.body, tirx.BufferStore)]
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    args: list[str] = []
    for position, param in enumerate(func.params):
        written = any(param.same_as(s) for s in stores)
        name = f"{'out' if written else 'in'}{position}"
        shape = tuple(int(e) for e in param.shape)
        tensor = Tensor(name=name, shape=shape, dtype=str(param.dtype))
        (outputs if written else inputs).append(tensor)
        args.append(name)
    return Signature(tuple(inputs), tuple(outputs), tuple(args))


@dataclass(frozen=True)
class Shipyard:
    """Builds functions into a folder."""

    folder: Path
    compiler: Compiler = field(default_factory=Gcc)
    seconds: float = 60.0

    def build(self, func: tirx.PrimFunc) -> Program | str:
        """The built program, or the compiler's words where it does not build."""
        return self.compile(self.source(func), signature(func))

    def source(self, func: tirx.PrimFunc) -> str:
        """The C text of a function; raises what the printer raises."""
        known = signature(func)
        step = Step(ENTRY, func, known.args, len(known.outputs))
        return print_unit(Plan(ENTRY, known.inputs, known.outputs, (), (step,)), [func])

    def compile(self, source: str, known: Signature) -> Program | str:
        """Compile a text of :meth:`source`; safe to call from several threads."""
        built = self.compiler.build(source, self.folder, self.seconds)
        if built.library is None:
            return built.log
        return Program(built.library, ENTRY, tuple(t.name for t in (*known.inputs, *known.outputs)))
