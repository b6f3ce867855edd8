"""Bounds that are decided, shortened or turned into extents."""

from hpctc.transpile.contract.forms import Doubt, Form, Space
from hpctc.transpile.contract.values import Bound


def single(bound: Bound) -> bool:
    """Whether a bound is about one digit."""
    form = bound.form
    return len(form.terms) == 1 and form.terms[0][1] == 1 and isinstance(form.terms[0][0], str)


def limit(space: Space, bound: Bound) -> None:
    """A bound on one digit becomes the digit's extent."""
    digit = bound.form.terms[0][0]
    assert isinstance(digit, str)
    if bound.high is not None:
        extent = bound.high - bound.form.constant + 1
        if extent < 1:
            raise Doubt
        space.extents[digit] = min(space.extents[digit], extent)


def always(space: Space, bound: Bound) -> bool:
    """Whether a bound holds for all values of its digits."""
    low, high = space.range(bound.form)
    return (bound.low is None or low >= bound.low) and (bound.high is None or high <= bound.high)


def narrow(space: Space, bound: Bound) -> Bound:
    """``4 h + l <= 783`` with l < 4 is ``h <= 195``; ``4 h + l >= 4`` is ``h >= 1``."""
    if (bound.low is None) == (bound.high is None):
        return bound
    form = bound.form
    terms = sorted(form.terms, key=lambda item: item[1])
    for count in range(len(terms)):
        step = terms[count][1]
        if step <= 1 or any(c % step for _, c in terms[count:]):
            continue
        rest = Form.of(dict(terms[:count]))
        low, high = space.range(rest)
        if low < 0 or high >= step:
            continue
        whole = Form.of({a: c // step for a, c in terms[count:]})
        if bound.high is not None:
            top = bound.high - form.constant
            if (top + 1) % step == 0 or not rest.terms:
                return narrow(space, Bound(whole, None, top // step))
        if bound.low is not None:
            first = bound.low - form.constant
            if first % step == 0 or not rest.terms:
                return narrow(space, Bound(whole, -(-first // step), None))
    return bound
