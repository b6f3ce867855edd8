"""Bounds and quotients that speak of a digit's upper part alone are made to speak of all of it.

``h <= 48`` becomes ``4 h + l <= 195`` and ``h / 7`` becomes ``(4 h + l) / 28``: both hold whatever
l in [0, 4) is, and they let h and l merge where everything else has them together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hpctc.transpile.contract.forms import Form, Part, Space
from hpctc.transpile.contract.merge import nested
from hpctc.transpile.contract.nest import Nest
from hpctc.transpile.contract.values import (
    Bound,
    Coordinate,
    Load,
    Pick,
    Value,
    rewritten,
    walk,
)


def widened(nest: Nest) -> None:
    """Widen every bound and quotient of a nest that keeps two digits from merging."""
    for group in (nest.free, nest.over):
        pairs = _pairs(nest, group)
        if pairs:
            _Widening(nest.space, pairs).apply(nest)


def _pairs(nest: Nest, group: Sequence[str]) -> dict[str, str]:
    """Upper -> lower digit, where all forms that must keep their value have both together."""
    firm = [inner for form in _firm(nest) for inner in _rigid(form)]
    every = [inner for form in nest.forms() for inner in nested(form)]
    found: dict[str, str] = {}
    for high in group:
        held = [f for f in firm if f.coefficient(high)]
        for low in group:
            extent = nest.space.extents[low]
            together = all(f.coefficient(high) == f.coefficient(low) * extent for f in held)
            alone = any(f.coefficient(low) and not f.coefficient(high) for f in every)
            if high != low and held and together and not alone:
                found[high] = low
    return found


def _firm(nest: Nest) -> list[Form]:
    """Forms that must keep their value: all but bounds with one end."""
    made = [nest.index]
    for part in walk(nest.value):
        match part:
            case Load(_, form) | Coordinate(form):
                made.append(form)
            case Pick(test, _, _):
                made += [b.form for b in test if not _open(b)]
            case _:
                pass
    return made


def _open(bound: Bound) -> bool:
    return bound.low is None or bound.high is None


def _rigid(form: Form) -> list[Form]:
    """A form and what is inside of its remainders; the insides of quotients can be widened."""
    made = [form]
    for part in form.parts():
        inner = _rigid(part.form)
        made += inner if part.kind == "%" else inner[1:]
    return made


@dataclass(frozen=True)
class _Widening:
    """Adds lower digits to what has only the upper ones."""

    space: Space
    pairs: Mapping[str, str]

    def apply(self, nest: Nest) -> None:
        nest.apply(self.form)
        nest.test = tuple(self.bound(b) for b in nest.test)
        nest.value = rewritten(nest.value, self._picked)

    def _picked(self, value: Value) -> Value:
        if isinstance(value, Pick):
            return replace(value, test=tuple(self.bound(b) for b in value.test))
        return value

    def _lacking(self, form: Form) -> tuple[Form, int] | None:
        """The lower digit that a form lacks, and its extent."""
        for digit, factor in form.terms:
            if factor == 1 and isinstance(digit, str) and digit in self.pairs:
                low = self.pairs[digit]
                if low not in form.digits():
                    return Form(((low, 1),)), self.space.extents[low]
        return None

    def form(self, form: Form) -> Form:
        """The same value with wider quotients."""
        made = Form((), form.constant)
        for atom, factor in form.terms:
            if isinstance(atom, Part):
                inner, by = self.form(atom.form), atom.by
                more = self._lacking(inner) if atom.kind == "/" else None
                if more is not None:
                    inner, by = inner * more[1] + more[0], by * more[1]
                atom = Part(atom.kind, inner, by)
            made += Form(((atom, factor),))
        return made

    def bound(self, bound: Bound) -> Bound:
        """The same bound on a wider form."""
        more = self._lacking(bound.form)
        if more is None or not _open(bound):
            return bound
        low, factor = more
        constant = bound.form.constant
        form = (bound.form - constant) * factor + low
        if bound.high is not None:
            return Bound(form, None, (bound.high - constant + 1) * factor - 1)
        assert bound.low is not None
        return Bound(form, (bound.low - constant) * factor, None)
