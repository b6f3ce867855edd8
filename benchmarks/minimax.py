"""Where the coefficients of ``templates/c/math`` come from: best approximations by Remez' exchange.

Each fit asks for the polynomial P(t), or the quotient P(t) / Q(t), of given degrees that minimises
the largest weighted error ``|w(t) (f(t) - P(t) / Q(t))|`` over an interval (E. Ya. Remez, 1934;
for quotients W. Fraser and J. F. Hart, 1962). Run it to see all coefficients,
rounded to the element type in which the C evaluates them, and the error that is left before any
rounding:

    python benchmarks/minimax.py
"""

from collections.abc import Callable
from dataclasses import dataclass

import click
import mpmath as mp
import numpy as np

mp.mp.dps = 50

Real = Callable[[mp.mpf], mp.mpf]

Quotient = tuple[list[mp.mpf], list[mp.mpf]]
"""Coefficients of numerator and denominator, constants first."""


@dataclass(frozen=True)
class Fit:
    """One approximation: of what, where, how its error counts."""

    name: str
    function: Real
    weight: Real
    low: float
    high: float
    degree: int
    kind: type = np.float32
    below: int = 0
    """Degree of the denominator; 0: a polynomial."""


def remez(fit: Fit, rounds: int = 12) -> tuple[list[mp.mpf], list[mp.mpf], mp.mpf]:
    """The coefficients of P and of Q, constants first, and the largest weighted error."""
    count = fit.degree + fit.below + 2
    low, high = mp.mpf(fit.low), mp.mpf(fit.high)
    points = [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * count))
        for k in range(count)
    ]
    above: list[mp.mpf] = []
    below = [mp.mpf(1)] + [mp.mpf(0)] * fit.below
    for _ in range(rounds):
        for _ in range(4 if fit.below else 1):  # the error times Q: Q of the round before
            above, below = levelled(fit, points, below)
        points = extrema(fit, (above, below), count)
    return above, below, max(abs(error(fit, (above, below), t)) for t in points)


def levelled(
    fit: Fit, points: list[mp.mpf], guess: list[mp.mpf]
) -> tuple[list[mp.mpf], list[mp.mpf]]:
    """P and Q whose error has one size and alternating signs at ``points``, if Q is ``guess``."""
    count, last = len(points), fit.degree + 1
    rows, right = mp.matrix(count, count), mp.matrix(count, 1)
    for i, t in enumerate(points):
        right[i] = fit.function(t)
        for j in range(last):
            rows[i, j] = t**j
        for j in range(1, fit.below + 1):
            rows[i, fit.degree + j] = -right[i] * t**j
        rows[i, count - 1] = (-1) ** i * mp.polyval(guess[::-1], t) / fit.weight(t)
    solution = list(mp.lu_solve(rows, right))
    return solution[:last], [mp.mpf(1), *solution[last : last + fit.below]]


def error(fit: Fit, quotient: Quotient, t: mp.mpf) -> mp.mpf:
    """The weighted error at one point."""
    above, below = (mp.polyval(c[::-1], t) for c in quotient)
    return fit.weight(t) * (fit.function(t) - above / below)


def extrema(fit: Fit, quotient: Quotient, count: int, samples: int = 1500) -> list[mp.mpf]:
    """The ``count`` alternating extrema of the error, found on a Chebyshev-spaced grid."""
    low, high = mp.mpf(fit.low), mp.mpf(fit.high)
    grid = [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / samples)
        for k in range(samples + 1)
    ]
    values = [error(fit, quotient, t) for t in grid]
    runs: list[tuple[mp.mpf, mp.mpf]] = []
    for t, value in zip(grid, values, strict=True):
        if runs and (value > 0) == (runs[-1][1] > 0):
            if abs(value) > abs(runs[-1][1]):
                runs[-1] = (t, value)
        else:
            runs.append((t, value))
    while len(runs) > count:
        runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
    return [t for t, _ in runs]


def one(t: mp.mpf) -> mp.mpf:
    """No weight."""
    return mp.mpf(1)


def near(t: mp.mpf) -> mp.mpf:
    """``t`` kept from zero, where quotients have a limit but no value."""
    return t if abs(t) > mp.mpf(10) ** -15 else mp.mpf(10) ** -15


def odd(function: Real) -> Real:
    """``(f(x) - x) / x^3`` as a function of ``z = x^2``."""
    return lambda z: (function(mp.sqrt(near(z))) - mp.sqrt(near(z))) / mp.sqrt(near(z)) ** 3


def per_x(function: Real) -> Real:
    """``f(x) / x`` as a function of ``z = x^2``."""
    return lambda z: function(mp.sqrt(near(z))) / mp.sqrt(near(z))


def relative(function: Real) -> Real:
    """The weight that makes the error of ``x + x^3 P(x^2)`` relative to ``f(x)``."""
    return lambda z: near(z) * mp.sqrt(near(z)) / function(mp.sqrt(near(z)))


LN2 = float(mp.log(2))
HALF = LN2 / 2 * 1.01
ROOT = float(mp.sqrt(2))
QUARTER = float(mp.pi / 4) * 1.001

FITS = (
    # e^r = 1 + r + r^2 P(r)
    Fit("exp", lambda r: (mp.exp(near(r)) - 1 - near(r)) / near(r) ** 2,
        lambda r: near(r) ** 2 / mp.exp(r), -HALF, HALF, 4),
    # 2^r = P(r), in double
    Fit("exp2", lambda r: mp.mpf(2) ** r, lambda r: mp.mpf(2) ** -r, -0.501, 0.501, 7, np.float64),
    # log(1 + f) = f - f^2 / 2 + f^3 P(f)
    Fit("log", lambda f: (mp.log1p(near(f)) - near(f) + near(f) ** 2 / 2) / near(f) ** 3,
        lambda f: near(f) ** 3 / mp.log1p(near(f)), 1 / ROOT - 1, ROOT - 1, 8),
    # log2(m) = s P(s^2), s = (m - 1) / (m + 1), in double
    Fit("log2", lambda z: 2 * mp.atanh(mp.sqrt(near(z))) / mp.sqrt(near(z)) / mp.log(2), one,
        0, ((ROOT - 1) / (ROOT + 1)) ** 2, 6, np.float64),
    # f(x) = x + x^3 P(x^2)
    Fit("sinh", odd(mp.sinh), relative(mp.sinh), 0, 1, 3),
    Fit("atan", odd(mp.atan), relative(mp.atan), 0, 1, 8),
    Fit("asin", odd(mp.asin), relative(mp.asin), 0, 0.25, 4),
    # f(x) = x P(x^2) / Q(x^2) up to where the nearest float is 1
    Fit("tanh", per_x(mp.tanh), lambda z: 1 / per_x(mp.tanh)(z), 0, 9.02**2, 4, below=4),
    Fit("erf", per_x(mp.erf), lambda z: 1 / per_x(mp.erf)(z), 0, 3.93**2, 5, below=5),
    # sin and cos in double, r within a quarter turn
    Fit("sin", odd(mp.sin), relative(mp.sin), 0, QUARTER**2, 4, np.float64),
    Fit("cos", lambda z: (mp.cos(mp.sqrt(near(z))) - 1 + near(z) / 2) / near(z) ** 2,
        lambda z: near(z) ** 2, 0, QUARTER**2, 4, np.float64),
)  # fmt: skip


@click.command(help=__doc__)
def main() -> None:
    """Print every fit."""
    for fit in FITS:
        above, below, left = remez(fit)
        click.echo(f"{fit.name}: degree {fit.degree}, error {mp.nstr(left, 3)}")
        echo(fit, above)
        if fit.below:
            click.echo("  over")
            echo(fit, below)


def echo(fit: Fit, coefficients: list[mp.mpf]) -> None:
    """Print coefficients, constant first, in the element type of the C."""
    for c in coefficients:
        click.echo(f"  {np.format_float_scientific(fit.kind(float(c)), unique=True)}")


if __name__ == "__main__":
    main()
