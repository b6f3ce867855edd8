"""Statements, and whole functions: bodies become C statements with barriers still in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.calls import NO_VALUE, Calls
from hpctc.transpile.fold import ANY, constant
from hpctc.transpile.program import Defined
from hpctc.transpile.returns import structured
from hpctc.transpile.scope import Barrier, Collective, Local, Scope, Typed, Warped


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


class Statements(Calls):
    """One method a kind of statement; what comes out goes to ``out``."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.mutable: set[str] = set()
        self.returning: list[Returning] = []
        self.depth = 0
        self.outside: dict[str, Typed] = {}

    def captured(self, work: Callable[[], object]) -> tuple[Any, ...]:
        """What some work puts out."""
        kept, self.out = self.out, []
        work()
        made, self.out = self.out, kept
        return tuple(made)

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
                found = self.lookup(_base(node.operand))
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

    # --- declarations ---

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
                body, condition = (*early, _unless(conditions[0].expr), *body), None
            if late:
                if _continues(node.body):
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
                if not _counts(node.step, up=True):
                    return ""
                _, high = self.fold.range(self.value(bound).expr)
                high -= op == "<"
            case tree.Binary(">" | ">=" as op, tree.Name(name), bound) if name == source:
                if not _counts(node.step, up=False):
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
            body, condition = (*early, _unless(condition), *body), tree.Number("1")
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

    # --- functions ---

    def kernel(self, defined: Defined) -> tuple[Any, ...]:
        """The body of a kernel whose parameters are bound."""
        assert defined.item.body is not None
        body = tree.Block(structured(defined.item.body.body, drop=True))
        self.mutable |= mutated(body) | self._by_reference(body)
        return self.body(body)

    def inline(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Put a function's body here; its value is a variable."""
        return self.inlined(defined.item, args, bound, node)

    def inlined(
        self, function: tree.Function, args: list[Typed],
        bound: Mapping[str, tree.Type | tree.Expr], node: tree.Node, around: Sequence[Scope] = (),
    ) -> Typed:  # fmt: skip
        """As :meth:`inline`, for methods and lambdas too: ``around`` is what they see."""
        self.depth += 1
        if self.depth > 30:
            raise self.refused("HPC0014", function.name, node)
        assert function.body is not None
        body = tree.Block(structured(function.body.body, drop=False))
        kept = self.templates, self.mutable
        self.templates = {**self.templates, **bound}
        changed = mutated(body) | self._by_reference(body)
        self.mutable = self.mutable | changed if around else changed
        with self.alone(around):
            for parameter, given in zip(
                function.parameters, self._defaults(function, args), strict=True
            ):
                self._pass(parameter, given)
            if (value := _formula(body)) is not None:
                made = self.expr(value)
                kind = types.bare(self.resolve(function.result))
                self.templates, self.mutable = kept
                self.depth -= 1
                return made if types.name(kind) == "auto" else self.cast(kind, made)
            kind = self._result(function, body)
            result = None
            if types.name(kind) != "void":
                result = self.temporary(f"{function.name}_value", kind)
            self.returning.append(Returning(result, kind))
            for statement in body.body:
                self.statement(statement)
            self.returning.pop()
        self.templates, self.mutable = kept
        self.depth -= 1
        return NO_VALUE if result is None else Typed(result, kind)

    def _result(self, function: tree.Function, body: tree.Block) -> tree.Type:
        """What an inlined function returns; ``auto``: what its first return says, tried out."""
        kind = types.bare(self.resolve(function.result))
        if types.name(kind) != "auto":
            return kind
        kept = dict(self.locals), set(self.used), dict(self.fold.ranges), set(self.constants)
        way = Returning(None, kind)
        self.returning.append(way)
        self.captured(lambda: self.body(body))
        self.returning.pop()
        self.locals, self.used, self.fold.ranges, self.constants = kept
        seen = [types.UNSIGNED if types.name(k) == "index" else k for k in way.seen]
        return types.decayed(seen[0]) if seen else types.VOID

    def _defaults(self, function: tree.Function, args: list[Typed]) -> Iterator[Typed]:
        yield from args
        for parameter in function.parameters[len(args) :]:
            if parameter.value is None:
                detail = f"{function.name} is called with {len(args)} arguments"
                raise self.refused("HPC0005", detail, function)
            yield self.expr(parameter.value)

    def _pass(self, parameter: tree.Parameter, given: Typed) -> None:
        kind = self.resolve(parameter.type)
        if types.name(kind) == "auto" or types.name(kind) in (
            "thread_block", "thread_block_tile", "coalesced_group", "thread_group", "fragment",
        ):  # fmt: skip
            kind = given.type
            if types.name(kind) not in types.RANK:
                self.bind(parameter.name, given)
                return
        if types.name(kind) in self.closures:
            self.bind(parameter.name, given)
            return
        fixed = parameter.name not in self.mutable
        if (
            isinstance(kind, tree.Reference)
            or (fixed and (self._is_alias(given, kind) or isinstance(given.expr, tree.Number)))
            or (fixed and types.is_pointer(kind) and not _loads(given.expr))
        ):
            self.bind(parameter.name, Typed(given.expr, types.bare(kind)))
            return
        value = self.converted(given, kind)
        self.bind(parameter.name, Typed(self.temporary(parameter.name, kind, value), kind))

    def emitted(
        self, defined: Defined, args: list[Typed],
        bound: dict[str, tree.Type | tree.Expr], node: tree.Node,
    ) -> Typed:  # fmt: skip
        """Call a function that the C has as well; it is translated at its first call."""
        from hpctc.transpile.functions import emit

        name, parameters, result = emit(self, defined, bound)
        values = []
        for kind, given in zip(parameters, self._defaults(defined.item, args), strict=True):
            if isinstance(kind, tree.Reference):
                values.append(address(given.expr))
            else:
                values.append(self.converted(given, kind))
        call = tree.Call(tree.Name(name), tuple(values))
        if isinstance(result, tree.Reference):
            return self.dereferenced(Typed(call, tree.Pointer(result.to)))
        return Typed(call, result)

    def _by_reference(self, body: tree.Node) -> set[str]:
        """Names that are passed to reference parameters."""
        found: set[str] = set()
        for call in tree.walk(body):
            if not isinstance(call, tree.Call) or not isinstance(call.function, tree.Name):
                continue
            for defined in self.program.functions.get(call.function.name, ()):
                for parameter, arg in zip(defined.item.parameters, call.args, strict=False):
                    if isinstance(parameter.type, tree.Reference):
                        found |= {_base(arg)}
        return found | _passed_to_lambdas(body)


def _unless(condition: tree.Expr) -> tree.If:
    """``if (!condition) break;``."""
    return tree.If(tree.Unary("!", condition), tree.Block((tree.Jump("break"),)))


def _continues(body: tree.Node) -> bool:
    """Whether a loop's body goes to the next round before its end."""
    if isinstance(body, tree.Jump):
        return body.kind == "continue"
    if isinstance(body, tree.For | tree.While | tree.Do):
        return False
    return any(_continues(child) for child in tree.children(body))


def _formula(body: tree.Block) -> tree.Expr | None:
    """The value of a function that is nothing but one, and does nothing besides."""
    match body.body:
        case (tree.Return(value),) if value is not None and not isinstance(value, tree.Braces):
            acts = any(isinstance(n, tree.Assign | tree.Postfix | tree.Lambda)
                       or (isinstance(n, tree.Unary) and n.op in ("++", "--"))
                       for n in tree.walk(value))  # fmt: skip
            return None if acts else value
        case _:
            return None


def _passed_to_lambdas(body: tree.Node) -> set[str]:
    """Names that are passed to reference parameters of lambdas and methods of this body."""
    lambdas = {
        v.name: v.value.parameters
        for v in tree.walk(body)
        if isinstance(v, tree.Variable) and isinstance(v.value, tree.Lambda)
    }
    found: set[str] = set()
    for call in tree.walk(body):
        if isinstance(call, tree.Call) and isinstance(call.function, tree.Name):
            for parameter, arg in zip(lambdas.get(call.function.name, ()), call.args, strict=False):
                if isinstance(parameter.type, tree.Reference):
                    found.add(_base(arg))
        elif isinstance(call, tree.Call) and isinstance(call.function, tree.Member):
            found |= {_base(arg) for arg in call.args}
    return found


def reassigned(body: tree.Node) -> set[str]:
    """Names that are given another value themselves; what is stored behind them does not count."""
    found: set[str] = set()
    for node in tree.walk(body):
        match node:
            case tree.Assign(_, tree.Name(name), _):
                found.add(name)
            case tree.Postfix(_, tree.Name(name)) | tree.Unary("++" | "--" | "&", tree.Name(name)):
                found.add(name)
            case tree.Variable(_, tree.Reference(), _, _, tree.Name(name)):
                found.add(name)
            case _:
                pass
    return found


def address(node: tree.Expr) -> tree.Expr:
    """``&node``; of ``*p`` it is ``p``."""
    return (
        node.operand if isinstance(node, tree.Unary) and node.op == "*" else tree.Unary("&", node)
    )


def mutated(body: tree.Node) -> set[str]:
    """Names that something below assigns, steps, or takes the address of."""
    found: set[str] = set()
    for node in tree.walk(body):
        match node:
            case tree.Assign(_, target, _):
                found.add(_base(target))
            case tree.Postfix(_, operand) | tree.Unary("++" | "--" | "&", operand):
                found.add(_base(operand))
            case tree.Call(tree.Member(base, _), _):
                found.add(_base(base))
            case tree.Variable(_, tree.Reference(), _, _, value) if value is not None:
                found.add(_base(value))
            case Collective(_, target, _, _):
                found.add(target.name)
            case Warped():
                found |= {n.name for n in tree.walk(node) if isinstance(n, tree.Name)}
            case _:
                pass
    return found - {""}


def _base(node: tree.Expr) -> str:
    """The variable that an lvalue is a part of; empty where it lies behind a pointer's value."""
    while True:
        match node:
            case tree.Name(name):
                return name
            case tree.Index(inner, _) | tree.Member(inner, _) | tree.Cast(_, inner):
                node = inner
            case tree.Unary("&" | "*", inner):
                node = inner
            case _:
                return ""


def _counts(step: tree.Expr, up: bool) -> bool:
    match step:
        case tree.Unary(op, _) | tree.Postfix(op, _):
            return op == ("++" if up else "--")
        case tree.Assign("+=", _, value):
            return up and not isinstance(value, tree.Unary)
        case tree.Assign(op, _, _):
            return not up and op in ("-=", "/=", ">>=")
        case _:
            return False


def _loads(node: tree.Expr) -> bool:
    return any(isinstance(n, tree.Call | tree.Postfix | tree.Assign) for n in tree.walk(node))


def names_of(statements: Sequence[tree.Node]) -> set[str]:
    """Names mentioned in statements."""
    return {n.name for s in statements for n in tree.walk(s) if isinstance(n, tree.Name)}


__all__ = ["Local", "Returning", "Statements", "mutated", "names_of", "reassigned"]
