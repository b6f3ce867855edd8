import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hpctc.core.errors import MissingTool
from hpctc.core.records import Pair, Tensor
from hpctc.dataset.check import Checked, How, check
from hpctc.dataset.rejection import Rejected, Rejection
from hpctc.dataset.sanitize import sanitize
from hpctc.dataset.trials import trials
from hpctc.dataset.votes import Votes, judged
from hpctc.graph.text import parse
from hpctc.native import cuda, gpu
from hpctc.native.call import Array
from hpctc.sandbox import compiling
from hpctc.sandbox.launcher import build
from hpctc.sandbox.layers import given, lacking
from hpctc.transpile.diagnostics import Diagnosed

Make = Callable[..., Pair]


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> How:
    folder = tmp_path_factory.mktemp("check")
    return How(folder=folder, runner=build(folder), cuda="off", seconds=5.0)


def test_a_right_pair_passes_and_says_what_was_checked(relu: Make, how: How) -> None:
    laps: list[str] = []
    passed = check(relu(), how, laps.append)
    assert isinstance(passed, Checked), passed
    by_name = {c.what: c for c in passed.checks}
    assert list(by_name) == [
        "c == float64",
        "empty programs fail",
        "asan+ubsan",
        "launches are complete",
        "cuda not tried",
    ]
    compared = by_name["c == float64"]
    assert compared.seeds == (1, 2, 3, 4, 5)
    assert compared.max_error == 0.0
    assert compared.tolerance is not None
    assert 0 < compared.tolerance < 1e-5
    assert laps == ["admission", "compile", "run", "sanitize", "cuda"]
    assert not [p for p in how.folder.iterdir() if p.suffix in (".so", ".c", ".bin", ".san")]


BODY = "y[i] = x[i] > 0.0f ? x[i] : 0.0f;"
LOSS = " if (i == 7) *(volatile char *)__builtin_malloc(24) = 1;"


@pytest.mark.parametrize(
    ("body", "stage", "reason", "detail"),
    [
        ("y[i] = x[i]", "compile", "gcc refuses the C", "expected"),
        ("y[i] = x[i];", "compare", "computes something else", r"y\[\d+\] is -.*, not 0; "),
        (";", "compare", "computes something else", "nan"),
        ("if (i) " + BODY, "compare", "computes something else", r"y\[0\]"),
        (BODY + " if (x[0] > 0.95f) y[3] += 1e-3f;", "compare", "something else", "seed 2, large"),
        (BODY + " y[i + 40] = y[i];", "run", "the C crashed", "SIGSEGV"),
        (BODY + " y[-1] = 0.0f;", "run", "writes beyond its outputs", "before the start of y"),
        (BODY + " ((float *)x)[i] = 0.0f;", "run", "the C crashed", "SIGSEGV"),
        (BODY + " while (y[99] == y[99]);", "run", "the C timed out", "no answer"),
        (BODY + " (void)*(volatile float *)(x + 100);", "run", "a sanitizer objects", "overflow"),
        (BODY + " y[0] += 0 * (1 << (i + 31));", "run", "a sanitizer objects", "shift"),
        (BODY + LOSS, "run", "a sanitizer objects", "a call leaks 24 bytes"),
    ],
)
def test_what_is_wrong_with_the_c_is_found(
    relu: Make, how: How, body: str, stage: str, reason: str, detail: str
) -> None:
    code = relu().c_code
    wrong = relu(c_code=code.replace(BODY, body))
    assert wrong.c_code != code
    found = check(wrong, replace(how, seconds=1.0))
    assert isinstance(found, Rejected)
    assert found.stage == stage
    assert reason in found.reason
    assert re.search(detail, found.detail), found.detail


def test_the_run_under_sanitizers_opens_no_file(
    relu: Make, how: How, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lacking(given(how.runner), [("landlock", "mounts")]):
        pytest.skip("this host gives no fence of files")
    secret = tmp_path / "secret"
    secret.touch()
    opened = (
        f'\nint open(const char *, int, ...); if (i == 7 && open("{secret}", 0) >= 0) y[-1] = 0;'
    )
    pair = relu(c_code=relu().c_code.replace(BODY, BODY + opened))
    inputs = [np.ones(100, np.float32)]
    assert sanitize(pair, inputs, how.folder, how.runner, 60.0) is None
    monkeypatch.setattr(compiling, "given", lambda runner: ())
    assert "overflow" in str(sanitize(pair, inputs, how.folder, how.runner, 60.0))


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        ("graph g(x: f32[100]) {\n  y = x * 0.0\n  return y\n}\n", "would write zeros"),
        ("graph g(x: f32[100] in [1, 2]) {\n  y = relu(x)\n  return y\n}\n", "copy an input"),
        ("graph g(x: f32[9]) {\n  y = isfinite(x)\n  return y\n}\n", "one constant"),
        (
            "graph g(x: f32[9]) {\n  a = x * 3.0\n  b = a / 3.0\n  y = b > x\n  return y\n}\n",
            "rounding decides",
        ),
        ("graph g(x: f32[9]) {\n  y = isnan(x)\n  return y\n}\n", "would write zeros"),
    ],
)
def test_a_graph_that_an_empty_program_computes_is_not_admitted(
    relu: Make, how: How, graph: str, reason: str
) -> None:
    found = check(relu(graph=graph), how)
    assert isinstance(found, Rejected)
    assert (found.stage, reason in found.reason) == ("admission", True), found


def test_a_copy_is_right_where_the_graph_is_a_copy(relu: Make, how: How) -> None:
    graph = "graph g(x: f32[100]) {\n  y = reshape(x, shape=[10, 10])\n  return y\n}\n"
    outputs = (Tensor(name="y", shape=(10, 10), dtype="float32"),)
    code = relu().c_code.replace(BODY, "y[i] = x[i];")
    found = check(relu(graph=graph, c_code=code, outputs=outputs), how)
    assert isinstance(found, Checked), found


def test_cuda_that_cannot_be_launched_is_rejected(relu: Make, how: How) -> None:
    found = check(relu(launches=()), how)
    assert isinstance(found, Rejected)
    assert (found.stage, found.reason) == ("cuda", "the launches are not complete")


def test_right_cuda_is_compiled_and_emulated(relu: Make, how: How) -> None:
    passed = check(relu(), replace(how, cuda="auto"))
    assert isinstance(passed, Checked), passed
    emulated = next(c for c in passed.checks if c.what == "cuda == float64")
    assert emulated.seeds == (1, 2)
    assert emulated.max_error == 0.0
    assert emulated.detail == "uniform, emulate; large, emulate{order=reverse,guard=left}"
    agreed = next(c for c in passed.checks if c.what == "sides agree")
    assert (agreed.seeds, agreed.max_error, agreed.detail) == ((1, 2), 0.0, "c, cuda, rules")
    if cuda.tool() is not None:
        assert any(c.what == "cuda compiles" for c in passed.checks)
        assert passed.figures["registers"] > 0


@pytest.mark.parametrize(
    ("before", "after", "reason", "detail"),
    [
        ("0.0f)", "-0.5f)", "computes something else", r"y\[\d+\] is -.*, not 0"),
        ("< 100)", "< 110)", "goes wrong: out of bounds", "has 100 elements"),
        ("< 100)", "< 99)", "computes something else", "nan"),
        ("fmaxf(", "y[0] + fmaxf(", "computes something else", ""),
        ("fmaxf(", "fmaxx(", "does not compile", "fmaxx"),
    ],
)
def test_wrong_cuda_is_found(
    relu: Make, how: How, before: str, after: str, reason: str, detail: str
) -> None:
    code = relu().cuda_code
    assert before in code
    if reason == "does not compile" and cuda.tool() is None:
        pytest.skip("there is neither NVRTC nor nvcc")
    found = check(relu(cuda_code=code.replace(before, after)), replace(how, cuda="auto"))
    assert isinstance(found, Rejected), found
    assert found.stage == "cuda"
    assert reason in found.reason
    assert re.search(detail, found.detail), found.detail


@pytest.mark.parametrize(
    ("after", "stage", "reason"),
    [
        ("y[i] = x[i];", "compare", "the transpiled CUDA computes something else"),
        ("y[i] = ;", "compile", "gcc refuses the transpiled CUDA"),
        (BODY + " y[i + 40] = y[i];", "run", "the transpiled CUDA crashed"),
        (None, "transpile", "the CUDA cannot be transpiled"),
    ],
)
def test_the_transpiled_cuda_is_a_vote(
    relu: Make,
    how: How,
    monkeypatch: pytest.MonkeyPatch,
    after: str | None,
    stage: str,
    reason: str,
) -> None:
    def mistaken(pair: Pair) -> str:
        if after is None:
            raise Diagnosed("HPC0012")
        return pair.c_code.replace(BODY, after)

    monkeypatch.setattr("hpctc.transpile.transpile_pair", mistaken)
    found = check(relu(), replace(how, cuda="auto"))
    assert isinstance(found, Rejected), found
    assert (found.stage, found.reason) == (stage, reason)


def test_a_gpu_is_the_fourth_vote(relu: Make, how: How, monkeypatch: pytest.MonkeyPatch) -> None:
    if cuda.tool() is None:
        pytest.skip("there is neither NVRTC nor nvcc")
    wrong = 0.0

    def run(job: gpu.Job) -> dict[str, Array]:
        (step,) = job.steps
        assert (step.kernel, step.grid, step.block) == ("relu_kernel", (2, 1, 1), (64, 1, 1))
        assert step.args == ("y", "x")
        assert np.isnan(job.buffers["y"]).all()
        assert job.image.startswith(b"\x7fELF")
        return {"y": np.maximum(job.buffers["x"], 0) + np.float32(wrong)}

    monkeypatch.setattr(gpu, "arch", lambda: "sm_90")
    monkeypatch.setattr(gpu, "run", run)
    passed = check(relu(), replace(how, cuda="auto"))
    assert isinstance(passed, Checked), passed
    assert passed.checks[-1].detail == "c, cuda, gpu, rules"
    assert next(c for c in passed.checks if c.what == "gpu == float64").seeds == (1, 2)
    wrong = 0.1
    found = check(relu(), replace(how, cuda="auto"))
    assert isinstance(found, Rejected), found
    assert found.reason == "the CUDA on the GPU computes something else"


@pytest.mark.cuda
def test_a_real_gpu_votes(relu: Make, how: How) -> None:
    passed = check(relu(), replace(how, cuda="auto"))
    assert isinstance(passed, Checked), passed
    assert passed.checks[-1].detail == "c, cuda, gpu, rules"


def test_sides_that_are_right_one_by_one_may_still_disagree(relu: Make) -> None:
    trial = trials(parse(relu().graph))[0]
    right = trial.right.outputs["y"]
    step = 0.8 * trial.right.tolerance * (np.abs(right) + 1)
    votes = Votes([trial])
    for side, sign in (("c", 1), ("rules", -1)):
        outputs = {"y": (right + sign * step).astype(np.float32)}
        assert judged(side, "compare", outputs, trial) <= trial.right.tolerance
        votes.cast(side, outputs)
    with pytest.raises(Rejection, match="two sides disagree") as problem:
        votes.agreement()
    assert "c and rules differ by" in problem.value.rejected.detail


def test_a_required_compiler_that_is_missing_is_told(
    relu: Make, how: How, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "nvrtc_library", lambda: None)
    there = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "nvcc" else there(name))
    with pytest.raises(MissingTool, match="neither NVRTC nor nvcc"):
        check(relu(), replace(how, cuda="require"))
    passed = check(relu(), replace(how, cuda="auto"))
    assert isinstance(passed, Checked)
    assert "there was neither NVRTC nor nvcc" in [c.detail for c in passed.checks]


def test_a_domain_is_kept_when_inputs_are_drawn(relu: Make, how: How, tmp_path: Path) -> None:
    # acosh is NaN below 1: it is only ever asked from 1 on.
    graph = "graph g(x: f32[100] in [1, 3]) {\n  y = acosh(x)\n  return y\n}\n"
    code = "#include <math.h>\n" + relu().c_code.replace(BODY, "y[i] = acoshf(x[i]);")
    passed = check(relu(graph=graph, c_code=code), how)
    assert isinstance(passed, Checked), passed
