"""What is the same for all threads and costs much, computed once before their loop.

Only divisions and calls of floats are worth a name: the compiler moves the rest itself, while a
square root that may set errno it must leave in the loop, and then the loop is no SIMD loop.
"""

from collections.abc import Set
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.fission import Threads
from hpctc.transpile.kernel import Translated

Uniforms = dict[tree.Expr, tuple[str, str]]
"""Expression -> the variable that holds it, and its type."""


def hoisted(
    node: Threads, block: Set[str], kernel: Translated, known: Uniforms
) -> tuple[list[Any], Threads]:
    """Declarations of uniform subexpressions, and the loop that reads them.

    ``block`` are the variables that live outside thread loops, ``known`` what was declared before;
    it grows.
    """
    made = _Hoist(block, kernel, known)
    body = tuple(made.changed(s) for s in node.body)
    return made.declarations, replace(node, body=body)


class _Hoist:
    """Collects the expressions of one loop."""

    def __init__(self, block: Set[str], kernel: Translated, known: Uniforms) -> None:
        self.block = block
        self.kernel = kernel
        self.known = known
        self.declarations: list[tree.Declaration] = []
        """In order of first need."""

    def _held(self, value: tree.Expr, kind: str) -> str:
        """The variable that holds an expression."""
        steady = edit.mentions(value) & self.block <= self.kernel.constants
        if steady and value in self.known:
            return self.known[value][0]
        name = self._name(value)
        self.known[value] = name, kind
        const = tree.Qualified(("const",), tree.Named(kind))
        self.declarations.append(tree.Declaration((tree.Variable(name, const, value=value),)))
        return name

    def changed(self, node: Any) -> Any:
        """A tree with its largest uniform subexpressions replaced."""
        if isinstance(node, tree.Binary | tree.Call) and self._costly(node):
            kind = self._kind(node)
            if kind in ("float", "double"):
                return tree.Name(self._held(node, kind))
        return edit.rebuild(node, self.changed)

    def _costly(self, node: tree.Expr) -> bool:
        parts = list(tree.walk(node))
        calls = any(isinstance(p, tree.Call) or (isinstance(p, tree.Binary) and p.op == "/")
                    for p in parts)  # fmt: skip
        return calls and any(isinstance(p, tree.Name) and p.name in self.block for p in parts)

    def _kind(self, node: tree.Expr) -> str | None:
        """The type of an expression of variables of the block and constants; else None."""
        match node:
            case tree.Name(name) if name in self.block:
                return types.name(self.kernel.locals[name].type)
            case tree.Number(text):
                return _number(text)
            case tree.Unary("-" | "+", operand):
                return self._kind(operand)
            case tree.Binary("+" | "-" | "*" | "/", left, right):
                a, b = self._kind(left), self._kind(right)
                if a is None or b is None or "" in (a, b):
                    return None
                return types.name(types.common(tree.Named(a), tree.Named(b)))
            case tree.Call(tree.Name(name), args) if name.rstrip("f") in intrinsics.FLOAT_MATH:
                known = all(self._kind(a) for a in args)
                return ("float" if name.endswith("f") else "double") if known else None
            case _:
                return None

    def _name(self, node: tree.Expr) -> str:
        of = next(p.name for p in tree.walk(node) if isinstance(p, tree.Name)
                  and p.name in self.block)  # fmt: skip
        match node:
            case tree.Binary("/", tree.Number(), _):
                word = f"inverse_{of}"
            case tree.Call(tree.Name("rsqrtf" | "rsqrt"), _):
                word = f"inverse_{of}"
            case tree.Binary("/", _, tree.Number()):
                word = f"{of}_scaled"
            case _:
                word = f"{of}_term"
        name = next(n for n in (word, *(f"{word}_{i}" for i in range(1, 1000)))
                    if n not in self.kernel.used)  # fmt: skip
        self.kernel.used.add(name)
        return name


def _number(text: str) -> str:
    if text.startswith(("0x", "0X")) or text.isdigit():
        return "int"
    return "float" if text.endswith(("f", "F")) else "double"


__all__ = ["hoisted"]
