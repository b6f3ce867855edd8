"""A prompt says all that a model needs, and its record which wording was used."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hpctc.core import resources
from hpctc.core.records import Launch, Pair, Provenance, Task, Tensor
from hpctc.prompt.render import How, fingerprint, prompts

CUDA = """\
__global__ void first(const float *x, float *t) { t[threadIdx.x] = x[threadIdx.x]; }
__global__ void second(const float *t, int *y, int n) { *y = t[0] > n; }
"""


@pytest.fixture
def task() -> Task:
    x = Tensor(name="x", shape=(4, 8), dtype="float32", domain=(-1.0, 1.0))
    pair = Pair.make(
        name="two_kernels",
        category="logic intensive",
        graph="",
        c_code="SECRET",
        cuda_code=CUDA,
        entry="two_kernels",
        launches=(
            Launch(
                kernel="first", grid=(1, 1, 1), block=(32, 1, 1), shared_bytes=0, args=("x", "t")
            ),
            Launch(
                kernel="second",
                grid=(1, 1, 1),
                block=(1, 1, 1),
                shared_bytes=128,
                args=("t", "y", 3),
            ),
        ),
        inputs=(x,),
        outputs=(Tensor(name="y", shape=(), dtype="int32"),),
        intermediates=(Tensor(name="t", shape=(32,), dtype="float32"),),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )
    return Task.make(of=pair.id, suite="tiny", name="two_kernels", pair=pair)


def test_a_prompt_reads_like_this(task: Task, golden: Callable[[str, str], None]) -> None:
    (prompt,) = prompts([task], How("gcc -O3 -fopenmp", threads=2))
    assert prompt.of == task.id
    assert "SECRET" not in prompt.text
    golden("two_kernels.md", prompt.text)


def test_another_wording_is_another_template(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint("prompt/zero-shot.j2")
    (tmp_path / "prompt").mkdir()
    (tmp_path / "prompt" / "zero-shot.j2").write_text("Please: {{ task.prototype }}")
    monkeypatch.setattr(
        resources.templates(), "loader", type(resources.templates().loader)(tmp_path)
    )
    resources.templates().cache.clear()  # type: ignore[union-attr]
    assert fingerprint("prompt/zero-shot.j2") != before
    (prompt,) = prompts([task], How("gcc", threads=1))
    assert prompt.text == "Please: void two_kernels(const float *restrict x, int32_t *restrict y)"
    resources.templates().cache.clear()  # type: ignore[union-attr]
