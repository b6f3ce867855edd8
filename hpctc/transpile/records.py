"""Structs of a source, instantiated as C structs: fields stay, methods are inlined where called."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hpctc.syntax import printer, tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed
from hpctc.transpile.program import Defined, enumerate_values
from hpctc.transpile.scope import Layout

if TYPE_CHECKING:
    from hpctc.transpile.scope import Scopes


def instantiate(scopes: "Scopes", name: str, args: Sequence[tree.Expr | tree.Type]) -> tree.Named:
    """The C struct of a struct and its template arguments; its definition is noted once."""
    record, parameters = scopes.program.records[name]
    given = [scopes.argument(a) for a in args]
    given += [scopes.argument(p.default) for p in parameters[len(given) :] if p.default]
    if len(given) != len(parameters):
        raise Diagnosed("HPC0018", f"struct {name}", record.at)
    mangled = "_".join([name, *(_word(a) for a in given)])
    if mangled in scopes.shared.layouts:
        return tree.Named(mangled)
    bound = {p.name: a for p, a in zip(parameters, given, strict=True)}
    special = scopes.program.records.get(f"{name}<{','.join(map(printer.show, given))}>")
    record = special[0] if special is not None else record
    layout = scopes.shared.layouts[mangled] = Layout(templates=bound)
    kept, scopes.templates = scopes.templates, {**scopes.templates, **bound}
    _inner_types(scopes, record, layout, mangled)
    lines = []
    for variable in _fields(record):
        kind = layout.fields[variable.name] = scopes.resolve(variable.type)
        if variable.value is not None:
            layout.defaults[variable.name] = variable.value
        field = tree.Variable(variable.name, spelled(kind))  # a reference is a pointer in C
        lines.append("  " + printer.show(tree.Declaration((field,))).strip())
    scopes.templates = kept
    for method in _methods(record):
        name = "constructor" if method.item.maker else method.item.name
        layout.methods.setdefault(name, []).append(method)
    keyword = "union" if record.head.startswith("union") else "struct"
    body = "\n".join(lines)
    scopes.shared.records[mangled] = f"typedef {keyword} {{\n{body}\n}} {mangled};\n"
    return tree.Named(mangled)


def _inner_types(scopes: "Scopes", record: tree.Record, layout: Layout, mangled: str) -> None:
    """Structs and aliases inside a struct: known by their names in it, and as ``holder::name``."""
    inner: dict[str, tree.Type | tree.Expr] = {}
    for member in record.members:
        if isinstance(member, tree.Record) and member.name:
            name = f"{mangled}_{member.name}"
            scopes.program.records[name] = (member, ())
            inner[member.name] = instantiate(scopes, name, ())
        elif isinstance(member, tree.Alias):
            inner[member.name] = scopes.resolve(member.type)
        elif isinstance(member, tree.Enum):
            enumerate_values(member, scopes.program)
        elif isinstance(member, tree.Declaration):
            layout.statics |= {v.name: v for v in member.variables if "static" in v.storage}
        scopes.templates = {**scopes.templates, **inner}
        layout.templates = {**layout.templates, **inner}


def _fields(record: tree.Record) -> Iterator[tree.Variable]:
    for member in record.members:
        if isinstance(member, tree.Declaration):
            yield from (v for v in member.variables if "static" not in v.storage)


def _methods(record: tree.Record) -> Iterator[Defined]:
    for member in record.members:
        if isinstance(member, tree.Function) and member.body is not None:
            yield Defined(member)
        elif isinstance(member, tree.Template) and isinstance(member.item, tree.Function):
            yield Defined(member.item, member.parameters)


def _word(arg: tree.Expr | tree.Type) -> str:
    text = printer.show(arg)
    return "".join(c if c.isalnum() else "_" for c in text).strip("_")


def spelled(kind: tree.Type) -> tree.Type:
    """A type with C's spelling of our canonical names."""
    match kind:
        case tree.Named("bf16"):
            return tree.Named("uint16_t")
        case tree.Named("index"):
            return tree.Named("int")
        case tree.Pointer(to, qualifiers):
            return tree.Pointer(spelled(to), qualifiers)
        case tree.Reference(to):
            return tree.Pointer(spelled(to))
        case tree.Array(of, size):
            return tree.Array(spelled(of), size)
        case tree.Qualified(qualifiers, of):
            return tree.Qualified(qualifiers, spelled(of))
        case _:
            return kind


def vector(name: str) -> str:
    """The C definition of one of CUDA's vector types; it may alias anything, as in CUDA."""
    element, width = types.VECTORS[name]
    spelling = "uint16_t" if element == "bf16" else element
    fields = ", ".join("xyzw"[:width])
    return f"typedef struct __attribute__((may_alias)) {{\n  {spelling} {fields};\n}} {name};\n"
