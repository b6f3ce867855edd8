"""Statements: bodies become C statements with barriers still in them."""

from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.changes import (
    address,
    continues,
    counts,
    mutated,
    names_of,
    reassigned,
    unless,
    variable_of,
)
from hpctc.transpile.declarations import Declarations
from hpctc.transpile.fold import ANY, constant
from hpctc.transpile.scope import Barrier, Collective, Local, Typed


@dataclass(frozen=True)
class Returning:
    """What a return does in the function that is being translated."""

    target: tree.Name | None
    """The variable that takes the value; None: there is none."""
    type: tree.Type
    plain: bool = False
    """Whether it is a function of the C, where a return is a return."""
    seen: list[tree.Type] = field(default_factory=list)
    """Types of the values returned, for a function that does not say its own."""


class Statements(Declarations):
    """One method a kind of statement; what comes out goes to ``out``."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.returning: list[Returning] = []

    def body(self, statement: tree.Node) -> tuple[Any, ...]:
        """A statement as the body of another one, in a scope of its own."""

        def work() -> None:
            with self.nested():
                parts = statement.body if isinstance(statement, tree.Block) else (statement,)
                for part in parts:
                    self.statement(part)

        return self.captured(work)

    def statement(self, node: tree.Node) -> None:
        """Translate one statement."""
        method = getattr(self, f"_do_{type(node).__name__.lower()}", None)
        if method is None:
            raise self.refused("HPC0025", type(node).__name__.lower(), node)
        method(node)

    def _do_block(self, node: tree.Block) -> None:
        with self.nested():
            for part in node.body:
                self.statement(part)

    def _do_evaluate(self, node: tree.Evaluate) -> None:
        made = self.expr(node.value)
        if isinstance(made.expr, tree.Name | tree.Number):
            return
        stored = tree.Evaluate(made.expr, at=node.at)
        lockstep = isinstance(node.value, tree.Assign) and self._lockstep(node.value.target)
        self.out += [Barrier(), stored, Barrier()] if lockstep else [stored]

    def _lockstep(self, target: tree.Expr) -> bool:
        """Whether a store is volatile and to shared memory: warps in step exchange values so."""
        for node in tree.walk(target):
            if isinstance(node, tree.Cast) and isinstance(node.type, tree.Pointer):
                kind = node.type.to
                found = self.lookup(variable_of(node.operand))
                place = found.expr if found is not None else None
                local = self.locals.get(place.name) if isinstance(place, tree.Name) else None
                if isinstance(kind, tree.Qualified) and "volatile" in kind.qualifiers:
                    return local is not None and local.memory == "shared"
        return False

    def _do_directive(self, node: tree.Directive) -> None:
        """Unrolling is the compiler's affair."""

    _do_using = _do_staticassert = _do_directive

    def _do_alias(self, node: tree.Alias) -> None:
        self.templates[node.name] = self.resolve(node.type)

    def _do_record(self, node: tree.Record) -> None:
        self.program.records[node.name] = (node, ())

    def _do_enum(self, node: tree.Enum) -> None:
        from hpctc.transpile.program import enumerate_values

        enumerate_values(node, self.program)

    def _do_asm(self, node: tree.Asm) -> None:
        raise self.refused("HPC0010", "", node)

    # --- control ---

    def _do_if(self, node: tree.If) -> None:
        if isinstance(node.condition, tree.Unary) and node.condition.op == "!":
            condition = self.negated(node.condition.operand).expr
        else:
            condition = self.value(node.condition).expr
        known = constant(condition)
        then = self.body(node.then) if known != 0 else ()
        other = self.body(node.otherwise) if node.otherwise is not None and not known else ()
        if known is not None:
            self.out += then if known else other
        elif then or other:
            if not then:
                condition, then, other = self.negated(node.condition).expr, other, ()
            otherwise = self._else(other)
            self.out.append(tree.If(condition, tree.Block(then), otherwise, at=node.at))

    def _else(self, other: tuple[Any, ...]) -> Any:
        if len(other) == 1 and isinstance(other[0], tree.If):
            return other[0]
        return tree.Block(other) if other else None

    def _do_for(self, node: tree.For) -> None:
        with self.nested():
            start = self.captured(lambda: self.statement(node.start) if node.start else None)
            if len(start) > 1 or (
                start and not isinstance(start[0], tree.Declaration | tree.Evaluate)
            ):
                self.out += start
                start = ()
            conditions: list[Typed] = []
            early = self.captured(
                lambda: conditions.append(self.value(node.condition)) if node.condition else None
            )
            steps: list[tree.Expr] = []
            late = self.captured(
                lambda: steps.append(self.expr(node.step).expr) if node.step else None
            )
            name = self._counter(node, start)  # known in the body only: the test itself decides it
            body = self.body(node.body)
            if name:
                self.fold.ranges.pop(name, None)
            condition = conditions[0].expr if conditions else None
            step = steps[0] if steps else None
            if early:
                body, condition = (*early, unless(conditions[0].expr), *body), None
            if late:
                if continues(node.body):
                    raise self.refused("HPC0025", "a loop whose step exchanges values", node)
                rest = () if step is None else (tree.Evaluate(step),)
                body, step = (*body, *late, *rest), None
            first = start[0] if start else None
            self.out.append(tree.For(first, condition, step, tree.Block(body), at=node.at))

    def _counter(self, node: tree.For, start: tuple[Any, ...]) -> str:
        """Note in which interval the loop's variable lies; its name, empty where unknown."""
        if not start or not isinstance(start[0], tree.Declaration) or node.condition is None:
            return ""
        variable = start[0].variables[0]
        source = node.start.variables[0].name if isinstance(node.start, tree.Declaration) else ""
        if variable.value is None or source in mutated(node.body) or node.step is None:
            return ""
        low, high = self.fold.range(variable.value)
        match node.condition:
            case tree.Binary("<" | "<=" as op, tree.Name(name), bound) if name == source:
                if not counts(node.step, up=True):
                    return ""
                _, high = self.fold.range(self.value(bound).expr)
                high -= op == "<"
            case tree.Binary(">" | ">=" as op, tree.Name(name), bound) if name == source:
                if not counts(node.step, up=False):
                    return ""
                least, _ = self.fold.range(self.value(bound).expr)
                low = least + (op == ">")
            case _:
                return ""
        if (low, high) != ANY and low <= high:
            self.fold.ranges[variable.name] = (low, high)
            return variable.name
        return ""

    def _do_while(self, node: tree.While) -> None:
        conditions: list[Typed] = []
        early = self.captured(lambda: conditions.append(self.value(node.condition)))
        body = self.body(node.body)
        condition = conditions[0].expr
        if early:
            body, condition = (*early, unless(condition), *body), tree.Number("1")
        self.out.append(tree.While(condition, tree.Block(body), at=node.at))

    def _do_do(self, node: tree.Do) -> None:
        body = self.body(node.body)
        conditions: list[Typed] = []
        late = self.captured(lambda: conditions.append(self.value(node.condition)))
        self.out.append(tree.Do(tree.Block((*body, *late)), conditions[0].expr, at=node.at))

    def _do_switch(self, node: tree.Switch) -> None:
        value = self.value(node.value).expr
        body = self.body(node.body)
        if any(isinstance(n, Barrier | Collective) for s in body for n in tree.walk(s)):
            raise self.refused("HPC0013", "", node)
        self.out.append(tree.Switch(value, tree.Block(body), at=node.at))

    def _do_case(self, node: tree.Case) -> None:
        value = None if node.value is None else self.expr(node.value).expr
        self.out.append(tree.Case(value))

    def _do_label(self, node: tree.Label) -> None:
        raise self.refused("HPC0011", node.name, node)

    def _do_jump(self, node: tree.Jump) -> None:
        if node.kind == "goto":
            raise self.refused("HPC0011", node.label, node)
        self.out.append(node)

    def _do_return(self, node: tree.Return) -> None:
        if not self.returning:
            self.out.append(tree.Return())
            return
        way = self.returning[-1]
        if node.value is None:
            value = None
        elif isinstance(node.value, tree.Braces):
            value = self.construct(way.type, node.value.items)
        else:
            given = self.expr(node.value)
            way.seen.append(given.type)
            value = self.converted(given, way.type)
            if way.plain and isinstance(way.type, tree.Reference):
                value = address(given.expr)
        if way.target is not None and value is not None:
            self.out.append(tree.Evaluate(tree.Assign("=", way.target, value)))
        elif way.plain:
            self.out.append(tree.Return(value))


__all__ = ["Local", "Returning", "Statements", "address", "mutated", "names_of", "reassigned"]
