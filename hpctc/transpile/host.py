"""Extents of a launch in a file's host code, as expressions of the C function's parameters.

A host variable is replaced by what it was given, as long as that is arithmetic; a variable that is
passed on to the kernel is the kernel's parameter; what remains (``const int rows = x.size(0)``)
becomes a parameter of its own. Extents of a block must come out as constants.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hpctc.syntax import edit, printer, tree
from hpctc.syntax.launches import Helper, HostLaunch
from hpctc.syntax.parse import SourceError
from hpctc.transpile import intrinsics, types
from hpctc.transpile.fold import Folder, constant, number

Triple = tuple[tree.Expr, tree.Expr, tree.Expr]

_PASSED = "@"
"""Stands before a kernel's parameter while names of the host are about."""

_EXTREMES = {"min": "min_int", "max": "max_int", "min_int": "min_int", "max_int": "max_int"}

_ELEMENT = re.compile(
    r"data_ptr<\s*([^<>]+?)\s*>"
    r"|\(\s*(?:const\s+)?([\w:]+)\s*\*\s*\)"
    r"|(?:reinterpret|static)_cast<\s*(?:const\s+)?([\w:]+)\s*\*\s*>"
)
"""How a call says what the pointer that it passes points to."""

_CAST = re.compile(
    r"\((?:int|int64_t|size_t|unsigned|uint32_t|float|long)\)|^(?:static_cast<[\w ]+>|int)(?=\()"
)

TORCH = {"scalar_t": "float", "at::Half": "half", "c10::Half": "half", "torch::Half": "half",
         "at::BFloat16": "__nv_bfloat16", "c10::BFloat16": "__nv_bfloat16"}  # fmt: skip
"""torch's names of types; ``scalar_t`` of a dispatch is float, its most common case."""


@dataclass
class Host:
    """What the host's variables stand for at one launch."""

    launch: HostLaunch
    helpers: Sequence[Helper]
    parameters: Sequence[str]
    """The kernel's parameters as the C names them."""
    known: dict[str, tree.Expr] = field(default_factory=dict)
    sizes: dict[str, str] = field(default_factory=dict)
    """Host variable -> the parameter that it becomes, in order of need."""

    def __post_init__(self) -> None:
        self._given = Counter(variable for variable, _ in self.launch.definitions)
        self._passed: dict[str, tree.Expr] = {}
        for arg, name in zip(self.launch.args, self.parameters, strict=False):
            self._passed.setdefault(_plain(arg), tree.Name(_PASSED + name))
        for variable, value in self.launch.definitions:
            self._define(variable, value)

    def triple(self, text: str) -> Triple | None:
        """``grid``, ``dim3(a, b)`` or a number as three extents; None where it cannot be read."""
        parsed = expression(text)
        if parsed is None:
            return None
        folded = self._folded(parsed)
        if (
            isinstance(folded, tree.Name)
            and dict(self.launch.definitions).get(folded.name) == "dim3"
        ):
            return None
        parts = _coordinates(folded) or (folded,)
        x, y, z = (*(self._stated(p) for p in parts), number(1), number(1), number(1))[:3]
        return x, y, z

    def scalar(self, text: str) -> tree.Expr | None:
        """A number of bytes."""
        parsed = expression(text)
        return None if parsed is None else self._stated(self._folded(parsed))

    def templates(self) -> tuple[str, ...]:
        """The template arguments as texts that device code knows."""
        made = []
        for argument in self.launch.templates:
            value = self.known.get(argument)
            literal = value is not None and constant(value) is not None
            made.append(printer.show(value) if value and literal else TORCH.get(argument, argument))
        return tuple(made)

    def element(self, place: int) -> str | None:
        """What the pointer passed at a place points to, where the call says it."""
        if place >= len(self.launch.args):
            return None
        if (found := _ELEMENT.search(self.launch.args[place])) is None:
            return None
        name = next(g for g in found.groups() if g)
        return TORCH.get(name, name)

    # --- what a host variable stands for ---

    def _define(self, variable: str, value: str) -> None:
        holder, _, axis = variable.partition(".")
        parsed = expression(value) if value else None
        folded = None if parsed is None else self._folded(parsed)
        if axis:
            self._define_axis(holder, axis, folded)
        elif folded is not None and constant(folded) is not None:
            self.known[variable] = folded
        elif self._given[variable] == 1 and (passed := self._parameter(variable, value)):
            self.known[variable] = passed
        elif folded is not None and _arithmetic(folded):
            self.known[variable] = folded
        else:
            self.known.pop(variable, None)

    def _parameter(self, variable: str, value: str) -> tree.Expr | None:
        """The kernel's parameter that a host variable, or what it was given, is passed as."""
        return self._passed.get(variable) or self._passed.get(_plain(value))

    def _define_axis(self, holder: str, axis: str, value: tree.Expr | None) -> None:
        parts = list(
            _coordinates(self.known.get(holder, tree.Construct(tree.Named("dim3"), ()))) or ()
        )
        if value is None or axis not in "xyz":
            self.known.pop(holder, None)
            return
        parts += [number(1)] * (3 - len(parts))
        parts["xyz".index(axis)] = value
        self.known[holder] = tree.Construct(tree.Named("dim3"), tuple(parts))

    def _folded(self, node: tree.Expr) -> tree.Expr:
        """The known variables put in, helpers called, arithmetic done."""
        return folded(edit.substitute(node, self.known), self._called)

    def _called(self, name: str, args: tuple[tree.Expr, ...], node: tree.Expr) -> tree.Expr:
        if name in _EXTREMES and len(args) == 2:
            values = [constant(a) for a in args]
            if None not in values:
                pick = min if name.startswith("min") else max
                return number(pick(v for v in values if v is not None))
            return tree.Call(tree.Name(_EXTREMES[name]), args)
        if name in ("ceil", "ceilf") and isinstance(args[0], tree.Binary) and args[0].op == "/":
            return self._folded(_rounded_up(args[0]))
        for helper in self.helpers:
            value = expression(helper.value)
            if helper.name == name and value is not None and len(helper.parameters) == len(args):
                given = dict(zip(helper.parameters, args, strict=True))
                return self._folded(edit.substitute(value, given))
        return node

    # --- what remains ---

    def _stated(self, node: tree.Expr) -> tree.Expr:
        """An extent in the parameters of the C; what only the host knows becomes one of them."""

        def change(part: tree.Node) -> tree.Node:
            match part:
                case tree.Name(name) if name in _EXTREMES.values():
                    return part
                case tree.Name(name) if name.startswith(_PASSED):
                    return tree.Name(name.removeprefix(_PASSED))
                case tree.Name(name) if name in self._passed and name not in self._given:
                    return tree.Name(printer.show(self._passed[name]).removeprefix(_PASSED))
                case tree.Name(name):
                    return tree.Name(self._size(name))
                case _:
                    return part

        return edit.transform(_opaque(node), change)

    def _size(self, name: str) -> str:
        if name not in self.sizes:
            taken = {*self.parameters, *self.sizes.values()}
            own = re.sub(r"\W+", "_", name).strip("_")
            while own in taken:
                own += "_"
            self.sizes[name] = own
        return self.sizes[name]


def expression(text: str) -> tree.Expr | None:
    """A text as an expression, None where it is none."""
    try:
        return intrinsics.expression(text)
    except (SourceError, AssertionError):
        return None


def folded(
    node: tree.Expr,
    called: Callable[[str, tuple[tree.Expr, ...], tree.Expr], tree.Expr] = lambda _n, _a, node: (
        node
    ),
) -> tree.Expr:
    """An extent's arithmetic done; casts between integers dropped; ``called`` sees each call."""
    fold = Folder()

    def change(part: tree.Node) -> tree.Node:
        match part:
            case tree.Binary(op, left, right):
                return fold.binary(op, left, right)
            case tree.SizeOf(tree.Named(name)) if types.CANONICAL.get(name) in types.BYTES:
                return number(types.BYTES[types.CANONICAL[name]])
            case tree.Member(base, axis) if (parts := _coordinates(base)) and axis in "xyz":
                return (*parts, number(1), number(1))["xyz".index(axis)]
            case tree.Select(condition, yes, no) if (known := constant(condition)) is not None:
                return yes if known else no
            case tree.Call(tree.Name(name), args):
                return called(name.rpartition("::")[2], args, part)
            case _:
                return _uncast(part)

    return edit.transform(node, change)


def unknown(extents: Sequence[tree.Expr], names: Sequence[str]) -> set[str]:
    """Names in extents that are no parameters."""
    found = {name for extent in extents for name in edit.mentions(extent)}
    return found - {*names, *_EXTREMES.values()}


def _arithmetic(node: tree.Expr) -> bool:
    """Whether an expression is made of numbers and variables only."""
    parts = _coordinates(node)
    kinds = tree.Number | tree.Name | tree.Binary | tree.Unary | tree.Select
    return all(
        isinstance(n, kinds)
        or (isinstance(n, tree.Call) and getattr(n.function, "name", "") in _EXTREMES.values())
        for part in (parts if parts is not None else (node,))
        for n in tree.walk(part)
    )


def _coordinates(node: tree.Expr) -> tuple[tree.Expr, ...] | None:
    """The arguments of ``dim3(...)``."""
    if isinstance(node, tree.Construct) and types.name(node.type) == "dim3":
        return node.args
    return None


def _plain(text: str) -> str:
    """A text without casts around it and without spaces."""
    bare = _CAST.sub("", text.strip())
    return re.sub(r"^\((\w+)\)$", r"\1", re.sub(r"\s+", "", bare))


def _cast(node: tree.Node) -> tuple[str, tree.Expr] | None:
    """The type's name and the operand of a cast of a number, however it is written."""
    match node:
        case tree.Cast(tree.Named(name), operand) | tree.Construct(tree.Named(name), (operand,)):
            return types.CANONICAL.get(name, name), operand
        case tree.Call(tree.Name("static_cast"), (operand,), (tree.Named(name),)):
            return types.CANONICAL.get(name, name), operand
        case _:
            return None


def _uncast(node: tree.Node) -> tree.Node:
    found = _cast(node)
    return found[1] if found is not None and found[0] in types.INTEGERS else node


def _rounded_up(node: tree.Binary) -> tree.Expr:
    """``ceil((float)a / b)`` in integers; without a float in it, the division came first."""
    real = any(
        _cast(n) is not None or (isinstance(n, tree.Number) and not n.text.isdigit())
        for n in tree.walk(node)
    )
    top, bottom = (edit.transform(side, _whole) for side in (node.left, node.right))
    if not real:
        return tree.Binary("/", top, bottom)
    above = tree.Binary("-", tree.Binary("+", top, bottom), number(1))
    return tree.Binary("/", above, bottom)


def _whole(node: tree.Node) -> tree.Node:
    """A float that stands for an integer, as that integer."""
    if (found := _cast(node)) is not None:
        return found[1]
    if isinstance(node, tree.Number) and re.fullmatch(r"\d+\.0*[fF]?", node.text):
        return tree.Number(node.text.partition(".")[0])
    return node


def _opaque(node: tree.Expr) -> tree.Expr:
    """What only the host can compute (``x.size(0)``), as a variable named after it."""
    match node:
        case tree.Call(tree.Name(name), args) if name in _EXTREMES.values():
            return tree.Call(tree.Name(name), tuple(_opaque(a) for a in args))
        case tree.Call() | tree.Member() | tree.Index():
            return tree.Name(re.sub(r"\W+", "_", printer.show(node)).strip("_"))
        case _:
            return edit.rebuild(node, lambda n: _opaque(n) if isinstance(n, tree.Expr) else n)


__all__ = ["Host", "Triple", "expression", "folded", "unknown"]
