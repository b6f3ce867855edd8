"""What is the same for all threads and costs much, computed once before their loop.

Only divisions and calls of floats are worth a name: the compiler moves the rest itself, while a
square root that may set errno it must leave in the loop, and then the loop is no SIMD loop.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import intrinsics, types
from hpctc.transpile.fission import Fission, Threads
from hpctc.transpile.fold import constant
from hpctc.transpile.kernel import Translated
from hpctc.transpile.names import claimed
from hpctc.transpile.shape.memory import declared, places
from hpctc.transpile.statements import mutated
from hpctc.transpile.uniform import THREAD

Uniforms = dict[tree.Expr, tuple[str, str]]
"""Expression -> the variable that holds it, and its type."""


def hoisted(node: Threads, fission: Fission, known: Uniforms) -> tuple[list[Any], Threads]:
    """Declarations of uniform subexpressions, and the loop that reads them.

    ``known`` is what was declared before; it grows.
    """
    moving = set(fission.kernel.locals) - fission.block | THREAD
    made = _Hoist(fission.kernel, fission.block, fission.const, moving, known)
    body = tuple(made.changed(s) for s in node.body)
    return made.declarations, replace(node, body=body)


def before(
    body: Sequence[Any], name: str, kernel: Translated
) -> tuple[list[tree.Declaration], tuple[Any, ...]]:
    """The same of a parallel loop over ``name``: what only the loops around it decide.

    gcc forgets ``restrict`` in the functions that it makes of parallel regions, so that it would
    load, divide and take the root anew for every element that is stored.
    """
    moving = {name, *(n for s in body for n in (*declared(s), *mutated(s)))}
    const = {
        array for array in set(kernel.pointers) - kernel.written - kernel.aliased
        if None not in places(body, array)
    }  # fmt: skip
    made = _Hoist(kernel, set(kernel.scalars), const, moving, {})
    return made.declarations, tuple(made.changed(s) for s in body)


class _Hoist:
    """Collects the expressions of one loop."""

    def __init__(
        self, kernel: Translated, block: Collection[str], const: Collection[str],
        moving: Collection[str], known: Uniforms,
    ) -> None:  # fmt: skip
        self.block = set(block)
        """Variables that are the same in all rounds."""
        self.const = const
        """Arrays that nobody writes."""
        self.moving = set(moving)
        """Names that may mean something else in the next round."""
        self.kernel = kernel
        self.known = known
        self.guarded = False
        """Whether what is looked at may not run at all: then memory must not be read before it."""
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
        if _guards(node):
            outside, self.guarded = self.guarded, True
            made = edit.rebuild(node, self.changed)
            self.guarded = outside
            return made
        if isinstance(node, tree.Binary | tree.Call) and self._costly(node):
            kind = self._kind(node)
            if kind in ("float", "double"):
                return tree.Name(self._held(node, kind))
        return edit.rebuild(node, self.changed)

    def _costly(self, node: tree.Expr) -> bool:
        parts = list(tree.walk(node))
        calls = any(isinstance(p, tree.Call) or (isinstance(p, tree.Binary) and p.op == "/")
                    for p in parts)  # fmt: skip
        return calls and any(self._origin(p) for p in parts)

    def _origin(self, part: tree.Node) -> str | None:
        """The variable of the block, or the array, that an expression is about."""
        match part:
            case tree.Name(name) if name in self.block:
                return name
            case tree.Index(tree.Name(name), _) if name in self.const:
                return name
            case _:
                return None

    def _same(self, index: tree.Expr) -> bool:
        """Whether an index is the same in all rounds."""
        plain = tree.Name | tree.Number | tree.Binary
        return all(isinstance(n, plain) for n in tree.walk(index)) and not (
            edit.mentions(index) & self.moving
        )

    def _kind(self, node: tree.Expr) -> str | None:
        """The type of an expression of variables of the block and constants; else None."""
        match node:
            case tree.Name(name) if name in self.block:
                return types.name(self._type(name))
            case tree.Index(tree.Name(base), index) if not self.guarded and self._same(index):
                if base not in self.const:
                    return None
                held = self.kernel.pointers.get(base)
                return None if held is None else types.name(held)
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

    def _type(self, name: str) -> tree.Type:
        scalar = self.kernel.scalars.get(name)
        return self.kernel.locals[name].type if scalar is None else scalar

    def _name(self, node: tree.Expr) -> str:
        of = next(o for p in tree.walk(node) if (o := self._origin(p)) is not None)
        match node:
            case tree.Binary("/", tree.Number(), _):
                word = f"inverse_{of}"
            case tree.Call(tree.Name("rsqrtf" | "rsqrt"), _):
                word = f"inverse_{of}"
            case tree.Binary("/", _, tree.Number()):
                word = f"{of}_scaled"
            case _:
                word = f"{of}_term"
        return claimed(word, self.kernel.used)


def _guards(node: Any) -> bool:
    """Whether parts of a statement or expression may not run."""
    match node:
        case tree.For(_, tree.Binary("<", _, limit), _, _):
            return (constant(limit) or 0) <= 0
        case tree.Binary(op, _, _):
            return op in ("&&", "||")
        case _:
            return isinstance(node, tree.If | tree.For | tree.While | tree.Do | tree.Select)


def _number(text: str) -> str:
    if text.startswith(("0x", "0X")) or text.isdigit():
        return "int"
    return "float" if text.endswith(("f", "F")) else "double"


__all__ = ["before", "hoisted"]
