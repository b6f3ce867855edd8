"""What a .cu file says of one kernel besides its body: signature, launch, and what it is given.

For whoever translates it by other means than rules, and for whoever wants to run it: where the host
code allocates with extents that come out as numbers, buffers have sizes and scalars have values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hpctc.core.records import Launch
from hpctc.syntax import edit, printer, tree
from hpctc.syntax.launches import Allocation
from hpctc.syntax.slices import without_host
from hpctc.transpile import types
from hpctc.transpile.file import Asked, Understood, told, understood
from hpctc.transpile.fold import constant, number
from hpctc.transpile.host import Host, expression, folded

DTYPES = {
    "bool": "bool", "int8_t": "int8", "uint8_t": "uint8", "int16_t": "int16",
    "uint16_t": "uint16", "int": "int32", "unsigned": "uint32", "int64_t": "int64",
    "uint64_t": "uint64", "_Float16": "float16", "float": "float32", "double": "float64",
}  # fmt: skip
"""A C type of ours -> numpy's name."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of the C function."""

    name: str
    dtype: str | None
    """numpy's name for the scalar, or for an element of the array; None: it has none."""
    is_array: bool = False
    is_const: bool = False
    """An array that the kernel only reads."""
    value: int | float | None = None
    """What the host passes for a scalar; None: it does not come out as a number."""
    elements: int | None = None
    """What the host allocates for an array; None: not known."""


@dataclass(frozen=True)
class Launched:
    """One kernel with its launch."""

    name: str
    kernel: str
    """As C++ names it: ``scale<float, 4>``."""
    device: str
    """The device part of the file, macros expanded."""
    source: str
    """The file but for its host part, as written: what the emulator runs."""
    signature: str
    """``void scale(const float *restrict x, float *restrict y, int n)``."""
    parameters: tuple[Parameter, ...]
    """In the order of the C function: the kernel's own, then sizes that only the host knows."""
    own: int
    """How many are the kernel's own."""
    grid: tuple[tree.Expr, ...]
    block: tuple[int, int, int]
    shared: tree.Expr

    @property
    def extents(self) -> tuple[str, str, str]:
        """The grid in C."""
        x, y, z = map(printer.show, self.grid)
        return x, y, z

    @property
    def shared_bytes(self) -> str:
        """Dynamic shared memory in C."""
        return printer.show(self.shared)

    def launch(self, values: Mapping[str, int | float]) -> Launch | None:
        """The launch when the scalars have these values; None where an extent stays open."""
        known = {n: number(v) for n, v in values.items() if isinstance(v, int)}
        found = [constant(folded(edit.substitute(e, known))) for e in (*self.grid, self.shared)]
        args = [p.name if p.is_array else values.get(p.name) for p in self.parameters[: self.own]]
        if None in found or None in args:
            return None
        x, y, z, shared = (n for n in found if n is not None)
        given = tuple(a for a in args if a is not None)
        return Launch(
            kernel=self.kernel, grid=(x, y, z), block=self.block, shared_bytes=shared, args=given
        )


def launched(
    source: str, asked: Asked, name: str = "<cuda>", folder: Path | None = None
) -> Launched:
    """Read one kernel of a file; a :class:`~hpctc.transpile.diagnostics.Diagnosed` says why not."""
    with told(source, name):
        found = understood(source, asked, name, folder)
    own = [_parameter(found, place) for place in range(len(found.names))]
    sizes = [Parameter(size, "int32", value=_size(found, size)) for size in found.sizes]
    templates = ", ".join(map(printer.show, found.templates))
    return Launched(
        found.kernel,
        f"{found.kernel}<{templates}>" if templates else found.kernel,
        "\n".join(line.rstrip() for line in found.sliced.device.splitlines() if line.strip()),
        without_host(source),
        found.signature.removesuffix(";"),
        (*own, *sizes),
        len(own),
        found.shape.grid,
        found.shape.block,
        found.shape.shared,
    )


def _parameter(found: Understood, place: int) -> Parameter:
    name, kind = found.names[place], found.kinds[place]
    given = _given(found.host, place)
    if (buffer := found.buffers.get(name)) is None:
        dtype = DTYPES.get(types.name(kind))
        return Parameter(name, dtype, value=None if given is None else _value(found.host, given))
    element, width = types.VECTORS.get(types.name(buffer.type), (types.name(buffer.type), 1))
    held = given and _bytes(found.host, found.sliced.allocations, given)
    size = types.BYTES.get(element)
    return Parameter(
        name,
        DTYPES.get(element),
        is_array=True,
        is_const=buffer.const,
        elements=held // size // width * width if held and size else None,
    )


def _given(host: Host | None, place: int) -> str | None:
    """What the host passes at a place, as it writes it."""
    return host.launch.args[place] if host is not None and place < len(host.launch.args) else None


def _value(host: Host | None, given: str) -> int | float | None:
    """A number, where what is given comes out as one."""
    parsed = None if host is None else host.scalar(given)
    if (whole := constant(parsed)) is not None or parsed is None:
        return whole
    try:
        return float(printer.show(parsed).strip("()").rstrip("fF"))
    except ValueError:
        return None


def _size(found: Understood, name: str) -> int | None:
    assert found.host is not None
    spelled = next(variable for variable, own in found.host.sizes.items() if own == name)
    parsed = expression(spelled)
    return None if parsed is None else constant(folded(edit.substitute(parsed, found.host.known)))


def _bytes(host: Host | None, allocations: tuple[Allocation, ...], given: str) -> int | None:
    """The bytes that the host allocates for a pointer."""
    made = [a.bytes for a in allocations if a.pointer == given.strip()]
    if host is None or len(made) != 1:
        return None
    return constant(host.scalar(made[0]))


__all__ = ["Launched", "Parameter", "launched"]
