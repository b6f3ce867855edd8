"""Candidates built and verified per minute, against torch.utils.cpp_extension.load in-process.

``python benchmarks/throughput.py [--rounds N] [--batch N] [--json FILE]``: in every round, one
candidate goes the way that most kernel benchmarks go (a C++ extension of torch, loaded into the
process, called, compared with ``allclose``), and then a batch of candidates goes ours (built in the
jail, called in a child on all cases of a suite, compared with the float64 meaning). No two
candidates have the same text, so nothing comes from a cache. The ratio is that of the rates of the
same round; below it stands a 95 % bootstrap interval over the rounds. What the two do is not the
same: ours checks more inputs, in a jail. With ``--checks`` the sanitizers run too.

Needs ninja and g++ (``pip install ninja``). Bar: 50x on build and verify.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import torch
from torch.utils import cpp_extension

from hpctc.core.records import Answer, Candidate, Pair, Provenance, Task, Tensor
from hpctc.core.suite import Suite
from hpctc.evaluate import sanitize
from hpctc.evaluate.bench import Attempt, Bench
from hpctc.evaluate.building import build
from hpctc.evaluate.verify import verify
from hpctc.native import host
from hpctc.native.compiler import compiler
from hpctc.sandbox import launcher
from hpctc.sandbox.limits import Limits
from hpctc.sandbox.process import Setup, cores

ROWS, COLUMNS = 512, 1000

GRAPH = f"""\
graph squares(x: f32[{ROWS}, {COLUMNS}] in [-3, 3]) {{
  y = relu(x)
  return y
}}
"""

CODE = """\
void squares(const float *restrict x, float *restrict y) {{
  /* candidate {number} */
  #pragma omp parallel for
  for (int i = 0; i < {size}; i++) y[i] = x[i] > 0.0f ? x[i] : 0.0f;
}}
"""

BINDING = """\
#include <torch/extension.h>
extern "C" {{
{code}
}}
torch::Tensor call(torch::Tensor x) {{
  auto y = torch::full_like(x, NAN);
  squares(x.data_ptr<float>(), y.data_ptr<float>());
  return y;
}}
PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {{ m.def("call", &call); }}
"""

CALLS = 20
"""Timed calls of the in-process way."""

FLAGS = "-O3 -march=native -fopenmp"


@dataclass(frozen=True)
class Round:
    """What one round gave."""

    theirs_per_minute: float
    ours_per_minute: float

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours_per_minute / self.theirs_per_minute


def codes() -> Iterator[str]:
    """Candidates that are right and never the same text."""
    start = time.time_ns()
    return (CODE.format(number=start + n, size=ROWS * COLUMNS) for n in count())


def in_process(code: str, folder: Path) -> None:
    """Build an extension, load it, call it, compare it, time it."""
    binding = BINDING.format(code=code.replace("restrict", "__restrict__"))
    name = f"candidate_{time.time_ns()}"
    (folder / name).mkdir()
    source = folder / name / "candidate.cpp"
    source.write_text(binding)
    module = cpp_extension.load(
        name,
        [str(source)],
        extra_cflags=FLAGS.split(),
        extra_ldflags=["-fopenmp"],
        build_directory=str(folder / name),
    )
    x = torch.empty(ROWS, COLUMNS).uniform_(-3, 3)
    for _ in range(CALLS):
        made = module.call(x)
    assert torch.allclose(made, x.relu())


def ours(found: list[str], task: Task, suite: Suite, bench: Bench) -> None:
    """Build and verify a batch."""
    attempts = []
    for sample, code in enumerate(found):
        answer = Answer.make(of="prompt", model="benchmark", sample=sample, text=code)
        attempts.append(Attempt(task, answer, Candidate.make(of=answer.id, source=code)))
    built = build(attempts, bench)
    ready = (replace(a, build=b) for a, b in zip(attempts, built, strict=True))
    judged = verify(ready, suite, bench)
    assert [v.verdict for v in judged] == ["correct"] * len(found)


def per_minute(work: Callable[[], None], candidates: int) -> float:
    """Candidates a minute."""
    began = time.perf_counter()
    work()
    return 60 * candidates / (time.perf_counter() - began)


def task_of() -> Task:
    """Relu of half a million elements."""
    shape = (ROWS, COLUMNS)
    pair = Pair.make(
        name="squares",
        category="elementwise",
        graph=GRAPH,
        c_code=CODE.format(number=0, size=ROWS * COLUMNS),
        cuda_code="",
        entry="squares",
        launches=(),
        inputs=(Tensor(name="x", shape=shape, dtype="float32", domain=(-3.0, 3.0)),),
        outputs=(Tensor(name="y", shape=shape, dtype="float32"),),
        flops=ROWS * COLUMNS,
        bytes=8 * ROWS * COLUMNS,
        provenance=Provenance(source="benchmark"),
    )
    return Task.make(of=pair.id, suite="benchmark", name="squares", pair=pair)


def measure(rounds: int, batch: int, checks: bool) -> list[Round]:
    """Rounds of one candidate theirs and a batch ours."""
    task, stock = task_of(), codes()
    suite = Suite(name="benchmark", description="", profile="small")
    jobs = len(os.sched_getaffinity(0))
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        setup = Setup(launcher.build(folder), Limits(), cores(None))
        tiers = sanitize.named(None) if checks else ()
        bench = Bench(setup, compiler(f"gcc{{flags='{FLAGS}'}}"), folder, jobs, tiers)
        for number in range(rounds):
            code, batch_of = next(stock), [next(stock) for _ in range(batch)]
            theirs = per_minute(lambda c=code: in_process(c, folder), 1)  # type: ignore[misc]
            mine = per_minute(lambda b=batch_of: ours(b, task, suite, bench), batch)  # type: ignore[misc]
            found.append(Round(theirs, mine))
            print(f"round {number + 1}: theirs {theirs:.2f}, ours {mine:.1f} a minute")
    return found


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--checks", action="store_true", help="run the sanitizers too")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = measure(asked.rounds, asked.batch, asked.checks)
    ratios = np.array([r.ratio for r in found])
    draw = np.random.default_rng(0).choice(ratios, (10_000, len(ratios)))
    low, high = np.percentile(np.exp(np.log(draw).mean(axis=1)), [2.5, 97.5])
    middle = float(np.exp(np.log(ratios).mean()))
    theirs = np.median([r.theirs_per_minute for r in found])
    mine = np.median([r.ours_per_minute for r in found])
    print(f"torch.utils.cpp_extension {theirs:8.2f} candidates a minute")
    print(f"hpctc, {'with' if asked.checks else 'without'} sanitizers {mine:8.1f}")
    print(f"ratio {middle:.1f}x [{low:.1f}, {high:.1f}]")
    if asked.json:
        document = {
            "host": dict(host.facts()),
            "rounds": [asdict(r) for r in found],
            "ratio": middle,
            "interval": [low, high],
            "checks": asked.checks,
        }
        asked.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
