"""A prompt says all that a model needs, and its record which wording was used."""

from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

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


def test_a_few_shot_prompt_reads_like_this(task: Task, golden: Callable[[str, str], None]) -> None:
    shot = Pair.make(
        name="copy",
        category="elementwise",
        graph="",
        c_code="void copy(const float *restrict x, float *restrict y) {\n  y[0] = x[0];\n}\n",
        cuda_code="__global__ void copy_kernel(const float *x, float *y) { y[0] = x[0]; }\n",
        entry="copy",
        launches=(
            Launch(
                kernel="copy_kernel", grid=(1, 1, 1), block=(1, 1, 1), shared_bytes=0,
                args=("x", "y"),
            ),
        ),
        inputs=(Tensor(name="x", shape=(1,), dtype="float32"),),
        outputs=(Tensor(name="y", shape=(1,), dtype="float32"),),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )  # fmt: skip
    how = How("gcc -O3 -fopenmp", threads=1)
    (prompt,) = prompts([task], how, {task.id: [shot]})
    assert prompt.shots == (shot.id,)
    assert prompt.template == fingerprint("prompt/few-shot.j2")
    assert "SECRET" not in prompt.text
    golden("few_shot.md", prompt.text)
    # What comes before the examples is the same for every task.
    (other,) = prompts([task], how, {task.id: [shot, shot]})
    assert other.text[: other.text.index("# Example 2")].startswith(
        prompt.text[: prompt.text.index("# Your task")]
    )
    (without,) = prompts([task], how, {task.id: []})
    (plain,) = prompts([task], how)
    assert without == plain


def test_a_version_covers_what_a_template_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources.templates(), "loader", FileSystemLoader(tmp_path))
    (tmp_path / "outer.j2").write_text("{% import 'inner.j2' as inner %}")
    (tmp_path / "inner.j2").write_text("one")
    before = fingerprint("outer.j2")
    (tmp_path / "inner.j2").write_text("two")
    assert fingerprint("outer.j2") != before


def test_another_wording_is_another_template(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprint("prompt/zero-shot.j2")
    (tmp_path / "prompt").mkdir()
    (tmp_path / "prompt" / "zero-shot.j2").write_text("Please: {{ task.prototype }}")
    monkeypatch.setattr(resources.templates(), "loader", FileSystemLoader(tmp_path))
    resources.templates().cache.clear()  # type: ignore[union-attr]
    assert fingerprint("prompt/zero-shot.j2") != before
    (prompt,) = prompts([task], How("gcc", threads=1))
    assert prompt.text == "Please: void two_kernels(const float *restrict x, int32_t *restrict y)"
    resources.templates().cache.clear()  # type: ignore[union-attr]
