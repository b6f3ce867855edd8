"""Launches are inferred from the text alone; where they contradict the C, that is said."""

from typing import Any

import pytest

from hpctc.audit.kernels import NotInferred
from hpctc.audit.launches import Runnable, candidates
from hpctc.dataset.hpctranseval import Published
from tests.audit.conftest import I, c, cuda, element_wise, loop, row


def published(values: dict[str, Any]) -> Published:
    shapes = {k: tuple(map(tuple, values[k])) for k in ("input_shape", "output_shape")}
    return Published.make(group="IndependentOperator", index=0, **{**values, **shapes})


def first(values: dict[str, Any]) -> Runnable:
    return next(candidates(published(values)))


def shown(found: Runnable) -> list[tuple[Any, ...]]:
    return [(n.grid, n.block, *n.args) for n in found.launches]


def test_a_grid_covers_the_output() -> None:
    found = first(element_wise("A[#] + 1.0f", "A[#] + 1.0f", "plus"))
    assert shown(found) == [((3, 1, 1), (32, 1, 1), "A", "T")]
    assert found.contradictions == ()
    assert found.args == ("A", "T")


def test_a_guard_lets_the_last_block_stick_out() -> None:
    code = cuda("A T", f"if ({I} < 70) {{ T[{I}] = A[{I}]; }}")
    found = first(row(code, c("A T", loop(70, "T[i] = A[i];")), [[70]], [[7, 10]]))
    assert shown(found) == [((3, 1, 1), (32, 1, 1), "A", "T")]
    assert found.contradictions == ()
    assert found.outputs[0].shape == (7, 10)


def test_an_early_return_is_a_guard() -> None:
    code = cuda("A T", f"if ({I} >= 70) return;\n  T[{I}] = A[{I}];")
    found = first(row(code, c("A T", loop(70, "T[i] = A[i];")), [[70]], [[70]]))
    assert found.launches[0].grid == (3, 1, 1)
    assert found.contradictions == ()


def test_no_launch_bounds_is_one_thread() -> None:
    code = cuda("A T", "T[blockIdx.x] = A[blockIdx.x];", bound=None)
    found = first(row(code, c("A T", loop(5, "T[i] = A[i];")), [[5]], [[5]]))
    assert shown(found) == [((5, 1, 1), (1, 1, 1), "A", "T")]


def test_a_guard_for_another_size_is_a_contradiction() -> None:
    code = cuda("A T", f"if ({I} < 72) {{ T[{I}] = A[{I}]; }}")
    found = first(row(code, c("A T", loop(180, "T[i] = A[i];")), [[180]], [[180]]))
    assert "writes 72 of 180 elements of T" in found.contradictions[0]


def test_blocks_that_do_not_divide_the_output_are_a_contradiction() -> None:
    found = first(element_wise("A[#]", "A[#]", "odd", size=90))
    assert "writes the 90 elements of T" in found.contradictions[0]
    assert dict(found.touched) == {"A": 96, "T": 96}
    assert found.padded().outputs[0].shape == (96,)


def test_a_read_beyond_the_input_is_a_contradiction() -> None:
    found = first(element_wise("A[# * 2]", "A[# * 2]", "far"))
    assert "reads 191 elements of A, the record says 96" in found.contradictions[0]
    assert dict(found.touched) == {"A": 191}


def test_kernels_run_by_number_and_hand_buffers_on() -> None:
    code = cuda("T B", f"T[{I}] = B[{I}] * 2.0f;", number=1) + cuda(
        "A B", f"if ({I} < 64) {{ B[{I}] = A[{I}] + 1.0f; }}"
    )
    found = first(
        row(code, c("A T", loop(64, "T[i] = (A[i] + 1.0f) * 2.0f;")), [[64]], [[64]], "two")
    )
    between = found.intermediates[0].name
    assert shown(found) == [
        ((2, 1, 1), (32, 1, 1), "A", between),
        ((2, 1, 1), (32, 1, 1), "T", between),
    ]
    assert found.intermediates[0].shape == (64,)


def test_a_kernel_that_updates_in_place_keeps_the_buffer() -> None:
    code = cuda("A T", f"T[{I}] = A[{I}];") + cuda("T", f"T[{I}] = T[{I}] * 3.0f;", number=1)
    found = first(row(code, c("A T", loop(64, "T[i] = A[i] * 3.0f;")), [[64]], [[64]]))
    assert shown(found) == [((2, 1, 1), (32, 1, 1), "A", "T"), ((2, 1, 1), (32, 1, 1), "T")]
    assert found.intermediates == ()


def test_a_grid_of_two_dimensions() -> None:
    index = "((blockIdx.y * 96) + (blockIdx.x * 32)) + threadIdx.x"
    code = cuda("A T", f"T[{index}] = A[{index}];")
    found = first(row(code, c("A T", loop(480, "T[i] = A[i];")), [[480]], [[5, 96]]))
    assert found.launches[0].grid == (3, 5, 1)
    assert found.contradictions == ()


def test_a_block_of_two_dimensions_fills_its_shared_array() -> None:
    body = (
        "__shared__ float s[32];\n"
        "  s[(threadIdx.y * 4) + threadIdx.x] = A[(threadIdx.y * 4) + threadIdx.x];\n"
        "  __syncthreads();\n"
        "  T[(threadIdx.x * 8) + threadIdx.y] = s[(threadIdx.y * 4) + threadIdx.x];"
    )
    inner = "for (int32_t j = 0; j < 4; ++j) { T[j * 8 + i] = A[i * 4 + j]; }"
    wanted = loop(8, inner)
    found = first(row(cuda("A T", body), c("A T", wanted), [[8, 4]], [[4, 8]]))
    assert shown(found) == [((1, 1, 1), (4, 8, 1), "A", "T")]


def test_two_inputs_of_one_name_are_told_apart_by_what_is_read() -> None:
    code = (
        cuda("B ph", f"B[{I}] = ph[{I}];")
        + cuda("D ph", f"if ({I} < 320) {{ D[{I}] = ph[{I} * 2]; }}", number=1)
        + cuda("B D T", f"T[{I}] = B[{I} % 64] + D[{I}];", number=2)
    )
    wanted = c("T ph ph_1", loop(320, "T[i] = ph[i % 64] + ph_1[i * 2];"))
    found = first(row(code, wanted, [[64], [640]], [[320]]))
    assert [n.args[1] for n in found.launches[:2]] == ["ph", "ph_1"]


def test_a_scalar_parameter_cannot_be_known() -> None:
    code = 'extern "C" __global__ void default_function_kernel(float* T, int n) { T[n] = 1.0f; }'
    with pytest.raises(NotInferred, match="parameter n"):
        first(row(code, c("T", "T[0] = 1.0f;"), [], [[1]]))


def test_an_output_that_no_kernel_writes_is_no_launch() -> None:
    code = cuda("A X", f"X[{I}] = A[{I}];")
    wanted = c("A T X", loop(32, "T[i] = A[i]; X[i] = A[i];"))
    with pytest.raises(NotInferred, match="match no buffers"):
        first(row(code, wanted, [[32]], [[32], [32]]))


def test_vector_accesses_count_by_all_their_elements() -> None:
    four = f"((({I}) * 4))"
    code = cuda("A T", f"*(float4*)(T + {four}) = *(float4*)(A + {four});")
    found = first(row(code, c("A T", loop(256, "T[i] = A[i];")), [[256]], [[256]]))
    assert shown(found) == [((2, 1, 1), (32, 1, 1), "A", "T")]
    assert found.contradictions == ()


def test_what_is_gathered_is_needed_as_far_as_a_guard_lets_it_be_written() -> None:
    def gathered(guard: str) -> dict[str, Any]:
        first_kernel = f"{guard} {{ B[{I}] = A[{I}] * 2.0f; }}"
        second = f"T[{I}] = B[(int)idx[{I}]];"
        code = cuda("A B", first_kernel) + cuda("B T idx", second, number=1)
        wanted = c("A T idx", loop(64, "T[i] = A[(int)idx[i]] * 2.0f;"))
        return row(code, wanted, [[90], [64]], [[64]])

    found = first(gathered(f"if ({I} < 90)"))
    assert [n.grid for n in found.launches] == [(3, 1, 1), (2, 1, 1)]
    assert found.intermediates[0].shape == (90,)
    with pytest.raises(NotInferred, match="no guard says how much"):
        first(gathered(""))
