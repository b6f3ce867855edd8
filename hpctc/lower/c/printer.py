"""One scheduled TIR function as one C function."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tvm import tirx

from hpctc.lower.c.layout import signature
from hpctc.lower.c.names import Scope
from hpctc.lower.c.passes import lower
from hpctc.lower.c.tree import find
from hpctc.lower.c.types import C_TYPES, dtype_of
from hpctc.lower.c.writer import Writer


@dataclass
class CFunction:
    """A printed function and what it needs around it."""

    name: str
    params: list[str]
    """Declarations: ``const float *restrict x``."""
    body: list[str]
    """Lines, indented by one step."""
    helpers: set[tuple[str, str]] = field(default_factory=set)
    """Helpers in use: name and element or vector type."""
    vectors: set[tuple[str, int]] = field(default_factory=set)
    """Vector types in use: element type and lanes."""

    def text(self, qualifier: str = "") -> str:
        """The definition."""
        head = signature(f"{qualifier}void {self.name}({', '.join(self.params)})")
        return "\n".join([*head, *self.body, "}"]) + "\n"


def print_function(
    func: tirx.PrimFunc, name: str, args: Sequence[str] = (), taken: Sequence[str] = ()
) -> CFunction:
    """Print a scheduled (or unscheduled) function whose body still has blocks.

    ``args`` names its parameters, in order; without them the names in ``func`` are taken. Names in
    ``taken`` are used elsewhere in the file and not given to locals.
    """
    lowered = lower(func)
    scope = Scope({name, *taken})
    names = list(args) or [scope.fresh(p.name) for p in lowered.params]
    scope.taken.update(names)
    writer = Writer(scope.inner(), lowered.registers, lowered.body)
    written = {s.buffer for s in find(lowered.body, tirx.BufferStore)}
    params = []
    for param, c_name in zip(lowered.params, names, strict=True):
        writer.names[param] = c_name
        writer.flat.add(param)
        const = "" if param in written else "const "
        params.append(f"{const}{C_TYPES[dtype_of(param)]} *restrict {c_name}")
    writer.statement(lowered.body)
    return CFunction(name, params, writer.lines, writer.helpers, writer.vector_types)
