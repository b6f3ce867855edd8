"""Contractions become register tiles where that is surely right, and only there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch, Tensor
from hpctc.emulate import emulate
from hpctc.emulate.run import Buffers
from tests.transpile.contractions import ALMOST, RACES, TILES, Array, Case


def launch(case: Case) -> Launch:
    args = (*case.inputs, "out")
    return Launch(kernel="k", grid=case.grid, block=case.block, shared_bytes=case.shared, args=args)


def arrays(case: Case) -> tuple[dict[str, Array], dict[str, Array]]:
    rng = np.random.default_rng(7)
    given = {n: rng.uniform(-1, 1, s).astype(np.float32) for n, s in case.inputs.items()}
    return given, {"out": np.zeros(case.output, np.float32)}


def is_tiled(text: str) -> bool:
    return "sums in registers" in text


@pytest.mark.parametrize("name", TILES)
def test_a_contraction_becomes_tiles_and_means_what_numpy_says(
    name: str, bench: Any, golden: Callable[[str, str], None]
) -> None:
    case = TILES[name]
    given, out = arrays(case)
    text = bench.code(case.source, [launch(case)], given, out)
    assert is_tiled(text), text
    golden(f"{name}.c", text)
    got = bench.run(case.source, [launch(case)], given, out)["out"]
    assert case.meaning is not None
    want = case.meaning(*(a.astype(np.float64) for a in given.values()))
    np.testing.assert_allclose(got, want, 1e-4, 1e-5)


@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_contraction_keeps_its_meaning(name: str, bench: Any) -> None:
    case = ALMOST[name]
    given, out = arrays(case)
    got = bench.run(case.source, [launch(case)], given, out)["out"]
    tensors = tuple(
        Tensor(name=n, shape=a.shape, dtype="float32") for n, a in (given | out).items()
    )
    buffers = Buffers(inputs=tensors[:-1], outputs=tensors[-1:])
    oracle = emulate(case.source, [launch(case)], buffers, given | out)
    assert not oracle.findings, [str(f) for f in oracle.findings]
    np.testing.assert_allclose(got, oracle.outputs["out"], 1e-5, 1e-6)


@pytest.mark.parametrize("name", RACES)
def test_races_and_unset_values_are_left_as_they_are(name: str, bench: Any) -> None:
    case = RACES[name]
    given, out = arrays(case)
    assert not is_tiled(bench.code(case.source, [launch(case)], given, out))


def test_every_kernel_here_is_named_once() -> None:
    names = [*TILES, *ALMOST, *RACES]
    assert len(names) == len(set(names))
