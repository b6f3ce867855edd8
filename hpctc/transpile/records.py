"""Structs of a source, instantiated as C structs: fields stay, methods are inlined where called."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpctc.syntax import printer, tree
from hpctc.transpile import types
from hpctc.transpile.diagnostics import Diagnosed

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
    kept, scopes.templates = scopes.templates, {**scopes.templates, **bound}
    layout: dict[str, tree.Type] = {}
    scopes.shared.layouts[mangled] = layout
    scopes.shared.bindings[mangled] = bound
    methods: dict[str, tree.Function] = {}
    lines = []
    for member in record.members:
        if isinstance(member, tree.Declaration):
            for variable in member.variables:
                if "static" in variable.storage:
                    continue
                layout[variable.name] = scopes.resolve(variable.type)
                field = tree.Variable(variable.name, spelled(layout[variable.name]))
                lines.append("  " + printer.show(tree.Declaration((field,))).strip())
        elif isinstance(member, tree.Function):
            methods[member.name] = member
    scopes.shared.methods[mangled] = methods
    scopes.templates = kept
    keyword = "union" if record.head.startswith("union") else "struct"
    body = "\n".join(lines)
    scopes.shared.records[mangled] = f"typedef {keyword} {{\n{body}\n}} {mangled};\n"
    return tree.Named(mangled)


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
