"""Hand-written files: one kernel becomes one C function with the kernel's own parameters.

Its launch is given by the user, or recovered from the host code, where extents may depend on sizes
that are parameters of the kernel too; threads of a block must come out as constants.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpctc.syntax import edit, printer, tree
from hpctc.syntax.parse import SourceError, guard, parse
from hpctc.syntax.preprocess import preprocess
from hpctc.syntax.slices import HostLaunch, Sliced, device_part
from hpctc.transpile import intrinsics, types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.fold import Folder, constant, number
from hpctc.transpile.program import Defined, Program, collect
from hpctc.transpile.records import spelled
from hpctc.transpile.scope import Geometry, Shared
from hpctc.transpile.unit import Buffer, Call, Unit, own_name, resolver, split

Triple = tuple[tree.Expr, tree.Expr, tree.Expr]


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


def transpile_file(source: str, asked: Asked, name: str = "<cuda>") -> Written:
    """One kernel of a .cu file as a C function of the same name and parameters."""
    try:
        return _transpiled(source, asked, name)
    except SourceError as problem:
        made = Diagnosed("HPC0001", problem.message)
        made.hint = problem.hint
        raise made from problem
    except Diagnosed as problem:
        raise problem.located(source, name) from None


def _transpiled(source: str, asked: Asked, name: str) -> Written:
    guard(source, name)
    sliced = device_part(preprocess(source, name))
    program = collect(parse(sliced.device, name))
    kernel, templates = _choose(program, sliced, asked)
    defined = program.kernel(kernel)
    host = next((h for h in sliced.launches if h.kernel == kernel), None)
    if host is not None and not templates and host.templates:
        _, templates = split(f"{kernel}<{', '.join(host.templates)}>")
    names = _names(defined)
    shape = _geometry(sliced, host, asked, defined, names)
    shared = Shared(program)
    scopes = resolver(shared)
    bound = {
        p.name: scopes.argument(a) for p, a in zip(defined.parameters, templates, strict=False)
    }
    for missing in defined.parameters[len(bound) :]:
        if missing.default is None:
            raise Diagnosed("HPC0018", f"{missing.name} of {kernel}", defined.item.at)
        bound[missing.name] = scopes.argument(missing.default)
    scopes.templates = bound
    buffers: dict[str, Buffer] = {}
    args: list[str | tree.Expr] = []
    parameters = []
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
        parameters.append(printer.show(tree.Variable(own, spelled(kind))))
    unit = Unit(program, kernel, ", ".join(parameters), buffers)
    code = unit.write([Call(kernel, shape, tuple(args), templates)])
    grid = ", ".join(printer.show(e) for e in shape.grid)
    block = ", ".join(map(str, shape.block))
    tail = "" if constant(shape.shared) == 0 else f", {printer.show(shape.shared)}"
    launch = f"{kernel}<<<dim3({grid}), dim3({block}){tail}>>>"
    return Written(code, f"void {kernel}({', '.join(parameters)});", launch)


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


def _geometry(
    sliced: Sliced, host: HostLaunch | None, asked: Asked, defined: Defined, names: Sequence[str]
) -> Geometry:
    if host is None and not (asked.grid and asked.block):
        detail = f"the file does not launch {defined.item.name}; give --grid and --block"
        raise Diagnosed("HPC0004", detail, defined.item.at)
    known = _definitions(sliced, host, names) if host is not None else {}
    grid = _triple(asked.grid or (host.grid if host else "1"), known)
    block = _triple(asked.block or (host.block if host else "1"), known)
    shared = _extent(asked.shared or (host.shared if host else "0"), known)
    for threads in block:
        if constant(threads) is None:
            raise Diagnosed("HPC0008", f"{printer.show(threads)}; give --block", defined.item.at)
    x, y, z = (constant(e) or 1 for e in block)
    for extent in (*grid, shared):
        strange = edit.mentions(extent) - {*names, "min_int", "max_int"}
        if strange:
            detail = f"it depends on {', '.join(sorted(strange))}; give --grid"
            raise Diagnosed("HPC0004", detail, defined.item.at)
    return Geometry(grid, (x, y, z), shared)


def _definitions(sliced: Sliced, host: HostLaunch, names: Sequence[str]) -> dict[str, tree.Expr]:
    """What the host's variables stand for; a size that is passed on is the kernel's parameter."""
    known: dict[str, tree.Expr] = {}
    for variable, value in sliced.definitions:
        listed = re.fullmatch(r"\([^()]*(\([^()]*\)[^()]*)*,.*\)", value)
        if (parsed := _parsed(f"dim3{value}" if listed else value)) is not None:
            known[variable] = parsed
    for arg, name in zip(host.args, names, strict=False):
        if arg.isidentifier():
            known[arg] = tree.Name(name)
    return known


def _parsed(text: str) -> tree.Expr | None:
    try:
        return intrinsics.expression(text)
    except (SourceError, AssertionError):
        return None


def _triple(text: str, known: Mapping[str, tree.Expr]) -> Triple:
    parsed = _parsed(text if "(" in text or "," not in text else f"dim3({text})")
    if parsed is None:
        raise Diagnosed("HPC0004", f"{text!r} is no extent; write X, X,Y or X,Y,Z")
    folded = _folded(parsed, known)
    parts: tuple[tree.Expr, ...] = (folded,)
    if isinstance(folded, tree.Construct | tree.Call):
        parts = folded.args
    x, y, z = (*parts, number(1), number(1), number(1))[:3]
    return x, y, z


def _extent(text: str, known: Mapping[str, tree.Expr]) -> tree.Expr:
    parsed = _parsed(text)
    if parsed is None:
        raise Diagnosed("HPC0004", f"{text!r} is no number of bytes")
    return _folded(parsed, known)


def _folded(node: tree.Expr, known: Mapping[str, tree.Expr]) -> tree.Expr:
    """An extent with the host's definitions put in, folded; bounded, for they may be circular."""
    for _ in range(8):
        node = edit.substitute(node, known)
    fold = Folder()

    def change(part: tree.Node) -> tree.Node:
        match part:
            case tree.Binary(op, left, right):
                return fold.binary(op, left, right)
            case tree.SizeOf(tree.Named(name)) if types.CANONICAL.get(name) in types.BYTES:
                return number(types.BYTES[types.CANONICAL[name]])
            case tree.Cast(_, operand) | tree.Construct(tree.Named("int"), (operand,)):
                return operand
            case _:
                return part

    return edit.transform(node, change)
