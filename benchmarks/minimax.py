"""Where the coefficients of ``templates/c/math`` come from: best polynomials by Remez' exchange.

Each fit asks for the polynomial P(t) of a degree that minimises the largest weighted error
``|w(t) (f(t) - P(t))|`` over an interval (E. Ya. Remez, 1934). Run it to see all coefficients,
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


@dataclass(frozen=True)
class Fit:
    """One polynomial: what it approximates, where, how its error counts."""

    name: str
    function: Real
    weight: Real
    low: float
    high: float
    degree: int
    kind: type = np.float32


def remez(fit: Fit, rounds: int = 12) -> tuple[list[mp.mpf], mp.mpf]:
    """The coefficients, constant first, and the largest weighted error."""
    count = fit.degree + 2
    low, high = mp.mpf(fit.low), mp.mpf(fit.high)
    points = [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (2 * k + 1) / (2 * count))
        for k in range(count)
    ]
    coefficients: list[mp.mpf] = []
    for _ in range(rounds):
        rows, right = mp.matrix(count, count), mp.matrix(count, 1)
        for i, t in enumerate(points):
            for j in range(fit.degree + 1):
                rows[i, j] = t**j
            rows[i, fit.degree + 1] = (-1) ** i / fit.weight(t)
            right[i] = fit.function(t)
        solution = mp.lu_solve(rows, right)
        coefficients = [solution[j] for j in range(fit.degree + 1)]
        points = extrema(fit, coefficients, count)
    return coefficients, max(abs(error(fit, coefficients, t)) for t in points)


def error(fit: Fit, coefficients: list[mp.mpf], t: mp.mpf) -> mp.mpf:
    """The weighted error at one point."""
    return fit.weight(t) * (fit.function(t) - mp.polyval(coefficients[::-1], t))


def extrema(fit: Fit, coefficients: list[mp.mpf], count: int, samples: int = 1500) -> list[mp.mpf]:
    """The ``count`` alternating extrema of the error, found on a Chebyshev-spaced grid."""
    low, high = mp.mpf(fit.low), mp.mpf(fit.high)
    grid = [
        (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / samples)
        for k in range(samples + 1)
    ]
    values = [error(fit, coefficients, t) for t in grid]
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
    Fit("tanh", odd(mp.tanh), relative(mp.tanh), 0, 0.625**2, 4),
    Fit("sinh", odd(mp.sinh), relative(mp.sinh), 0, 1, 3),
    Fit("atan", odd(mp.atan), relative(mp.atan), 0, 1, 8),
    Fit("asin", odd(mp.asin), relative(mp.asin), 0, 0.25, 4),
    # erf(x) = x P(x^2), |x| <= 1
    Fit("erf", lambda z: mp.erf(mp.sqrt(near(z))) / mp.sqrt(near(z)), one, 0, 1, 6),
    # erfc(x) = exp(-x^2 + P(x)) would cancel; its logarithm itself is smooth: log erfc(x) = P(x)
    Fit("log erfc", lambda x: mp.log(mp.erfc(x)), lambda x: mp.erfc(x), 1, 4, 8),
    # sin and cos in double, r within a quarter turn
    Fit("sin", odd(mp.sin), relative(mp.sin), 0, QUARTER**2, 4, np.float64),
    Fit("cos", lambda z: (mp.cos(mp.sqrt(near(z))) - 1 + near(z) / 2) / near(z) ** 2,
        lambda z: near(z) ** 2, 0, QUARTER**2, 4, np.float64),
)  # fmt: skip


@click.command(help=__doc__)
def main() -> None:
    """Print every fit."""
    for fit in FITS:
        coefficients, left = remez(fit)
        click.echo(f"{fit.name}: degree {fit.degree}, error {mp.nstr(left, 3)}")
        for c in coefficients:
            click.echo(f"  {np.format_float_scientific(fit.kind(float(c)), unique=True)}")


if __name__ == "__main__":
    main()
