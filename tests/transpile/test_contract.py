"""Contractions become register tiles where that is surely right, and only there."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpctc.core.records import Launch, Tensor
from hpctc.emulate import emulate
from hpctc.emulate.run import Buffers
from hpctc.transpile.contract.forms import Form, Part, Space
from tests.transpile.contractions import ALMOST, RACES, TILES, Array, Case


def launch(case: Case) -> Launch:
    args = (*case.inputs, "out")
    return Launch(kernel="k", grid=case.grid, block=case.block, shared_bytes=0, args=args)


def arrays(case: Case) -> tuple[dict[str, Array], dict[str, Array]]:
    rng = np.random.default_rng(7)
    taken, made = (np.dtype(name) for name in case.dtypes)
    scale = 1 if taken.kind == "f" else 100
    given = {n: (scale * rng.uniform(-1, 1, s)).astype(taken) for n, s in case.inputs.items()}
    return given, {"out": np.zeros(case.output, made)}


def is_tiled(text: str) -> bool:
    return "x16 " in text and "vector_size(64)" in text


@pytest.mark.parametrize("name", TILES)
def test_a_contraction_becomes_tiles_and_means_what_numpy_says(
    name: str, bench: Any, golden: Callable[[str, str], None]
) -> None:
    case = TILES[name]
    inputs, out = arrays(case)
    text = bench.code(case.source, [launch(case)], inputs, out)
    assert is_tiled(text), text
    golden(f"{name}.c", text)
    got = bench.run(case.source, [launch(case)], inputs, out)["out"]
    assert case.meaning is not None
    want = case.meaning(*(a.astype(np.float64) for a in inputs.values()))
    near = 1e-2 if got.dtype == np.float16 else 1e-5
    np.testing.assert_allclose(got.astype(np.float64), want, 10 * near, near)


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_contraction_keeps_its_meaning(name: str, bench: Any) -> None:
    case = ALMOST[name]
    inputs, out = arrays(case)
    got = bench.run(case.source, [launch(case)], inputs, out)["out"]
    tensors = tuple(
        Tensor(name=n, shape=a.shape, dtype="float32") for n, a in (inputs | out).items()
    )
    buffers = Buffers(inputs=tensors[:-1], outputs=tensors[-1:])
    oracle = emulate(case.source, [launch(case)], buffers, inputs | out)
    assert not oracle.findings, [str(f) for f in oracle.findings]
    np.testing.assert_allclose(got, oracle.outputs["out"], 1e-5, 1e-6)


@pytest.mark.parametrize("name", RACES)
def test_races_and_unset_values_are_left_as_they_are(name: str, bench: Any) -> None:
    case = RACES[name]
    inputs, out = arrays(case)
    assert not is_tiled(bench.code(case.source, [launch(case)], inputs, out))


DIGITS = {"a": 12, "b": 8, "c": 7, "d": 2}


@settings(max_examples=60, deadline=None)
@given(
    factors=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    constant=st.integers(0, 60),
    divisors=st.lists(st.integers(1, 24), min_size=1, max_size=3),
)
def test_quotients_are_right_for_every_value_of_the_digits(
    factors: list[int], constant: int, divisors: list[int]
) -> None:
    space = Space()
    digits = [space.digit(name, extent) for name, extent in DIGITS.items()]
    form = Form((), constant)
    for digit, factor in zip(digits, factors, strict=True):
        form += digit * factor
    results = [(by, *space.divided(form, by)) for by in divisors]
    again = [parted(space, form, low, by) for low in divisors for by in divisors]
    for values in itertools.product(*(range(0, extent, 1) for extent in DIGITS.values())):
        at = dict(zip(DIGITS, values, strict=True))
        whole = valued(space, form, at)
        assert whole == sum(f * v for f, v in zip(factors, values, strict=True)) + constant
        for by, quotient, rest in results:
            assert (valued(space, quotient, at), valued(space, rest, at)) == divmod(whole, by)
        for by, low, high, lower, both in again:
            assert valued(space, high, at) == whole // low // by
            assert valued(space, lower, at) == whole % (low * by) % low
            assert valued(space, both, at) == whole // by


def parted(space: Space, form: Form, low: int, by: int) -> tuple[int, int, Form, Form, Form]:
    """``form / low / by``, ``form % (low by) % low``, and ``form / by`` put together again."""
    high = space.divided(space.divided(form, low)[0], by)[0]
    quotient, rest = space.divided(form, low * by)
    both = quotient * low + space.divided(rest, by)[0]
    return by, low, high, space.divided(rest, low)[1], space.norm(both)


def valued(space: Space, form: Form, at: dict[str, int]) -> int:
    """A form's value; the parts of a digit that was split are found from the digit."""
    total = form.constant
    for atom, factor in form.terms:
        if isinstance(atom, Part):
            inner = valued(space, atom.form, at)
            value = inner // atom.by if atom.kind == "/" else inner % atom.by
        else:
            value = at[atom] if atom in at else part_of(space, atom, at)
        total += factor * value
    return total


def part_of(space: Space, name: str, at: dict[str, int]) -> int:
    for whole, split in space.splits.items():
        by = dict(split.terms)
        if name in by:
            value = at[whole] if whole in at else part_of(space, whole, at)
            lower = [factor for factor in by.values() if factor > by[name]]
            return value // by[name] % (min(lower) // by[name]) if lower else value // by[name]
    raise AssertionError(name)


def test_every_kernel_here_is_named_once() -> None:
    names = [*TILES, *ALMOST, *RACES]
    assert len(names) == len(set(names))
