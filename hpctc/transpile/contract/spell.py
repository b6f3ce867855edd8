"""Forms, tests and loops as C."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile import types
from hpctc.transpile.contract.forms import Atom, Form, Part, Space
from hpctc.transpile.contract.values import Bound, Coordinate, Load, Pick, Test, Value, expression
from hpctc.transpile.fold import Linear, number, written


@dataclass
class Speller:
    """Spells what is over digits; ``names`` are the variables that stand for them."""

    space: Space
    names: dict[str, str] = field(default_factory=dict)

    def form(self, form: Form) -> tree.Expr:
        """An index."""
        terms: dict[tree.Expr, int] = {self._atom(a): c for a, c in form.terms}
        return written(Linear(terms, form.constant))

    def _atom(self, atom: Atom) -> tree.Expr:
        if isinstance(atom, Part):
            low, _ = self.space.range(atom.form)
            lift = max(0, -(low // atom.by))  # C rounds to zero, ours is floor division
            inner = self.form(atom.form + lift * atom.by)
            quotient = tree.Binary(atom.kind, inner, number(atom.by))
            if atom.kind == "/" and lift:
                return tree.Binary("-", quotient, number(lift))
            return quotient
        return tree.Name(self.names[atom])

    def test(self, test: Test) -> tree.Expr:
        """A conjunction."""
        sides = [side for bound in test for side in self._bound(bound)]
        made = sides[0]
        for side in sides[1:]:
            made = tree.Binary("&&", made, side)
        return made

    def _bound(self, bound: Bound) -> list[tree.Expr]:
        bare = self.form(bound.form - bound.form.constant)
        low, high = self.space.range(bound.form)
        shift = bound.form.constant
        made: list[tree.Expr] = []
        if bound.low is not None and bound.low == bound.high:
            return [tree.Binary("==", bare, number(bound.low - shift))]
        if bound.low is not None and bound.low > low:
            made.append(tree.Binary(">=", bare, number(bound.low - shift)))
        if bound.high is not None and bound.high < high:
            made.append(tree.Binary("<", bare, number(bound.high - shift + 1)))
        return made or [number(1)]

    def value(self, value: Value, leaf: Mapping[Value, tree.Expr] | None = None) -> tree.Expr:
        """A value; ``leaf`` overrides how some are spelled."""

        def spell(part: Value) -> tree.Expr:
            if leaf is not None and part in leaf:
                return leaf[part]
            match part:
                case Load(array, index):
                    return tree.Index(tree.Name(array), self.form(index))
                case Coordinate(form):
                    return self.form(form)
                case Pick(test, yes, no):
                    yes_, no_ = self.value(yes, leaf), self.value(no, leaf)
                    return tree.Select(self.test(test), yes_, no_)
                case _:
                    raise AssertionError(part)

        return expression(value, spell)


def loop(name: str, count: tree.Expr, *body: Any, start: tree.Expr | None = None) -> tree.For:
    """``for (int name = start; name < count; ++name) { body }``, from 0 where no start is given."""
    return tree.For(
        tree.Declaration((tree.Variable(name, types.INT, value=start or number(0)),)),
        tree.Binary("<", tree.Name(name), count),
        tree.Unary("++", tree.Name(name)),
        tree.Block(tuple(body)),
    )


def comment(words: str) -> tree.Directive:
    """``// words``, a line of its own."""
    return tree.Directive(f"// {words}")


def assign(target: tree.Expr, value: tree.Expr, op: str = "=") -> tree.Evaluate:
    """``target op value;``."""
    return tree.Evaluate(tree.Assign(op, target, value))


def declared(
    name: str, kind: tree.Type, value: tree.Expr | None = None, *storage: str
) -> tree.Declaration:
    """``storage kind name = value;``."""
    return tree.Declaration((tree.Variable(name, kind, storage, value=value),))
