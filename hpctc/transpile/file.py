"""Hand-written files: one kernel becomes one C function with the kernel's own parameters.

Its launch is given by the user, or recovered from the host code, where extents may depend on sizes
that are parameters of the kernel too; threads of a block must come out as constants.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hpctc.syntax import printer, tree
from hpctc.syntax.parse import SourceError, guard, parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.slices import Sliced, device_part
from hpctc.transpile import types
from hpctc.transpile.deduce import Bound, match
from hpctc.transpile.diagnostics import Diagnosed, unreadable
from hpctc.transpile.fold import constant, number
from hpctc.transpile.host import Host, Triple, expression, folded, unknown
from hpctc.transpile.program import Defined, Program, collect
from hpctc.transpile.records import spelled
from hpctc.transpile.scope import Geometry, Scopes, Shared
from hpctc.transpile.unit import Buffer, Call, Unit, own_name, resolver, split


@dataclass(frozen=True)
class Written:
    """A transpiled file."""

    code: str
    signature: str
    launch: str
    """The launch assumed, as CUDA writes it."""


@dataclass(frozen=True)
class Asked:
    """What the user says of the launch; empty texts: take it from the host code."""

    kernel: str = ""
    grid: str = ""
    block: str = ""
    shared: str = ""


def transpile_file(
    source: str, asked: Asked, name: str = "<cuda>", folder: Path | None = None
) -> Written:
    """One kernel of a .cu file as a C function of the same name and parameters.

    ``folder`` is where the file's own headers lie.
    """
    with told(source, name):
        found = understood(source, asked, name, folder)
        unit = Unit(found.program, found.kernel, found.parameters, found.buffers)
        code = unit.write([Call(found.kernel, found.shape, found.args, found.templates)])
    return Written(code, found.signature, found.launch)


@contextmanager
def told(source: str, name: str) -> Iterator[None]:
    """What goes wrong inside is a :class:`Diagnosed` with its place in ``source``."""
    try:
        yield
    except SourceError as problem:
        raise unreadable(problem) from problem
    except Diagnosed as problem:
        raise problem.located(source, name) from None


@dataclass(frozen=True)
class Understood:
    """One kernel of a file with its launch, before anything is translated."""

    program: Program
    kernel: str
    names: tuple[str, ...]
    """The kernel's parameters as the C names them."""
    kinds: tuple[tree.Type, ...]
    """Their types, resolved; a pointer's is ``T *restrict``."""
    buffers: dict[str, Buffer]
    args: tuple[str | tree.Expr, ...]
    templates: tuple[tree.Expr | tree.Type, ...]
    shape: Geometry
    host: Host | None
    """None: the file does not launch it."""
    sliced: Sliced

    @property
    def sizes(self) -> tuple[str, ...]:
        """Parameters of the C that are none of the kernel: what only the host knows."""
        return tuple(self.host.sizes.values()) if self.host is not None else ()

    @property
    def parameters(self) -> str:
        """The C function's parameters."""
        own = zip(self.names, self.kinds, strict=True)
        listed = [printer.show(tree.Variable(name, spelled(kind))) for name, kind in own]
        return ", ".join([*listed, *(f"int {size}" for size in self.sizes)])

    @property
    def signature(self) -> str:
        """The declaration of the C function."""
        return f"void {self.kernel}({self.parameters});"

    @property
    def launch(self) -> str:
        """The launch assumed, as CUDA writes it."""
        return _shown(self.kernel, self.shape, self.templates)


def understood(source: str, asked: Asked, name: str, folder: Path | None) -> Understood:
    """Read a file, choose the kernel and find its launch; errors are to be :func:`told`."""
    guard(source, name)
    sliced = device_part(preprocess(source, name, folder=folder))
    program = collect(parse(sliced.device, name))
    kernel, templates = _choose(program, sliced, asked)
    defined = program.kernel(kernel)
    names = _names(defined)
    launch = next((h for h in sliced.launches if h.kernel == kernel), None)
    host = None if launch is None else Host(launch, sliced.helpers, names)
    if host is not None and not templates and host.launch.templates:
        _, templates = split(f"{kernel}<{', '.join(host.templates())}>")
    shape = _geometry(host, asked, defined, names)
    scopes = resolver(Shared(program))
    scopes.templates = _bound(scopes, defined, templates, host)
    buffers: dict[str, Buffer] = {}
    args: list[str | tree.Expr] = []
    kinds: list[tree.Type] = []
    for own, parameter in zip(names, defined.item.parameters, strict=True):
        kind = scopes.resolve(parameter.type)
        if types.is_pointer(kind):
            pointer = types.decayed(kind)
            assert isinstance(pointer, tree.Pointer)
            const = isinstance(pointer.to, tree.Qualified)
            buffers[own] = Buffer(own, types.bare(pointer.to), const)
            args.append(own)
            kind = tree.Pointer(pointer.to, ("restrict",))
        else:
            args.append(tree.Name(own))
        kinds.append(kind)
    given = tuple(scopes.templates[p.name] for p in defined.parameters)
    return Understood(
        program, kernel, tuple(names), tuple(kinds), buffers, tuple(args), given, shape, host,
        sliced,
    )  # fmt: skip


def _bound(
    scopes: Scopes, defined: Defined, templates: Sequence[tree.Expr | tree.Type], host: Host | None
) -> Bound:
    """The kernel's template arguments: written, shown by what the host passes, or defaults."""
    bound: Bound = {
        p.name: scopes.argument(a) for p, a in zip(defined.parameters, templates, strict=False)
    }
    names = {p.name for p in defined.parameters}
    for place, parameter in enumerate(defined.item.parameters):
        held = host.element(place) if host is not None else None
        if held is not None and types.is_pointer(parameter.type) and types.scalar(held):
            match(parameter.type, tree.Pointer(scopes.resolve(tree.Named(held))), names, bound)
    for missing in defined.parameters:
        if missing.name not in bound:
            if missing.default is None:
                raise Diagnosed(
                    "HPC0018", f"{missing.name} of {defined.item.name}", defined.item.at
                )
            bound[missing.name] = scopes.argument(missing.default)
    return bound


def _shown(kernel: str, shape: Geometry, templates: Sequence[tree.Expr | tree.Type]) -> str:
    """A launch as CUDA writes it."""
    args = f"<{', '.join(map(printer.show, templates))}>" if templates else ""
    grid = ", ".join(printer.show(e) for e in shape.grid)
    block = ", ".join(map(str, shape.block))
    tail = "" if constant(shape.shared) == 0 else f", {printer.show(shape.shared)}"
    return f"{kernel}{args}<<<dim3({grid}), dim3({block}){tail}>>>"


def _choose(
    program: Program, sliced: Sliced, asked: Asked
) -> tuple[str, tuple[tree.Expr | tree.Type, ...]]:
    if asked.kernel:
        return split(asked.kernel)
    there = program.kernels()
    if not there:
        raise Diagnosed("HPC0002")
    launched = [h.kernel for h in sliced.launches if h.kernel in there]
    candidates = list(dict.fromkeys(launched)) or there
    if len(candidates) > 1:
        raise Diagnosed("HPC0003", f"say which with --entry: {', '.join(candidates)}")
    return candidates[0], ()


def _names(defined: Defined) -> list[str]:
    made: list[tree.Expr] = []
    for parameter in defined.item.parameters:
        made.append(tree.Name(own_name(parameter.name, made)))
    return [n.name for n in made if isinstance(n, tree.Name)]


def _geometry(host: Host | None, asked: Asked, defined: Defined, names: Sequence[str]) -> Geometry:
    if host is None and not (asked.grid and asked.block):
        detail = f"the file does not launch {defined.item.name}; give --grid and --block"
        raise Diagnosed("HPC0004", detail, defined.item.at)
    grid = _triple(asked.grid) if asked.grid else _found(host, "grid", defined)
    block = _triple(asked.block) if asked.block else _found(host, "block", defined)
    shared = _bytes(asked.shared, host, defined)
    for threads in block:
        if constant(threads) is None:
            raise Diagnosed("HPC0008", f"{printer.show(threads)}; give --block", defined.item.at)
    x, y, z = (constant(e) or 1 for e in block)
    sizes = host.sizes.values() if host is not None else ()
    if strange := unknown((*grid, shared), (*names, *sizes)):
        detail = f"it depends on {', '.join(sorted(strange))}, which is no parameter of the kernel"
        raise Diagnosed("HPC0004", detail, defined.item.at)
    return Geometry(grid, (x, y, z), shared)


def _found(host: Host | None, what: str, defined: Defined) -> Triple:
    """An extent as the host code gives it."""
    assert host is not None
    text = host.launch.grid if what == "grid" else host.launch.block
    if (found := host.triple(text)) is None:
        detail = f"{text!r} of line {host.launch.line} cannot be read; give --{what}"
        raise Diagnosed("HPC0004", detail, defined.item.at)
    return found


def _triple(text: str) -> Triple:
    """An extent as the user gives it."""
    parsed = expression(text if "(" in text or "," not in text else f"dim3({text})")
    if parsed is None:
        raise Diagnosed("HPC0004", f"{text!r} is no extent; write X, X,Y or X,Y,Z")
    parts = parsed.args if isinstance(parsed, tree.Construct) else (parsed,)
    x, y, z = (*map(folded, parts), number(1), number(1), number(1))[:3]
    return x, y, z


def _bytes(text: str, host: Host | None, defined: Defined) -> tree.Expr:
    if text:
        if (parsed := expression(text)) is None:
            raise Diagnosed("HPC0004", f"{text!r} is no number of bytes")
        return folded(parsed)
    if host is None:
        return number(0)
    if (found := host.scalar(host.launch.shared)) is None:
        detail = f"{host.launch.shared!r} of line {host.launch.line} cannot be read; give --shared"
        raise Diagnosed("HPC0004", detail, defined.item.at)
    return found
