"""``hpctc eval --model rules`` needs no weights, GPU or network, and abstains with a number."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Answer, Launch, Pair, Score, Task
from hpctc.core.suite import Suite, write

SQUARES = """\
extern "C" __global__ void squares_kernel(float* y, const float* x) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < 512 * 1000) y[i] = x[i] * x[i] + 1.0f;
}
"""

ROWS = """\
extern "C" __global__ void rows_kernel(float* y, const float* x) {
  __shared__ float parts[128];
  float sum = 0.0f;
  for (int j = threadIdx.x; j < 1000; j += 128) sum += x[blockIdx.x * 1000 + j];
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int s = 64; s > 0; s >>= 1) {
    if (threadIdx.x < s) parts[threadIdx.x] += parts[threadIdx.x + s];
    __syncthreads();
  }
  if (threadIdx.x == 0) y[blockIdx.x] = expf(parts[0] * 0.001f);
}
"""

PRODUCT = """\
#include <cooperative_groups.h>
extern "C" __global__ void product_kernel(float* c, const float* a, const float* b) {
  cooperative_groups::this_grid().sync();
}
"""

KERNELS = {"squares": (SQUARES, 2000, 256), "rows": (ROWS, 512, 128), "product": (PRODUCT, 1, 1)}


def with_cuda(pair: Pair) -> Pair:
    code, grid, block = KERNELS[pair.name]
    launch = Launch(
        kernel=f"{pair.name}_kernel",
        grid=(grid, 1, 1),
        block=(block, 1, 1),
        shared_bytes=0,
        args=tuple(t.name for t in (*pair.outputs, *pair.inputs)),
    )
    return pair.remade(cuda_code=code, launches=(launch,))


@pytest.fixture
def translatable(suite: Suite, tmp_path: Path) -> Path:
    pairs = [with_cuda(t.pair) for t in suite.tasks if t.name in KERNELS]
    tasks = tuple(Task.make(of=p.id, suite="tiny", name=p.name, pair=p) for p in pairs)
    write(replace(suite, tasks=tasks), tmp_path / "suite")
    return tmp_path / "suite"


def test_rules_answer_are_right_and_timed_and_abstain_with_a_number(
    translatable: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    words = ["eval", str(translatable), "--model", "rules", "--out", str(run)]
    done = CliRunner().invoke(main, [*words, "--compiler", "gcc{flags='-O2 -fopenmp'}"])
    assert done.exit_code == 0, done.output
    scores = {s.name: s for s in jsonl.read(run / "scores.jsonl", Score)}
    for name in ("squares", "rows"):
        assert (scores[name].verdict, scores[name].reason) == ("correct", "")
        assert scores[name].speedup is not None
    assert scores["product"].verdict == "abstained"
    assert "HPC0012" in scores["product"].reason
    again = CliRunner().invoke(main, [*words[:-1], str(tmp_path / "again"), "--seconds", "0"])
    assert again.exit_code == 0, again.output
    first, second = (
        [a.text for a in jsonl.read(folder / "answers.jsonl", Answer)]
        for folder in (run, tmp_path / "again")
    )
    assert first == second
