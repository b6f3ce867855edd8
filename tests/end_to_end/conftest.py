"""A tiny suite whose pairs are written by hand: the road behind the compiler, without TVM."""

from pathlib import Path

import pytest

from hpctc.core.records import Category, Launch, Pair, Provenance, Task, Tensor
from hpctc.core.suite import Suite, write

SHAPE = (512, 1000)

SQUARES = """\
void squares(const float *restrict x, float *restrict y) {
#pragma omp parallel for
    for (int i = 0; i < 512 * 1000; i++) {
        y[i] = x[i] * x[i] + 1.0f;
    }
}
"""

ROWS = """\
#include <math.h>

static float row_sum(const float *row) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int j = 0; j < 1000; j++) {
        sum += row[j];
    }
    return sum;
}

void rows(const float *restrict x, float *restrict y) {
#pragma omp parallel for \\
    schedule(static)
    for (int i = 0; i < 512; i++) {
        y[i] = expf(row_sum(x + 1000 * i) * 0.001f);
    }
}
"""

PRODUCT = """\
void product(const float *restrict a, const float *restrict b, float *restrict c) {
#pragma omp parallel for
    for (int i = 0; i < 192; i++) {
        for (int j = 0; j < 160; j++) {
            c[160 * i + j] = 0.0f;
        }
        for (int k = 0; k < 128; k++) {
            for (int j = 0; j < 160; j++) {
                c[160 * i + j] += a[128 * i + k] * b[160 * k + j];
            }
        }
    }
}
"""

ARGMAX = """\
#include <stdint.h>

void winner(const float *restrict x, int32_t *restrict y) {
#pragma omp parallel for
    for (int i = 0; i < 512; i++) {
        int32_t best = 0;
        for (int32_t j = 1; j < 1000; j++) {
            if (x[1000 * i + j] > x[1000 * i + best]) best = j;
        }
        y[i] = best;
    }
}
"""


def f32(name: str, *shape: int) -> Tensor:
    return Tensor(name=name, shape=shape, dtype="float32", domain=(-1.0, 1.0))


def pair(
    name: str,
    category: Category,
    graph: str,
    code: str,
    tensors: tuple[tuple[Tensor, ...], tuple[Tensor, ...]],
) -> Pair:
    inputs, outputs = tensors
    names = tuple(t.name for t in (*inputs, *outputs))
    kernel = f"{name}_kernel"
    parameters = ", ".join(f"float *{n}" for n in names)
    return Pair.make(
        name=name,
        category=category,
        graph=graph,
        c_code=code,
        cuda_code=f"__global__ void {kernel}({parameters}) {{ /* by hand */ }}\n",
        entry=name,
        launches=(
            Launch(kernel=kernel, grid=(64, 1, 1), block=(256, 1, 1), shared_bytes=0, args=names),
        ),
        inputs=inputs,
        outputs=outputs,
        flops=1,
        bytes=1,
        provenance=Provenance(source="written by hand"),
    )


@pytest.fixture(scope="session")
def suite() -> Suite:
    matrix = f32("x", *SHAPE)
    pairs = [
        pair(
            "squares",
            "elementwise",
            "graph squares(x: f32[512, 1000]) {\n  y = x * x + 1.0\n  return y\n}\n",
            SQUARES,
            ((matrix,), (f32("y", *SHAPE),)),
        ),
        pair(
            "rows",
            "reduction",
            "graph rows(x: f32[512, 1000]) {\n  y = exp(sum(x, axes=[1]) * 0.001)\n  return y\n}\n",
            ROWS,
            ((matrix,), (f32("y", 512),)),
        ),
        pair(
            "product",
            "compute intensive",
            "graph product(a: f32[192, 128], b: f32[128, 160]) {\n  c = a @ b\n  return c\n}\n",
            PRODUCT,
            ((f32("a", 192, 128), f32("b", 128, 160)), (f32("c", 192, 160),)),
        ),
        pair(
            "winner",
            "logic intensive",
            "graph winner(x: f32[512, 1000]) {\n  y = argmax(x, axis=1)\n  return y\n}\n",
            ARGMAX,
            ((matrix,), (Tensor(name="y", shape=(512,), dtype="int32"),)),
        ),
    ]
    return Suite(
        name="tiny",
        description="Four pairs by hand.",
        profile="small",
        seeds=(1, 2),
        distributions=("uniform", "repeats"),
        threads=1,
        call_seconds=2.0,
        seconds=0.2,
        tasks=tuple(Task.make(of=p.id, suite="tiny", name=p.name, pair=p) for p in pairs),
    )


@pytest.fixture(scope="session")
def suite_folder(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("suites") / "tiny"
    write(suite, folder)
    return folder
