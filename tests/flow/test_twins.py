"""A twin is in the suite only where it computes what its original does."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import suite
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Launch, Pair, Provenance, Task, Tensor
from hpctc.core.twins import kind_of, original_of
from hpctc.dataset import read
from hpctc.dataset.check import How
from hpctc.flow.twins import KINDS, Twin, _make, suite_of, twins
from hpctc.sandbox.launcher import build

CUMSUM_CUDA = """\
// running sums: x -> y
extern "C" __global__ void __launch_bounds__(64) cumsum_kernel(float* y, const float* x) {
  if (threadIdx.x < 40) {
    float sum = 0.0f;
    for (int i = 0; i < 8; ++i) {
      sum += x[threadIdx.x * 8 + i];
      y[threadIdx.x * 8 + i] = sum;
    }
  }
}
"""

CUMSUM_C = """\
void sums(const float *restrict x, float *restrict y) {
  for (int r = 0; r < 40; ++r) {
    float sum = 0.0f;
    for (int i = 0; i < 8; ++i) y[r * 8 + i] = sum += x[r * 8 + i];
  }
}
"""


@pytest.fixture
def task() -> Task:
    """Running sums of 40 rows: its loop has one legal order."""
    pair = Pair.make(
        name="sums",
        category="logic intensive",
        graph="graph sums(x: f32[40, 8]) {\n  y = cumsum(x, axis=1)\n  return y\n}\n",
        c_code=CUMSUM_C,
        cuda_code=CUMSUM_CUDA,
        entry="sums",
        launches=(
            Launch(
                kernel="cumsum_kernel",
                grid=(1, 1, 1),
                block=(64, 1, 1),
                shared_bytes=0,
                args=("y", "x"),
            ),
        ),
        inputs=(Tensor(name="x", shape=(40, 8), dtype="float32", domain=(-1.0, 1.0)),),
        outputs=(Tensor(name="y", shape=(40, 8), dtype="float32"),),
        flops=320,
        bytes=2560,
        provenance=Provenance(source="operator cumsum", schedules={"c sums": "a", "cuda k": "b"}),
    )
    return Task.make(of=pair.id, suite="s", name="sums", pair=pair)


def test_what_computes_something_else_is_no_twin(task: Task, tmp_path: Path) -> None:
    how = How(tmp_path, build(tmp_path))
    renamed, wrong = (_make(how, (task, kind)) for kind in ("names", "loops"))
    assert wrong.pair is None
    assert "the CUDA computes something else" in wrong.reason
    assert renamed.pair is not None
    assert renamed.pair.is_genuine()
    assert renamed.pair.id != task.of
    assert "cumsum" not in renamed.pair.cuda_code
    assert renamed.pair.c_code == task.pair.c_code
    assert original_of(renamed.pair) == task.of
    assert kind_of(renamed.pair.provenance) == "names"
    done = {c.what for c in renamed.pair.checks}
    assert {"c == float64", "cuda == float64", "rules == float64", "sides agree"} <= done


def test_a_suite_of_twins_links_to_its_originals(task: Task) -> None:
    original = suite.Suite(name="s", description="d", profile="small", seeds=(3,), tasks=(task,))
    other = Pair.make(
        **{
            f: getattr(task.pair, f)
            for f in ("category", "graph", "c_code", "entry", "launches", "inputs", "outputs",
                      "flops", "bytes")
        },
        name="sums.names",
        cuda_code="// other",
        provenance=Provenance(source="twin names", parents=(task.of,)),
    )  # fmt: skip
    made = [Twin("sums", "names", other), Twin("sums", "loops", None, "no")]
    both, alone = (suite_of(original, "t", made, alone) for alone in (False, True))
    assert [t.name for t in both.tasks] == ["sums", "sums.names"]
    assert [t.name for t in alone.tasks] == ["sums.names"]
    assert both.seeds == (3,)
    assert all(t.suite == "t" and t.is_genuine() for t in both.tasks)
    with pytest.raises(HpctcError, match="no task of s has a twin"):
        suite_of(original, "t", made[1:], False)
    with pytest.raises(UsageError, match="no twin of kind 'nmes'"):
        twins(original.tasks, ["nmes"], 1)


@pytest.mark.slow
def test_every_kind_of_twin_of_pairs_of_ours(tmp_path: Path) -> None:
    pairs = {p.name: p for p in read.pairs(read.locate("mini"))}
    tasks = tuple(
        Task.make(of=pairs[n].id, suite="s", name=n, pair=pairs[n])
        for n in ("softmax", "matmul", "argmax", "max_pool2d", "grown_11")
    )
    folder = tmp_path / "s"
    suite.write(suite.Suite(name="s", description="", profile="small", tasks=tasks), folder)
    out = tmp_path / "twins"
    done = CliRunner().invoke(main, ["dataset", "twins", str(folder), "--out", str(out)])
    assert done.exit_code == 0, done.output
    made = suite.load(str(out)).tasks
    kinds = [kind_of(t.pair.provenance) for t in made]
    assert [t.name for t in made[:5]] == [t.name for t in tasks]
    assert all(kinds.count(kind) >= 1 for kind in KINDS)
    assert kinds.count("names") == kinds.count("index") == 5
    assert all(original_of(t.pair) in {o.of for o in tasks} for t in made[5:])
