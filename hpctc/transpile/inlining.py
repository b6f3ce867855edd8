"""Functions: kernels, those that are put where they are called, calls of the C's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.changes import address, formula, loads, mutated, passed_to_lambdas, variable_of
from hpctc.transpile.program import Defined
from hpctc.transpile.returns import structured
from hpctc.transpile.scope import NO_VALUE, Scope, Typed
from hpctc.transpile.statements import Returning, Statements


class Inlining(Statements):
    """Translates whole functions."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.depth = 0

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
            if (value := formula(body)) is not None:
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
            or (fixed and types.is_pointer(kind) and not loads(given.expr))
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
                        found |= {variable_of(arg)}
        return found | passed_to_lambdas(body)
