"""Types and declarators: what C writes around a name."""

from hpctc.syntax import tree
from hpctc.syntax.printer.strength import BINARY, at_least, expr


def templates(args: tuple[tree.Expr | tree.Type, ...] | None) -> str:
    """Template arguments, None where there are none."""
    if args is None:
        return ""
    return f"<{', '.join(template_argument(a) for a in args)}>"


def template_argument(arg: tree.Expr | tree.Type) -> str:
    """One of them: a ``>`` in it must not end the list."""
    if isinstance(arg, tree.Type):
        return declare(arg, "")
    return at_least(arg, BINARY["+"])


def declare(kind: tree.Type, name: str) -> str:
    """``kind name`` as C spells it: pointers before the name, extents after it."""
    base, before, after = declarator(kind, name)
    joint = " " if before else ""
    return f"{base}{joint}{before}{after}"


def declarator(kind: tree.Type, name: str) -> tuple[str, str, str]:
    """``kind name`` in three: the base type, what stands before the extents, and these."""
    after = ""
    before = name
    while not isinstance(kind, tree.Named | tree.Qualified | tree.Inner):
        if isinstance(kind, tree.Array):
            if before.startswith(("*", "&")):
                before, after = f"({before}{after})", ""
            after += f"[{expr(kind.size)[0] if kind.size is not None else ''}]"
            kind = kind.of
        elif isinstance(kind, tree.Pointer):
            words = " ".join(kind.qualifiers)
            joint = " " if words and before and before[0] not in "*&" else ""
            before = f"*{words}{joint or (' ' if words and before else '')}{before}"
            kind = kind.to
        else:
            before = f"{kind.symbol}{before}"
            kind = kind.to
    return _base(kind), before, after


def _base(kind: tree.Named | tree.Qualified | tree.Inner) -> str:
    if isinstance(kind, tree.Inner):
        return f"typename {declare(kind.holder, '')}::{kind.name}"
    if isinstance(kind, tree.Qualified):
        return f"{' '.join(kind.qualifiers)} {declare(kind.of, '')}"
    return f"{kind.name}{templates(kind.args)}"
