"""Digits of an axis: ``i / low % (high / low)``, and what division does to sums of them.

An axis ``i`` of the iteration space is written in mixed radix. ``Digit("i", 28, 784)`` is what lies
between the cuts 28 and 784: ``i % 784 / 28``. Sums of digits with matching factors are digits again
(``256 * bx + tx`` with 256 threads is one axis), quotients and remainders of digits are digits
where the cuts divide one another. All rules are exact identities of naturals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd
from typing import Any

from hpctc.syntax import tree
from hpctc.transpile.fold import INFINITE, Folder, Linear, Range, number, written


@dataclass(frozen=True, slots=True)
class Digit(tree.Node):
    """``axis % high / low``; high None: up to the top."""

    axis: str
    low: int = 1
    high: int | None = None


class Digits(Folder):
    """Integer forms whose terms are digits of axes with these extents (None: not known)."""

    def __init__(self, ranges: Mapping[str, Range], extents: Mapping[str, int | None]) -> None:
        super().__init__(dict(ranges))
        self.extents = dict(extents)

    def range(self, node: Any) -> Range:
        """The closed interval of an expression; digits have theirs from the axis."""
        if not isinstance(node, Digit):
            return super().range(node)
        extent = self.extents[node.axis]
        if node.high is not None and (extent is None or node.high < extent):
            return 0, node.high // node.low - 1
        return 0, INFINITE if extent is None else (extent - 1) // node.low

    def digit(self, axis: str, low: int = 1, high: int | None = None) -> Linear:
        """A digit as a form: zero where it lies above the axis, open where it reaches the top."""
        extent = self.extents[axis]
        if (extent is not None and low >= extent) or (high is not None and high <= low):
            return Linear({})
        if high is not None and extent is not None and high >= extent:
            high = None
        return Linear({Digit(axis, low, high): 1})  # type: ignore[dict-item]

    def merged(self, form: Linear, modulus: int | None = None) -> Linear:
        """The form with neighbouring digits of matching factors as one.

        Under a modulus a factor may change by multiples of it: ``(6 * bx + tx / 4) % 250`` with
        1024 threads is ``i / 4 % 250``, for 256 leaves 6.
        """
        while (pair := self._neighbours(form, modulus)) is not None:
            upper, lower = pair
            terms: dict[Any, int] = dict(form.terms)
            factor = terms.pop(lower)
            del terms[upper]
            joined = self.digit(upper.axis, lower.low, upper.high)
            form = Linear(terms, form.constant).plus(joined, factor)
        return form

    def _neighbours(self, form: Linear, modulus: int | None) -> tuple[Digit, Digit] | None:
        found: list[Digit] = [t for t in form.terms if isinstance(t, Digit)]  # type: ignore[misc]
        terms: Mapping[Any, int] = form.terms
        for upper in found:
            for lower in found:
                if upper.axis != lower.axis or lower.high != upper.low:
                    continue
                surplus = terms[upper] - terms[lower] * (upper.low // lower.low)
                if surplus == 0 or (modulus and terms[lower] > 0 and surplus % modulus == 0):
                    return upper, lower
        return None

    def quotient(self, form: Linear, by: int) -> Linear:
        """``form / by`` of a form that is not negative."""
        if by == 1:
            return form
        if self.range_of(form)[1] < by:
            return Linear({})
        whole, rest = _parted(form, by)
        least, most = self.range_of(rest)
        if least >= 0 and whole != Linear({}):
            above = Linear({t: f // by for t, f in whole.terms.items()}, whole.constant // by)
            return above if most < by else self.merged(above.plus(self.quotient(rest, by)))
        if (coarse := self._coarse(form, by)) is not None:
            step, upper, _ = coarse
            return self.quotient(upper, by // step)
        match only(form):
            case Digit(axis, low, high) if high is None or high % (low * by) == 0:
                return self.digit(axis, low * by, high)
            case tree.Binary("/", inner, tree.Number(text)) if text.isdigit():
                return Linear({tree.Binary("/", inner, number(int(text) * by)): 1})
            case _:
                pass
        return Linear({tree.Binary("/", written(form), number(by)): 1})

    def remainder(self, form: Linear, by: int) -> Linear:
        """``form % by`` of a form that is not negative."""
        _, rest = _parted(form, by)
        if self.range_of(rest)[0] >= 0:
            form = rest
        joined = self.merged(form, by)
        form = joined if self.range_of(joined)[0] >= 0 else self.merged(form)
        if self.range_of(form)[1] < by:
            return form
        if (coarse := self._coarse(form, by)) is not None:
            step, upper, lower = coarse
            return self.merged(Linear({}).plus(self.remainder(upper, by // step), step).plus(lower))
        match only(form):
            case Digit(axis, low, high) if high is None or high % (low * by) == 0:
                return self.digit(axis, low, low * by)
            case _:
                return Linear({tree.Binary("%", written(form), number(by)): 1})

    def _coarse(self, form: Linear, by: int) -> tuple[int, Linear, Linear] | None:
        """``step, upper, lower`` of ``form == step * upper + lower`` where lower < step divides by.

        Then ``form / by == upper / (by / step)``: what lies below the step cannot carry.
        """
        ordered = sorted(form.terms.items(), key=lambda item: -abs(item[1]))
        for count in range(len(ordered), 0, -1):
            step = gcd(by, *(f for _, f in ordered[:count]))
            if step == 1:
                continue
            upper = Linear({t: f // step for t, f in ordered[:count]}, form.constant // step)
            lower = Linear(dict(ordered[count:]), form.constant % step)
            low, high = self.range_of(lower)
            if low >= 0 and high < step and self.range_of(upper)[0] >= 0:
                return step, upper, lower
        return None


def only(form: Linear) -> Any:
    """The term that a form consists of, once and with nothing beside it; else None."""
    if form.constant == 0 and len(form.terms) == 1:
        ((term, factor),) = form.terms.items()
        return term if factor == 1 else None
    return None


def _parted(form: Linear, by: int) -> tuple[Linear, Linear]:
    """What a divisor goes into, and the rest."""
    whole = Linear({t: f for t, f in form.terms.items() if f % by == 0}, form.constant // by * by)
    return whole, form.plus(whole, -1)
