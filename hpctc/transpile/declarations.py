"""Declarations: variables of a thread, of a warp and of a block, and what they start with."""

from collections.abc import Callable
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.calls import Calls
from hpctc.transpile.fold import constant
from hpctc.transpile.scope import Typed


class Declarations(Calls):
    """Translates what declares a variable; what comes out goes to ``out``."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.mutable: set[str] = set()
        self.outside: dict[str, Typed] = {}

    def captured(self, work: Callable[[], object]) -> tuple[Any, ...]:
        """What some work puts out."""
        kept, self.out = self.out, []
        work()
        made, self.out = self.out, kept
        return tuple(made)

    def _do_declaration(self, node: tree.Declaration) -> None:
        for variable in node.variables:
            self._variable(variable)

    def _variable(self, node: tree.Variable) -> None:
        if "__shared__" in node.storage:
            self.shared_variable(node)
            return
        kind = self.resolve(node.type)
        if types.name(kind) == "fragment":
            self.declare(node.name, kind, "warp")
            return
        value = self._initial(node, kind)
        if types.name(kind) == "auto" or (
            isinstance(kind, tree.Reference | tree.Pointer) and types.name(kind.to) == "auto"
        ):
            value = self._needed(value, node)
            kind = tree.Reference(value.type) if isinstance(kind, tree.Reference) else value.type
            kind = types.UNSIGNED if types.name(kind) == "index" else types.decayed(kind)
        groups = ("thread_block", "thread_block_tile", "coalesced_group")
        if types.name(kind) in groups or types.name(kind) in self.closures:
            self.bind(node.name, self._needed(value, node))
            return
        if isinstance(node.type, tree.Reference):
            self.bind(node.name, self._needed(value, node))
            return
        self._plain(node, kind, value)

    def _needed(self, value: Typed | None, node: tree.Variable) -> Typed:
        if value is None:
            raise self.refused("HPC0028", f"{node.name} must be initialised", node)
        return value

    def _plain(self, node: tree.Variable, kind: tree.Type, value: Typed | None) -> None:
        fixed = node.name not in self.mutable and not isinstance(kind, tree.Array)
        if fixed and value is not None and self._is_alias(value, kind):
            self.bind(node.name, Typed(value.expr, kind))
            return
        initial = None if value is None else self.converted(value, kind)
        if (
            fixed
            and initial is not None
            and types.is_integer(kind)
            and (types.name(kind) in ("int", "unsigned"))
        ):
            low, high = self.fold.range(initial)
            name = self.declare(node.name, kind)
            if types.name(kind) == "int" or low >= 0:
                self.fold.ranges[name.name] = (low, high)
        else:
            name = self.declare(node.name, kind)
        if fixed:
            self.constants.add(name.name)
        self.out.append(
            tree.Declaration((tree.Variable(name.name, kind, value=initial),), at=node.at)
        )

    constants: set[str]
    """Variables of the C that are assigned only where they are declared."""

    def _is_alias(self, value: Typed, kind: tree.Type) -> bool:
        if isinstance(value.expr, tree.Number):
            return types.name(value.type) in (types.name(kind), "int", "index")
        if constant(value.expr) is not None:
            return True
        if isinstance(value.expr, tree.Name):
            stable = value.expr.name in self.constants or value.expr.name in self.fold.ranges
            return stable and types.name(kind) in (types.name(value.type), "int")
        return False

    def _initial(self, node: tree.Variable, kind: tree.Type) -> Typed | None:
        plain = types.name(kind) in types.RANK or types.is_pointer(kind)
        if node.constructor is not None:
            if plain:
                return self.expr(node.constructor[0]) if node.constructor else None
            return self._object(kind, node.constructor, node)
        if isinstance(node.value, tree.Braces):
            if types.name(kind) in types.RANK:
                items = node.value.items or (tree.Number("0"),)
                return self.expr(items[0])
            if isinstance(kind, tree.Array) and kind.size is None:
                kind = tree.Array(kind.of, tree.Number(str(len(node.value.items))))
            return self._object(kind, node.value.items, node)
        if node.value is not None:
            return self.expr(node.value)
        if plain or isinstance(kind, tree.Array):
            return None
        if (made := self.made(kind, (), node)) is not None:
            return made
        blank = self.blank(kind)
        return None if blank is None else Typed(blank, kind)

    def _object(self, kind: tree.Type, args: tuple[tree.Expr, ...], node: tree.Node) -> Typed:
        """A struct, vector or array from its parts, or from a constructor's arguments."""
        if (made := self.made(kind, args, node)) is not None:
            return made
        if not args and (blank := self.blank(kind)) is not None:
            return Typed(blank, kind)
        return Typed(self.construct(kind, args), kind)

    def initial(self, variable: tree.Variable) -> tree.Expr | None:
        """The value of a global variable."""
        kind = self.resolve(variable.type)
        value = self._initial(variable, kind)
        return None if value is None else self.converted(value, kind)

    def shared_by_name(self, variable: tree.Variable) -> Typed:
        """A ``__shared__`` variable that is declared outside functions: one a kernel."""
        if variable.name not in self.outside:
            with self.alone():
                self.shared_variable(variable)
                self.outside[variable.name] = self.scopes[-1][variable.name]
        return self.outside[variable.name]

    def shared_variable(self, node: tree.Variable) -> None:
        """A ``__shared__`` variable: an array of the block; an open one has the launch's size."""
        kind = self.resolve(node.type)
        aligned = 0
        for attribute in node.attributes:
            if attribute.args and isinstance(attribute.args[0], tree.Number):
                aligned = int(attribute.args[0].text, 0)
        if isinstance(kind, tree.Array) and kind.size is None:
            assert self.geometry is not None
            size = tree.SizeOf(kind.of)
            held = types.BYTES.get(types.name(kind.of))
            count = constant(self.geometry.shared)
            extent: tree.Expr = tree.Binary("/", self.geometry.shared, size)
            if count is not None:
                extent = (
                    tree.Number(str(max(1, count // held)))
                    if held
                    else tree.Binary("/", tree.Number(str(count)), size)
                )
            kind = tree.Array(kind.of, extent)
            aligned = 64
        name = self.declare(node.name, kind, "shared")
        self.locals[name.name].aligned = aligned
