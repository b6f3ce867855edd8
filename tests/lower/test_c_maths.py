"""The carried maths keeps the error that its comment states, and gcc turns it into SIMD."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

from hpctc.lower.c import maths
from hpctc.lower.c.unit import TRAPS, pragmas
from hpctc.native.call import function
from hpctc.native.compiler import Gcc, find
from tests.lower.c_cases import in_child

COUNT = 1 << 19

Array = Any

EXACT: dict[str, tuple[Callable[..., Array], float, float]] = {
    "exp": (np.exp, -110, 95),
    "exp2": (np.exp2, -155, 130),
    "log": (np.log, 0, 100),
    "log2": (np.log2, 0, 100),
    "log10": (np.log10, 0, 100),
    "log1p": (np.log1p, -1, 60),
    "tanh": (np.tanh, -12, 12),
    "sigmoid": (special.expit, -110, 110),
    "erf": (special.erf, -5, 5),
    "sin": (np.sin, -1e6, 1e6),
    "cos": (np.cos, -1e6, 1e6),
    "tan": (np.tan, -1e6, 1e6),
    "atan": (np.arctan, -100, 100),
    "asin": (np.arcsin, -1, 1),
    "acos": (np.arccos, -1, 1),
    "sinh": (np.sinh, -95, 95),
    "cosh": (np.cosh, -95, 95),
    "asinh": (np.arcsinh, -100, 100),
    "acosh": (np.arccosh, 1, 100),
    "atanh": (np.arctanh, -1, 1),
    "pow": (np.power, 0, 10),
}
"""Helper -> its meaning in float64 and the interval of which most is asked."""

PERIODIC = {"sin", "cos", "tan"}
"""What is only promised up to 1e6."""

LIMITS = [0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 1e-45, -1e-45, 1e-38, 3e38, -3e38, 0.5, 2, -2]


def source() -> str:
    """One loop a helper, as a unit has them."""
    stated = {(name, "float32") for name, helper in maths.HELPERS.items() if helper.ulp}
    loops = [
        f"void sweep_{name}(const float *restrict x, const float *restrict z, float *restrict y) {{"
        "\n  (void)z;\n  #pragma omp simd\n"
        f"  for (int i = 0; i < {COUNT}; ++i) {{\n"
        f"    y[i] = {name}_f32(x[i]{', z[i]' if name == 'pow' else ''});\n  }}\n}}"
        for name, _ in sorted(stated)
    ]
    head = ["#include <math.h>", "#include <stdint.h>", *pragmas([TRAPS])]
    return "\n".join([*head, *maths.definitions(stated).values(), *loops])


@pytest.fixture(scope="module", params=["-O3 -march=native -fopenmp", "-O2 -fopenmp"])
def library(request: pytest.FixtureRequest, build_folder: Path) -> Path:
    """With fused multiply-adds in SIMD, and without both."""
    done = Gcc(flags=f"{request.param} -Wall -Wextra -Werror").build(source(), build_folder)
    assert done.library is not None, done.log
    return done.library


def computed(library: Path, name: str, x: Array, z: Array) -> Array:
    """What a helper makes of arrays of any length."""
    wide = [np.resize(a, COUNT).astype(np.float32) for a in (x, z)]
    result = np.empty(COUNT, np.float32)
    function(library, f"sweep_{name}", 3)(*(a.ctypes.data for a in (*wide, result)))
    return result[: x.size]


def ulps(got: Array, exact: Array) -> Array:
    """Distances in units of the last place of the right result; infinite if NaN is misplaced."""
    with np.errstate(all="ignore"):
        right = exact.astype(np.float32)
        unit = np.spacing(np.maximum(np.abs(right), np.float32(2.0**-126))).astype(np.float64)
        off = np.where(np.isinf(right), np.inf, np.abs(got.astype(np.float64) - exact) / unit)
    same = (got == right) | (np.isnan(got) & np.isnan(right))
    return np.where(same, np.where(np.isfinite(off), off, 0), np.where(np.isnan(off), np.inf, off))


def drawn(name: str) -> list[tuple[Array, Array]]:
    """Dense draws: the interval, all floats, near one, small; and for pow, exponents."""
    generator = np.random.default_rng(0)
    _, low, high = EXACT[name]
    bits = generator.integers(0, 1 << 32, COUNT, np.uint64).astype(np.uint32).view(np.float32)
    if name in PERIODIC:
        bits = bits[np.abs(bits) <= 1e6]
    xs = [
        generator.uniform(low, high, COUNT),
        bits,
        1 + generator.uniform(-0.01, 0.01, COUNT),
        generator.choice([-1.0, 1.0], COUNT) * 2.0 ** generator.uniform(-30, 3, COUNT),
    ]
    z = generator.uniform(-5, 5, COUNT)
    return [(x.astype(np.float32), np.resize(z, x.size).astype(np.float32)) for x in xs]


@pytest.mark.parametrize("name", EXACT)
def test_the_stated_error_holds(name: str, library: Path) -> None:
    helper = maths.HELPERS[name]
    assert helper.ulp is not None
    exact = EXACT[name][0]
    for x, z in drawn(name):
        got = in_child(lambda pipe, x=x, z=z: pipe.send(computed(library, name, x, z)))
        with np.errstate(all="ignore"):
            wide = x.astype(np.float64)
            want = exact(wide, z.astype(np.float64)) if name == "pow" else exact(wide)
        off = ulps(got, want)
        worst = int(off.argmax())
        assert off[worst] <= helper.ulp, (name, x[worst], z[worst], got[worst], off[worst])


@pytest.mark.parametrize("name", EXACT)
def test_limits_are_those_of_the_library(name: str, library: Path) -> None:
    x = np.array(LIMITS, np.float32)
    z = x
    if name == "pow":
        x, z = (a.ravel() for a in np.meshgrid(x, np.array([*LIMITS, 3, -3, 2**25], np.float32)))
    if name in PERIODIC:
        x = z = x[~(np.abs(x) > 1e6) | np.isinf(x)]
    got = in_child(lambda pipe: pipe.send(computed(library, name, x, z)))
    with np.errstate(all="ignore"):
        wide = x.astype(np.float64)
        exact = EXACT[name][0]
        want = exact(wide, z.astype(np.float64)) if name == "pow" else exact(wide)
    off = ulps(got, want) > (maths.HELPERS[name].ulp or 0)
    assert not off.any(), (x[off], z[off], got[off], want[off])
    zero = (got == 0) & (want == 0)
    assert (np.signbit(got) == np.signbit(want))[zero].all(), "the sign of a zero"


def test_every_helper_becomes_simd(tmp_path: Path) -> None:
    file = tmp_path / "sweep.c"
    text = source()
    file.write_text(text)
    flags = ["-O3", "-march=native", "-fopenmp", "-fopt-info-vec-optimized"]
    command = [find("gcc"), *flags, "-c", str(file), "-o", str(tmp_path / "sweep.o")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    lines = text.splitlines()
    vectorised = {
        int(line.split(":")[1]) for line in done.stderr.splitlines() if "loop vec" in line
    }
    loops = [n + 1 for n, line in enumerate(lines) if line.startswith("  for (int i")]
    scalar = [lines[n] for n in loops if not {n, n + 1} & vectorised]
    assert len(loops) == len(EXACT)
    assert not scalar


def test_a_unit_carries_only_what_it_uses() -> None:
    names = [name for name, _ in maths.definitions({("sigmoid", "float32")})]
    assert names == ["power_of_two", "exp", "sigmoid"]
