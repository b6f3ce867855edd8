"""Every operator becomes CUDA that computes it: run on the CPU by the emulator, and compiled."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from hpctc.core.errors import UsageError
from hpctc.emulate import races
from hpctc.emulate.run import Buffers
from hpctc.graph import samples
from hpctc.graph.ir import Graph
from hpctc.graph.meaning import draw, evaluate
from hpctc.graph.text import parse
from hpctc.lower.cuda import Cuda, CudaSide, generate
from hpctc.lower.cuda.measure import runner
from hpctc.lower.cuda.schedule import candidates
from hpctc.lower.cuda.source import MAX_THREADS, emit
from hpctc.lower.plan import Plan
from hpctc.lower.relax import plan
from hpctc.native import cuda as compilers

ALL = samples.all_samples()
NUMBERED = [(i, g) for i, g in ALL if i.rpartition("-")[2].isdigit()]
"""The declared samples, without their copies in other element types."""

FIRST = [(i, g) for i, g in ALL if i.endswith("-0")]
TOLERANCE = {"float32": 1e-5, "float16": 4e-3}

MLP = """
graph mlp(x: f32[24, 40], w: f32[40, 56], b: f32[56]) {
  h = gelu(x @ w + b)
  p = softmax(h)
  q = softmax(p)
  return q
}
"""


def launchable(made: Plan, side: CudaSide) -> None:
    """The record alone is enough, and every buffer is written before it is read."""
    tensors = [*made.inputs, *made.outputs, *side.intermediates]
    names = [t.name for t in tensors]
    assert len(set(names)) == len(names)
    known = {t.name for t in made.inputs}
    kernels = dict(parameters(side.code))
    assert len(kernels) == side.code.count("__global__")
    assert set(kernels) == {launch.kernel for launch in side.launches}
    for launch in side.launches:
        params = kernels[launch.kernel]
        assert len(params) == len(launch.args)
        bound = dict(zip(params, launch.args, strict=True))
        x, y, z = launch.block
        assert 0 < x * y * z <= MAX_THREADS
        assert all(n > 0 for n in launch.grid)
        assert {a for p, a in bound.items() if "const" in p} <= known
        known |= {str(a) for p, a in bound.items() if "const" not in p}
    assert {t.name for t in made.outputs} <= known


def parameters(code: str) -> Sequence[tuple[str, list[str]]]:
    """Name and parameters of every kernel of a text."""
    found = []
    for part in code.split('extern "C" __global__ void ')[1:]:
        head = part.partition(") {")[0].partition("\n")[2]
        name, _, params = head.partition("(")
        found.append((name, [p.strip() for p in params.split(",")]))
    return found


def emulated(graph: Graph, made: Plan, side: CudaSide) -> None:
    """Run in three thread orders between guard pages; compare with the meaning."""
    inputs = draw(graph, seed=5)
    buffers = Buffers(inputs=made.inputs, outputs=made.outputs, intermediates=side.intermediates)
    given = {t.name: a for t, a in zip(made.inputs, inputs.values(), strict=True)}
    ran = races(side.code, side.launches, buffers, given)
    assert ran.ok, ran.findings
    meaning = evaluate(graph, inputs)
    for name, tensor in zip(graph.outputs, made.outputs, strict=True):
        got, want = ran.outputs[tensor.name].astype(np.float64), meaning[name]
        error = np.abs(got - want) / (np.abs(want) + 1)
        assert np.max(error) <= TOLERANCE.get(tensor.dtype, 0.0)


@pytest.mark.parametrize("graph", [g for _, g in NUMBERED], ids=[i for i, _ in NUMBERED])
def test_every_operator_has_complete_launches(graph: Graph) -> None:
    made = plan(graph)
    launchable(made, generate(made))


@pytest.mark.parametrize("graph", [g for _, g in FIRST[::3]], ids=[i for i, _ in FIRST[::3]])
def test_kernels_compute_what_the_operator_means(graph: Graph) -> None:
    made = plan(graph)
    emulated(graph, made, generate(made))


@pytest.mark.slow
@pytest.mark.parametrize("graph", [g for _, g in ALL], ids=[i for i, _ in ALL])
def test_all_kernels_compute_what_the_operator_means(graph: Graph) -> None:
    made = plan(graph)
    side = generate(made)
    launchable(made, side)
    emulated(graph, made, side)


COMPOSED = {
    "a roll below a fused quotient": """
graph shifted(b: i32[4, 7], c: i32[2, 14]) {
  v0 = repeat(b, repeats=2, axis=1)
  v1 = square(roll(v0, shift=1, axis=1))
  v2, v3 = split(v1, parts=2, axis=0)
  y = v2 - v3 + c
  return y
}
""",
    "kernels of one thread": """
graph scaled(a: f32[2, 3, 14, 14], b: f32[2, 6]) {
  y = a * logsumexp(b)
  return y
}
""",
    "products and rows": MLP,
    "window with epilogue": """
graph net(x: f32[1, 8, 20, 20], w: f32[8, 1, 3, 3]) {
  y = relu(conv2d(x, w, padding=[1, 1], groups=8)) * 2.0
  z = avg_pool2d(y, kernel=[2, 2], stride=[2, 2])
  return y, z
}
""",
    "a number": """
graph norm(x: f32[40, 50]) {
  y = log1p(abs(sum(x * x)))
  return y
}
""",
    "long sums of groups": """
graph groups(x: f32[2, 8, 10, 10], g: f32[8], b: f32[8]) {
  y = group_norm(x, g, b, groups=2)
  return y
}
""",
    "several results": """
graph parts(x: f32[6, 10]) {
  a, b = split(x, parts=2, axis=1)
  y = a * b
  return y, b
}
""",
    "sums over threads that end inside a block": """
graph head(x: f32[1, 8], y: f32[1, 8], down: f32[2, 8], up: f32[9, 2], v: f32[40, 17]) {
  a = dense(relu(dense(x, down)), up)
  b = dense(relu(dense(y, down)), up)
  c = max(v, axes=[1])
  return a, a + b, c
}
""",
    "bools behind a product": """
graph masked(x: f32[64, 64], y: f32[64, 64], m: bool[96, 80]) {
  z = where(slice(m, begin=[32, 16], end=[96, 80]), x @ y, x)
  return z
}
""",
    "half products": """
graph half(a: f16[40, 48], b: f16[48, 72], c: f16[72]) {
  y = relu(a @ b + c)
  return y
}
""",
}


@pytest.mark.parametrize("text", COMPOSED.values(), ids=COMPOSED.keys())
@pytest.mark.parametrize("fuse", [True, False], ids=["fused", "apart"])
def test_composed_graphs_run_from_their_records(text: str, fuse: bool) -> None:
    graph = parse(text)
    made = plan(graph, fuse)
    side = generate(made)
    launchable(made, side)
    emulated(graph, made, side)


def test_steps_that_share_a_function_share_its_kernels() -> None:
    side = generate(plan(parse(MLP)))
    names = [launch.kernel for launch in side.launches]
    assert names == ["fused_matmul_add_gelu_kernel", "softmax_kernel", "softmax_kernel"]
    assert side.launches[1].args == ("t0", "t1")
    assert side.launches[2].args == ("t1", "q")
    assert side.code.count("softmax_kernel(") == 1


def test_the_same_plan_gives_the_same_bytes() -> None:
    first, second = (generate(plan(parse(MLP))) for _ in range(2))
    assert first == second


def test_every_candidate_is_right() -> None:
    graph = parse(COMPOSED["products and rows"])
    made = plan(graph)
    for n in range(2):
        step = made.steps[n]
        texts = [c.text for c in candidates(step.func, Cuda())]
        assert texts[0].startswith("dlight")
        assert texts[-1] == "threads{block=256,shared=false}"
        assert all(emit(c.func, "k", "sm_80").launches for c in candidates(step.func, Cuda()))


@pytest.mark.slow  # TVM loads its tensor intrinsics, half a minute
def test_samples_of_the_design_space_are_right_and_repeat() -> None:
    graph = parse("graph g(a: f32[64, 64], b: f32[64, 64]) {\n y = a @ b\n return y\n}")
    (step,) = plan(graph).steps
    how = Cuda(samples=2, seed=3)
    drawn = [c for c in candidates(step.func, how) if "sch.sample" in c.text]
    again = [c for c in candidates(step.func, how) if "sch.sample" in c.text]
    assert [c.text for c in drawn] == [c.text for c in again]
    assert len(drawn) == 2


@pytest.mark.slow  # TVM loads its tensor intrinsics, half a minute
def test_tensor_cores_multiply_halves() -> None:
    graph = parse("graph g(a: f16[128, 128], b: f16[128, 128]) {\n y = a @ b\n return y\n}")
    made = plan(graph)
    side = generate(made, Cuda(tensor_cores=True))
    assert "nvcuda::wmma::mma_sync" in side.code
    assert side.launches[0].shared_bytes > 0
    emulated(graph, made, side)


GOLDENS = {
    "matmul": "graph g(a: f32[64, 64], b: f32[64, 64]) {\n y = a @ b\n return y\n}",
    "softmax": "graph g(x: f32[64, 100]) {\n y = softmax(x)\n return y\n}",
    "conv2d": "graph g(x: f32[1, 3, 9, 11], w: f32[4, 3, 3, 3]) {\n"
    " y = relu(conv2d(x, w, padding=[1, 1]))\n return y\n}",
    "max_pool2d": "graph g(x: f32[1, 4, 8, 8]) {\n"
    " y = max_pool2d(x, kernel=[2, 2], stride=[2, 2])\n return y\n}",
    "gelu": "graph g(x: f32[1000]) {\n y = gelu(x)\n return y\n}",
    "transpose": "graph g(x: f32[64, 96]) {\n y = transpose(x, perm=[1, 0])\n return y\n}",
}


@pytest.mark.parametrize("name", GOLDENS)
def test_cuda_reads_like_this(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.cu", generate(plan(parse(GOLDENS[name]))).code)


@pytest.mark.skipif(compilers.tool() is None, reason="no CUDA compiler here")
def test_a_handful_compiles_for_both_architectures() -> None:
    codes = [generate(plan(parse(GOLDENS[name]))).code for name in ("matmul", "softmax")]
    codes.append(generate(plan(parse(COMPOSED["half products"]))).code)
    for code in codes:
        using = compilers.tool(code)
        assert using is not None
        built = compilers.compile_check(code, using)
        assert built.ok, built.log
        assert built.spill_bytes == 0


@pytest.mark.slow
@pytest.mark.skipif(compilers.tool() is None, reason="no CUDA compiler here")
@pytest.mark.parametrize("graph", [g for _, g in ALL], ids=[i for i, _ in ALL])
def test_everything_compiles_for_both_architectures(graph: Graph) -> None:
    code = generate(plan(graph)).code
    using = compilers.tool(code)
    assert using is not None
    built = compilers.compile_check(code, using)
    assert built.ok, built.log


def test_a_runner_needs_its_gpu_or_tracker() -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        runner(Cuda(runner="rpc", tracker="nowhere"))


def test_the_options_are_text() -> None:
    how: Any = Cuda(arch="sm_90", samples=3)
    assert str(how) == "cuda{arch=sm_90,samples=3}"
