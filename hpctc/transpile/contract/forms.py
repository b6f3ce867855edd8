"""Integer forms over digits: what an index is once every ``/``, ``%``, ``>>`` and ``&`` is undone.

A digit runs over ``[0, extent)``: a block, a thread, a loop's counter, or a part of one. A quotient
is exact by the ranges of the digits, or splits one digit into two (``tx = 4 tx_hi + tx_lo``), or
stays as an opaque :class:`Part` until merging digits makes it exact. Every step is an identity on
all values that the digits can take; where none applies there is :class:`Doubt`.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hpctc.transpile.names import free


class Doubt(Exception):
    """The kernel is not surely a contraction: this road is left, nothing is lost."""


@dataclass(frozen=True)
class Part:
    """``form / by`` (kind ``/``) or ``form % by`` (kind ``%``), both of floor division."""

    kind: str
    form: "Form"
    by: int


Atom = str | Part


@dataclass(frozen=True)
class Form:
    """``sum(coefficient * atom) + constant``."""

    terms: tuple[tuple[Atom, int], ...] = ()
    """Sorted, no coefficient 0."""
    constant: int = 0

    @staticmethod
    def of(terms: Mapping[Atom, int], constant: int = 0) -> "Form":
        """A form from coefficients that may be 0."""
        kept = sorted(((a, c) for a, c in terms.items() if c), key=lambda item: repr(item[0]))
        return Form(tuple(kept), constant)

    def __add__(self, other: "Form | int") -> "Form":
        if isinstance(other, int):
            return Form(self.terms, self.constant + other)
        terms = dict(self.terms)
        for atom, factor in other.terms:
            terms[atom] = terms.get(atom, 0) + factor
        return Form.of(terms, self.constant + other.constant)

    def __mul__(self, factor: int) -> "Form":
        return Form.of({a: c * factor for a, c in self.terms}, self.constant * factor)

    def __sub__(self, other: "Form | int") -> "Form":
        return self + (other * -1)

    def coefficient(self, atom: Atom) -> int:
        """0 where the atom does not occur."""
        return dict(self.terms).get(atom, 0)

    def put(self, digits: Mapping[str, "Form"]) -> "Form":
        """The form with digits replaced; quotients stay quotients."""
        made = Form((), self.constant)
        for atom, factor in self.terms:
            if isinstance(atom, Part):
                made += Form(((Part(atom.kind, atom.form.put(digits), atom.by), factor),))
            else:
                made += digits.get(atom, Form(((atom, 1),))) * factor
        return made

    def digits(self) -> Iterator[str]:
        """Every digit, those inside of quotients too."""
        for atom, _ in self.terms:
            if isinstance(atom, Part):
                yield from atom.form.digits()
            else:
                yield atom

    def parts(self) -> Iterator[Part]:
        """The quotients and remainders that are not undone."""
        return (atom for atom, _ in self.terms if isinstance(atom, Part))


ZERO = Form()


def name_of(digit: Form) -> str:
    """The name of a form that is one digit."""
    ((name, _),) = digit.terms
    assert isinstance(name, str)
    return name


def _alone(part: Part) -> Form:
    return Form(((part, 1),))


def _only(form: Form) -> Part | None:
    """The part that a form is, if it is nothing else."""
    match form:
        case Form(((Part() as part, 1),), 0):
            return part
        case _:
            return None


def _joins(low: Part, form: Form) -> Iterator[tuple[Part, int, Part]]:
    """What ``low + times * high`` may be: the higher part, its factor, and both as one part."""
    inner, by = low.form, low.by
    if low.kind == "%":
        yield Part("/", inner, by), by, Part("/", inner, 1)
        for high in form.parts():
            if high.kind == "%" and high.form == _alone(Part("/", inner, by)):
                yield high, by, Part("%", inner, by * high.by)
    elif (cut := _only(inner)) is not None and cut.kind == "%" and cut.by % by == 0:
        yield Part("/", cut.form, cut.by), cut.by // by, Part("/", cut.form, by)


@dataclass
class Space:
    """The digits that exist, and what became of those that were split."""

    extents: dict[str, int] = field(default_factory=dict)
    splits: dict[str, Form] = field(default_factory=dict)
    limits: dict[str, tuple[Form, int]] = field(default_factory=dict)
    """Digit -> its parts and its extent, where they reach beyond it."""
    uneven: bool = False
    """Whether a digit may be split into parts that reach beyond it."""

    def digit(self, name: str, extent: int) -> Form:
        """A new digit as a form; one with a single value is 0."""
        if extent == 1:
            return ZERO
        unique = free(name, self.extents)
        self.extents[unique] = extent
        return Form(((unique, 1),))

    def range(self, form: Form) -> tuple[int, int]:
        """The closed interval that surely holds a form."""
        low = high = form.constant
        for atom, factor in form.terms:
            first, last = self._atom(atom)
            low += min(first * factor, last * factor)
            high += max(first * factor, last * factor)
        return low, high

    def _atom(self, atom: Atom) -> tuple[int, int]:
        if isinstance(atom, str):
            return 0, self.extents[atom] - 1
        low, high = self.range(atom.form)
        if atom.kind == "/":
            return low // atom.by, high // atom.by
        return 0, atom.by - 1

    def mapped(self, form: Form, digits: Mapping[str, Form]) -> Form:
        """The form with digits replaced; quotients are tried again."""
        made = Form((), form.constant)
        for atom, factor in form.terms:
            if isinstance(atom, Part):
                quotient, rest = self.divided(self.mapped(atom.form, digits), atom.by)
                made += (quotient if atom.kind == "/" else rest) * factor
            elif atom in digits:
                made += digits[atom] * factor
            else:
                made += self.norm(Form(((atom, factor),)))
        return self._joined(made)

    def norm(self, form: Form) -> Form:
        """The form in terms of digits that are not split."""
        if all(isinstance(a, str) and a not in self.splits for a, _ in form.terms):
            return form
        made = Form((), form.constant)
        for atom, factor in form.terms:
            if isinstance(atom, Part):
                quotient, rest = self.divided(atom.form, atom.by)
                made += (quotient if atom.kind == "/" else rest) * factor
            elif atom in self.splits:
                made += self.norm(self.splits[atom]) * factor
            else:
                made += Form(((atom, factor),))
        return self._joined(made)

    def _joined(self, form: Form) -> Form:
        """``q * (x / q) + x % q`` is x; likewise for the digits of x in mixed radix."""
        for low in form.parts():
            factor = form.coefficient(low)
            for high, times, both in _joins(low, form):
                if form.coefficient(high) == factor * times:
                    rest = form - Form.of({low: factor, high: factor * times})
                    quotient, remainder = self.divided(both.form, both.by)
                    return self._joined(
                        rest + (quotient if both.kind == "/" else remainder) * factor
                    )
        return form

    def divided(self, form: Form, by: int) -> tuple[Form, Form]:
        """Quotient and remainder of floor division."""
        form = self.norm(form)
        quotient = Form.of({a: c // by for a, c in form.terms}, form.constant // by)
        rest = Form.of({a: c % by for a, c in form.terms}, form.constant % by)
        low, high = self.range(rest)
        if low >= 0 and high < by:
            return self._joined(quotient), rest
        if (made := self._coarse(form, by)) is not None:
            return self._joined(made[0]), self._joined(made[1])
        if (made := self._split(rest, by)) is not None:
            return self._joined(quotient + made[0]), made[1]
        if (made := self._again(form, by)) is not None:
            return made
        # Whole, with nothing taken out: only so do its digits show that they belong together.
        return _alone(Part("/", form, by)), _alone(Part("%", form, by))

    def _coarse(self, form: Form, by: int) -> tuple[Form, Form] | None:
        """``(g * high + low) / by`` with ``low < g`` and g a divisor of ``by``: low is no part."""
        terms = sorted(form.terms, key=lambda item: abs(item[1]))
        for count in range(len(terms)):
            step = math.gcd(by, *(c for _, c in terms[count:]))
            if step == 1:
                continue
            low = Form.of(dict(terms[:count]), form.constant % step)
            first, last = self.range(low)
            if first < 0 or last >= step:
                continue
            high = Form.of({a: c // step for a, c in terms[count:]}, form.constant // step)
            quotient, rest = self.divided(high, by // step)
            return quotient, rest * step + low
        return None

    def _again(self, form: Form, by: int) -> tuple[Form, Form] | None:
        """``x / a / b`` is ``x / (a b)``, and ``x % (a b) % b`` is ``x % b``."""
        part = _only(form)
        if part is not None and part.kind == "/":
            return self.divided(part.form, part.by * by)[0], _alone(Part("%", form, by))
        if part is not None and part.by % by == 0:
            return _alone(Part("/", form, by)), self.divided(part.form, by)[1]
        return None

    def _split(self, form: Form, by: int) -> tuple[Form, Form] | None:
        match form.terms:
            case ((str() as name, 1),) if form.constant == 0:
                extent = self.extents[name]
                if extent % by and not self.uneven:
                    return None
                high = self.digit(f"{name}_hi", -(-extent // by))
                low = self.digit(f"{name}_lo", by)
                self.splits[name] = high * by + low
                if extent % by:
                    self.limits[name] = (self.splits[name], extent)
                return high, low
            case _:
                return None


__all__ = ["ZERO", "Atom", "Doubt", "Form", "Part", "Space", "name_of"]
