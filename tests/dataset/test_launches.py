from collections.abc import Callable
from dataclasses import replace

import pytest

from hpctc.core.records import Launch, Pair, Tensor
from hpctc.dataset.launches import kernels, problems

Make = Callable[..., Pair]

TWO = """
extern "C" __global__ void __launch_bounds__(32) second(const float* __restrict__ t0, float* y);
extern "C" __global__ void __launch_bounds__(32) first(
    float* __restrict__ t0, const float* __restrict__ x, int n) { t0[0] = x[n]; }
extern "C" __global__ void __launch_bounds__(32) second(
    const float* __restrict__ t0, float* __restrict__ y) { y[0] = t0[0]; }
"""
FIRST = Launch(
    kernel="first", grid=(1, 1, 1), block=(32, 1, 1), shared_bytes=0, args=("t0", "x", 3)
)
SECOND = Launch(kernel="second", grid=(1, 1, 1), block=(32, 1, 1), shared_bytes=0, args=("t0", "y"))


@pytest.fixture
def two(relu: Make) -> Pair:
    between = (Tensor(name="t0", shape=(1,), dtype="float32"),)
    return relu(cuda_code=TWO, launches=(FIRST, SECOND), intermediates=between)


def test_signatures_are_read() -> None:
    found = kernels(TWO)
    assert list(found) == ["first", "second"]
    assert found["first"].bound == 32
    assert [(p.name, p.type, p.pointer, p.const) for p in found["first"].parameters] == [
        ("t0", "float", True, False),
        ("x", "float", True, True),
        ("n", "int", False, False),
    ]


def test_a_complete_record_has_no_problem(two: Pair, relu: Make) -> None:
    assert problems(two) == []
    assert problems(relu()) == []


@pytest.mark.parametrize(
    ("launches", "message"),
    [
        ((), "never launched"),
        ((SECOND, FIRST), "reads t0 before it is written"),
        ((FIRST,), "kernel second is never launched"),
        ((FIRST, replace(SECOND, kernel="third")), "third is not in the source"),
        ((FIRST, replace(SECOND, args=("t0",))), "1 arguments for 2 parameters"),
        ((FIRST, replace(SECOND, args=("t0", "z"))), "no buffer of the pair"),
        ((FIRST, replace(SECOND, args=("t0", 1))), "cannot be given 1"),
        ((replace(FIRST, args=("t0", "x", "y")), SECOND), "cannot be given 'y'"),
        ((FIRST, replace(SECOND, block=(64, 1, 1))), r"__launch_bounds__\(32\)"),
        ((FIRST, replace(SECOND, block=(32, 64, 1))), "2048 threads a block"),
        ((FIRST, replace(SECOND, grid=(1, 70000, 1))), "outside"),
        ((FIRST, replace(SECOND, grid=(0, 1, 1))), "outside"),
        ((FIRST, replace(SECOND, shared_bytes=1 << 20)), "bytes of shared memory"),
        ((FIRST, replace(SECOND, args=("t0", "t0"))), "no launch writes y"),
    ],
)
def test_what_cannot_be_launched_is_told(
    two: Pair, launches: tuple[Launch, ...], message: str
) -> None:
    import re

    found = problems(replace(two, launches=launches))
    assert any(re.search(message, p) for p in found), found


def test_element_types_must_agree(relu: Make) -> None:
    other = relu(outputs=(Tensor(name="y", shape=(100,), dtype="int32"),))
    assert problems(other) == ["relu_kernel: parameter y is float *, but y is int32"]
