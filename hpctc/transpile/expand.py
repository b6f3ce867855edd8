"""Selective expansion: what a thread keeps over a cut becomes an array with a place a thread."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hpctc.syntax import edit, tree
from hpctc.transpile import types
from hpctc.transpile.fission import Fission, Threads, Warps
from hpctc.transpile.fold import number
from hpctc.transpile.groups import fragment_type
from hpctc.transpile.uniform import THREAD
from hpctc.transpile.warp import WHOLE, thread


@dataclass
class _Region:
    """One thread loop of the cut kernel."""

    node: Threads | Warps
    path: tuple[int, ...]
    """The block-level loops around it."""
    names: set[str] = field(default_factory=set)
    exposed: set[str] = field(default_factory=set)
    """Variables that are read before this region surely sets them."""


class Expansion:
    """Decides for each variable of a thread where it lives, and rewrites the regions so."""

    def __init__(self, fission: Fission, body: Sequence[Any]) -> None:
        self.fission = fission
        self.kernel = fission.kernel
        self.me = thread(fission)
        self.warp = fission.kernel.folder.binary(">>", self.me, number(5))
        self.regions = list(_regions(body, ()))
        self.values = _definitions(self.regions)
        self.declared = _declared(self.regions)
        self.local = {
            n for n, v in fission.locals.items()
            if v.memory == "thread" and n not in fission.block and n not in fission.held
        }  # fmt: skip
        for region in self.regions:
            self._look(region)
        self.again = self._again()
        whole = {n.removesuffix(WHOLE) for r in self.regions for n in edit.mentions(r.node)
                 if n.endswith(WHOLE)}  # fmt: skip
        self.spread = whole | {n for n in self.local if n not in self.again and self._crosses(n)}
        self.body = tuple(self._rewrite(s) for s in body)

    def arrays(self) -> Iterator[tree.Variable]:
        """Declarations of the expanded variables and of fragments."""
        threads = number(self.fission.geometry.threads)
        for name in self.fission.locals:
            local = self.fission.locals[name]
            if name in self.spread:
                yield tree.Variable(name, tree.Array(types.bare(local.type), threads))
            elif local.memory == "warp":
                warps = number(-(-self.fission.geometry.threads // 32))
                yield tree.Variable(name, tree.Array(fragment_type(local.type), warps))

    # --- analysis ---

    def _look(self, region: _Region) -> None:
        node = region.node
        if node.mask is not None:
            region.names.add(node.mask.name)
            region.exposed.add(node.mask.name)
        statements = node.body if isinstance(node, Threads) else (node.body,)
        region.names |= {n.removesuffix(WHOLE) for s in statements for n in edit.mentions(s)}
        region.names |= _initialised(statements) & self.local
        unset = set(region.names)
        for statement in statements:
            sure = _surely_sets(statement)
            read = edit.mentions(statement) if sure is None else _reads(statement, sure)
            read = {n.removesuffix(WHOLE) for n in read}
            region.exposed |= read & unset
            if sure is not None and sure not in region.exposed:
                unset.discard(sure)
        if node.mask is not None:
            region.exposed |= {n for n in region.names if self._elsewhere(n, region)}

    def _array(self, name: str) -> bool:
        return isinstance(types.bare(self.fission.locals[name].type), tree.Array)

    def _elsewhere(self, name: str, region: _Region) -> bool:
        """Whether a variable is declared outside a masked region: what it held may be kept."""
        return id(region.node) != self.declared.get(name)

    def _again(self) -> set[str]:
        """Constants that are cheaper to compute again than to keep."""
        found: set[str] = set()
        stable = {n for n, v in self.fission.locals.items() if n in self.fission.block
                  and n in self.kernel.constants}  # fmt: skip
        grown = True
        while grown:
            grown = False
            for name, value in self.values.items():
                if name in found or name not in self.kernel.constants or name not in self.local:
                    continue
                if self._cheap(value, found | stable):
                    found.add(name)
                    grown = True
        return found

    def _cheap(self, value: tree.Expr, known: set[str]) -> bool:
        for node in tree.walk(value):
            match node:
                case tree.Name(name):
                    if name in self.fission.locals and name not in known:
                        return False
                case tree.Index() | tree.Call() | tree.Member() | tree.Assign() | tree.Postfix():
                    return False
                case tree.Unary("*" | "&" | "++" | "--", _):
                    return False
                case _:
                    pass
        return True

    def _crosses(self, name: str) -> bool:
        """Whether a value of this variable goes from one region to another (or round a loop)."""
        using = [r for r in self.regions if name in r.names]
        if not using:
            return False
        if len(using) == 1:
            inside = id(using[0].node) == self.declared.get(name)
            return (
                not inside
                and bool(using[0].path)
                and (name in using[0].exposed or self._array(name))
            )
        return any(name in r.exposed for r in using) or self._array(name)

    # --- rewriting ---

    def _rewrite(self, node: Any) -> Any:
        if isinstance(node, Threads):
            return self._region(node)
        if isinstance(node, Warps):
            return replace(node, body=self._named(self._spelled_out(node.body)))
        if isinstance(node, tree.Declaration | tree.Evaluate | tree.Jump):
            return node
        return edit.rebuild(node, self._rewrite)

    def _spelled_out(self, node: tree.Evaluate) -> tree.Evaluate:
        """A warp's statement with what is computed again put in: it has no place to declare it."""
        while edit.mentions(node) & self.again:
            node = edit.substitute(node, {n: self.values[n] for n in self.again})
        return node

    def _region(self, node: Threads) -> Threads:
        mine = next(r for r in self.regions if r.node is node)
        body = [s for part in node.body for s in self._declarations(part)]
        again = self._computed_again(mine, body)
        body = [*again, *body]
        kept = tuple(self._named(s) for s in body)
        bare = self._undeclared(mine, kept)
        return replace(node, body=(*bare, *kept))

    def _computed_again(self, region: _Region, body: Sequence[Any]) -> list[Any]:
        there = {v.name for s in body for n in tree.walk(s) if isinstance(n, tree.Declaration)
                 for v in n.variables}  # fmt: skip
        wanted: list[str] = []
        pending = sorted(region.names & self.again)
        while pending:
            name = pending.pop()
            if name in wanted or name in there:
                continue
            wanted.append(name)
            pending += sorted(edit.mentions(self.values[name]) & self.again)
        order = [n for n in self.values if n in wanted]
        return [
            tree.Declaration((tree.Variable(n, self.fission.locals[n].type, value=self.values[n]),))
            for n in order
        ]

    def _declarations(self, node: Any) -> list[Any]:
        """A statement with the declarations of expanded variables taken out."""
        if not isinstance(node, tree.Declaration):
            return [self._inner(node)]
        variable = node.variables[0]
        if variable.name in self.spread:
            if variable.value is None:
                return []
            return self._set(variable)
        if variable.value is None and not self._array(variable.name):
            return []
        return [node]

    def _set(self, variable: tree.Variable) -> list[Any]:
        name, value = tree.Name(variable.name), variable.value
        assert value is not None
        if not isinstance(value, tree.Braces):
            return [tree.Evaluate(tree.Assign("=", name, value))]
        return list(_filled(name, types.bare(variable.type), value))

    def _inner(self, node: Any) -> Any:
        if isinstance(node, tree.Block):
            return tree.Block(tuple(s for part in node.body for s in self._nested(part)))
        if isinstance(node, tree.For) and isinstance(node.start, tree.Declaration):
            start = node.start
            return replace(edit.rebuild(replace(node, start=None), self._inner), start=start)
        if isinstance(node, tree.Expr):
            return node
        return edit.rebuild(node, self._inner)

    def _nested(self, node: Any) -> list[Any]:
        if isinstance(node, tree.Declaration) and node.variables[0].name not in self.spread:
            return [node]
        return self._declarations(node)

    def _undeclared(self, region: _Region, body: Sequence[Any]) -> list[Any]:
        """Bare declarations of what this region keeps for itself, where none is in it."""
        there = {v.name for s in body for n in tree.walk(s) if isinstance(n, tree.Declaration)
                 for v in n.variables}  # fmt: skip
        missing = [
            n for n in self.fission.locals
            if n in self.local and n in region.names and n not in there and n not in self.spread
        ]  # fmt: skip
        return [tree.Declaration((tree.Variable(n, self.fission.locals[n].type),)) for n in missing]

    def _named(self, node: Any) -> Any:
        """Expanded variables by the thread's place in them, fragments by the warp's."""
        places: dict[str, tree.Expr] = {n: tree.Index(tree.Name(n), self.me) for n in self.spread}
        places |= self.fission.held
        places |= {n + WHOLE: tree.Name(n) for n in self.spread}
        places |= {
            n: tree.Index(tree.Name(n), self.warp)
            for n, v in self.fission.locals.items()
            if v.memory == "warp"
        }
        return edit.substitute(node, places)


def _regions(body: Sequence[Any], path: tuple[int, ...]) -> Iterator[_Region]:
    for node in body:
        if isinstance(node, Threads | Warps):
            yield _Region(node, path)
        elif isinstance(node, tree.For | tree.While | tree.Do):
            assert isinstance(node.body, tree.Block)
            yield from _regions(node.body.body, (*path, id(node)))
        elif isinstance(node, tree.If):
            for part in (node.then, node.otherwise):
                if isinstance(part, tree.Block):
                    yield from _regions(part.body, path)


def _definitions(regions: Sequence[_Region]) -> dict[str, tree.Expr]:
    found: dict[str, tree.Expr] = {}
    for region in regions:
        if isinstance(region.node, Threads):
            for statement in region.node.body:
                if isinstance(statement, tree.Declaration):
                    variable = statement.variables[0]
                    if variable.value is not None:
                        found[variable.name] = variable.value
    return found


def _declared(regions: Sequence[_Region]) -> dict[str, int]:
    return {
        v.name: id(r.node)
        for r in regions
        for n in tree.walk(r.node)
        if isinstance(n, tree.Declaration)
        for v in n.variables
    }


def _initialised(statements: Sequence[Any]) -> set[str]:
    return {
        v.name for s in statements for n in tree.walk(s) if isinstance(n, tree.Declaration)
        for v in n.variables if v.value is not None
    }  # fmt: skip


def _surely_sets(statement: Any) -> str | None:
    match statement:
        case tree.Evaluate(tree.Assign("=", tree.Name(name), _)):
            return name
        case tree.Declaration((variable,)) if variable.value is not None:
            return variable.name
        case _:
            return None


def _reads(statement: Any, name: str) -> set[str]:
    if isinstance(statement, tree.Declaration):
        return edit.mentions(statement)
    assert isinstance(statement, tree.Evaluate)
    assert isinstance(statement.value, tree.Assign)
    return edit.mentions(statement.value.value)


__all__ = ["THREAD", "Expansion"]


def _filled(place: tree.Expr, kind: tree.Type, value: tree.Expr) -> Iterator[tree.Evaluate]:
    """An initializer as assignments, dimension by dimension; what it leaves out is 0."""
    if not isinstance(kind, tree.Array):
        empty = isinstance(value, tree.Braces) and not value.items
        yield tree.Evaluate(tree.Assign("=", place, number(0) if empty else value))
        return
    items = value.items if isinstance(value, tree.Braces) else (value,)
    size = int(kind.size.text, 0) if isinstance(kind.size, tree.Number) else len(items)
    for i in range(size):
        item = items[i] if i < len(items) else tree.Braces(())
        yield from _filled(tree.Index(place, number(i)), types.bare(kind.of), item)
