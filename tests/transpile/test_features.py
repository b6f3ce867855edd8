"""Every CUDA feature in a small kernel: the transpiled C is held against numpy.

The kernels and what numpy says of them are the emulator's; that one runs them as well, so each
feature has three witnesses. What is not supported must say so by its number.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hpctc.core.records import Launch
from hpctc.transpile import Diagnosed

EMULATED = Path(__file__).parents[1] / "emulate"

ABSTAINS = {
    "rounding": "HPC0019",
    "coalesced": "HPC0022",
    "scans": "HPC0022",
    "copy_async": "HPC0010",
    "lane_register": "HPC0010",
    "clocks": "HPC0023",
}


def _cases() -> ModuleType:
    spec = importlib.util.spec_from_file_location("emulated", EMULATED / "test_features.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CASES = _cases().CASES


def _triple(extent: Any) -> tuple[int, int, int]:
    x, y, z = [*([extent] if isinstance(extent, int) else extent), 1, 1][:3]
    return x, y, z


def _launches(case: Any) -> list[Launch]:
    return [
        Launch(
            kernel=kernel, grid=_triple(grid), block=_triple(block),
            shared_bytes=rest[0] if rest else 0, args=args,
        )
        for kernel, grid, block, args, *rest in case.launches
    ]  # fmt: skip


def _source(case: Any) -> str:
    return (EMULATED / "kernels" / f"{case.file}.cu").read_text()


@pytest.mark.parametrize("case", [c for c in CASES if c.file not in ABSTAINS], ids=lambda c: c.file)
def test_a_feature_means_what_numpy_says(case: Any, bench: Any) -> None:
    got = bench.run(_source(case), _launches(case), case.inputs, case.outputs)
    for (name, array), want in zip(got.items(), case.expected(case.inputs), strict=True):
        tolerance = max(case.tolerance, 1e-6)
        np.testing.assert_allclose(
            array, np.asarray(want).reshape(array.shape), tolerance, tolerance, err_msg=name
        )


@pytest.mark.parametrize("case", [c for c in CASES if c.file in ABSTAINS], ids=lambda c: c.file)
def test_what_is_not_supported_says_so_by_number(case: Any, bench: Any) -> None:
    with pytest.raises(Diagnosed) as caught:
        bench.code(_source(case), _launches(case), case.inputs, case.outputs)
    assert caught.value.code == ABSTAINS[case.file]
    assert caught.value.exit_code == 3
    assert "^" in caught.value.message


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.file)
def test_the_text_is_the_same_each_time(case: Any, bench: Any) -> None:
    def once() -> str:
        try:
            text: str = bench.code(_source(case), _launches(case), case.inputs, case.outputs)
        except Diagnosed as problem:
            return problem.message
        return text

    assert once() == once()
