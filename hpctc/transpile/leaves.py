"""Names and literals: what an expression begins with."""

import re

from hpctc.syntax import tree
from hpctc.transpile import fold, types
from hpctc.transpile.fold import number
from hpctc.transpile.program import last
from hpctc.transpile.scope import Layout, Typed
from hpctc.transpile.seams import Seams

_CONSTANTS: dict[str, tuple[str, tree.Type]] = {
    "true": ("1", types.BOOL), "false": ("0", types.BOOL), "INFINITY": ("INFINITY", types.FLOAT),
    "NAN": ("NAN", types.FLOAT), "FLT_MAX": ("FLT_MAX", types.FLOAT),
    "FLT_MIN": ("FLT_MIN", types.FLOAT), "FLT_EPSILON": ("FLT_EPSILON", types.FLOAT),
    "DBL_MAX": ("DBL_MAX", types.DOUBLE), "INT_MAX": ("INT_MAX", types.INT),
    "INT_MIN": ("INT_MIN", types.INT), "UINT_MAX": ("UINT_MAX", types.UNSIGNED),
    "M_PI": ("M_PI", types.DOUBLE), "nullptr": ("0", tree.Pointer(types.VOID)),
    "NULL": ("0", tree.Pointer(types.VOID)),
}  # fmt: skip


class Leaves(Seams):
    """Names of the source, of its enums and structs, of C; numbers and strings."""

    def _name(self, node: tree.Name) -> Typed:
        if (found := self.lookup(node.name)) is not None:
            return found
        name = last(node.name)
        bound = self.templates.get(name)
        if bound is not None and not isinstance(bound, tree.Type):
            return Typed(bound, types.INT)
        if name == "warpSize":
            return Typed(number(32), types.INT)
        if (value := self._enumerator(node.name)) is not None:
            return Typed(number(value), types.INT)
        if (static := self._static(node.name)) is not None:
            return static
        if name in self.program.variables:
            return self._global(self.program.variables[name])
        if name in _CONSTANTS:
            text, kind = _CONSTANTS[name]
            return Typed(tree.Number(text) if text.isdigit() else tree.Name(text), kind)
        raise self.refused("HPC0007", name, node)

    def _enumerator(self, name: str) -> int | None:
        """The value of ``Mode::Sum`` or ``Sum``; the enum's name tells two of that name apart."""
        known = self.program.enumerators
        scoped = "::".join(name.split("::")[-2:])
        return known.get(scoped, known.get(last(name)))

    def _static(self, name: str) -> Typed | None:
        """``Struct::constant``, also by a template parameter that stands for the struct."""
        holder, _, member = name.rpartition("::")
        return self._constant_of(self.holder(last(holder)), member)

    def _constant_of(self, layout: Layout | None, name: str) -> Typed | None:
        variable = layout.statics.get(name) if layout is not None else None
        if layout is None or variable is None or variable.value is None:
            return None
        kept, self.templates = self.templates, {**self.templates, **layout.templates}
        with self.alone():
            kind = self.resolve(variable.type)
            value = self.expr(variable.value).expr
        self.templates = kept
        return Typed(value, kind)

    def _scoped(self, node: tree.Scoped) -> Typed:
        found = self._constant_of(self.layout_of(self.resolve(node.holder)), node.name)
        if found is None:
            raise self.refused("HPC0007", node.name, node)
        return found

    def _global(self, variable: tree.Variable) -> Typed:
        if "__shared__" in variable.storage:
            return self.shared_by_name(variable)
        kind = self.resolve(variable.type)
        plain = variable.value is not None and not isinstance(kind, tree.Array)
        if plain and ("constexpr" in variable.storage or "const" in _qualifiers(variable.type)):
            assert variable.value is not None
            with self.alone():
                return Typed(self.expr(variable.value).expr, kind)
        self.shared.globals.setdefault(variable.name, variable)
        return Typed(tree.Name(variable.name), kind)

    def _number(self, node: tree.Number) -> Typed:
        text = node.text
        hexadecimal = text[:2] in ("0x", "0X")
        if re.search(r"[pP]" if hexadecimal else r"[.eE]", text):
            single = text[-1] in "fF"
            return Typed(node, types.FLOAT if single else types.DOUBLE)
        suffix = "".join(c for c in text.lower() if c in "ul")
        if (value := fold.constant(node)) is None:
            raise self.refused("HPC0028", f"{text} is no number", node)
        wide = "l" in suffix or value > (0xFFFFFFFF if "u" in suffix or hexadecimal else 0x7FFFFFFF)
        signless = "u" in suffix or (hexadecimal and 0x7FFFFFFF < value <= 0xFFFFFFFF)
        names = (("int", "unsigned"), ("int64_t", "uint64_t"))
        return Typed(node, tree.Named(names[wide][signless]))

    def _text(self, node: tree.Text) -> Typed:
        if node.text.startswith("'"):
            return Typed(node, types.INT)
        return Typed(node, tree.Pointer(tree.Named("char")))


def _qualifiers(kind: tree.Type) -> tuple[str, ...]:
    return kind.qualifiers if isinstance(kind, tree.Qualified) else ()
