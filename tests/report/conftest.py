"""Run folders written by hand: all records, scores and raw times, as an evaluation leaves them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from hpctc.core import jsonl
from hpctc.core.records import (
    Answer,
    Build,
    Candidate,
    Launch,
    Pair,
    Prompt,
    Provenance,
    Record,
    Task,
    Tensor,
    Timing,
    Verdict,
)
from hpctc.score import score

SETTINGS = {
    "suite": "tiny",
    "suite_id": "s1",
    "model": "replay",
    "samples": 1,
    "compiler": "gcc",
    "flags": "-O3 -march=native -fopenmp",
    "threads": 2,
    "seconds": 1.0,
    "seeds": [1, 2],
    "distributions": ["uniform"],
    "baseline": "reference",
}
HOST = {"cpu": "Example 9000", "cores": "2", "machine": "x86_64"}

REASONS = {
    "wrong": "y[0, 3] is 1, expected 2 (17 of 4,096 elements differ; seed 1, uniform)",
    "not built": "code.c:3:7: error: unknown type name 'half'",
    "abstained": "the model gave no answer",
    "not found": "the answer holds no C code",
}

Write = Callable[..., Path]
Outcome = float | str | list[float | str]
"""A speedup, or the class of what went wrong; a list: several samples."""


def _pair(name: str) -> Pair:
    return Pair.make(
        name=name,
        category="elementwise" if name < "n" else "reduction",
        graph=f"graph {name}_op(x: f32[64, 64] in [-1, 1]) {{\n  v0 = relu(x)\n  return v0\n}}\n",
        c_code=f"void {name}(const float *restrict x, float *restrict y) {{\n"
        "    for (int i = 0; i < 4096; i++) {\n"
        "        y[i] = x[i] > 0.0f ? x[i] : 0.0f;\n    }\n}\n",
        cuda_code=f'extern "C" __global__ void {name}_kernel(float *y, const float *x) {{\n'
        "  y[blockIdx.x * 64 + threadIdx.x] = max(x[blockIdx.x * 64 + threadIdx.x], 0.0f);\n}\n",
        entry=name,
        launches=(
            Launch(
                kernel=f"{name}_kernel",
                grid=(64, 1, 1),
                block=(64, 1, 1),
                shared_bytes=0,
                args=("y", "x"),
            ),
        )
        * (3 if name == "conv" else 1),
        inputs=(Tensor(name="x", shape=(64, 64), dtype="float32", domain=(-1.0, 1.0)),),
        outputs=(Tensor(name="y", shape=(64, 64), dtype="float32"),),
        flops=4096,
        bytes=32768,
        provenance=Provenance(source=f"operator {name}", effort="fast"),
    )


class Sheaf:
    """The records of a run while it is written."""

    def __init__(self, name: str, noise: float, pairs: int, code: str) -> None:
        self.random = np.random.default_rng([ord(c) for c in name])
        self.noise, self.pairs, self.code = noise, pairs, code
        self.stages: dict[str, list[Record]] = {
            stage: []
            for stage in (
                "tasks", "prompts", "answers", "candidates", "builds", "verdicts", "timings",
            )
        }  # fmt: skip

    def task(self, name: str, outcome: Outcome) -> None:
        pair = _pair(name)
        task = Task.make(of=pair.id, suite="tiny", name=name, pair=pair)
        prompt = Prompt.make(of=task.id, template="zero", text=f"Translate {name} <now> & here.")
        self.stages["tasks"].append(task)
        self.stages["prompts"].append(prompt)
        for number, one in enumerate(outcome if isinstance(outcome, list) else [outcome]):
            self.sample(pair, prompt, number, one)

    def sample(self, pair: Pair, prompt: Prompt, number: int, outcome: float | str) -> None:
        kind = "correct" if isinstance(outcome, float) else outcome
        reason = REASONS.get(kind, "" if kind == "correct" else f"it {kind}")
        silent = kind in ("abstained", "not found")
        source = None if silent else f"/* {self.code} {number} */\n{pair.c_code}"
        text = None if kind == "abstained" else source or "I cannot."
        answer = Answer.make(of=prompt.id, model="replay", sample=number, text=text, reason=reason)
        candidate = Candidate.make(of=answer.id, source=source, reason=reason if silent else "")
        ok = not silent and kind != "not built"
        build = Build.make(of=candidate.id, compiler="gcc", ok=ok, log="" if ok else reason)
        jail = ("rlimits", "seccomp") if ok else ()
        verdict = Verdict.make(of=build.id, verdict=kind, detail=reason, seeds=(1, 2), jail=jail)
        for stage, record in (
            ("answers", answer),
            ("candidates", candidate),
            ("builds", build),
            ("verdicts", verdict),
        ):
            self.stages[stage].append(record)
        if isinstance(outcome, float):
            self.stages["timings"].append(self.timing(verdict, outcome))

    def timing(self, verdict: Verdict, speedup: float) -> Timing:
        times = 1e6 * self.random.lognormal(0.0, self.noise, (2, self.pairs))
        return Timing.make(
            of=verdict.id,
            baseline="reference",
            threads=2,
            candidate_ns=tuple((times[0] / speedup).astype(int).tolist()),
            baseline_ns=tuple(times[1].astype(int).tolist()),
            host={"load": "0.10"},
        )


@pytest.fixture
def write_run(tmp_path: Path) -> Write:
    """``write(name, {task: outcome}, noise=..., **settings)`` -> the run's folder.

    Runs of the same ``code`` hold the same C; else each has its own.
    """

    def write(
        name: str,
        tasks: Mapping[str, Outcome],
        noise: float = 0.002,
        pairs: int = 40,
        code: str | None = None,
        **settings: object,
    ) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        document = {"settings": {**SETTINGS, **settings}, "host": HOST, "versions": {"gcc": "12"}}
        (folder / "run.json").write_text(json.dumps(document))
        sheaf = Sheaf(name, noise, pairs, name if code is None else code)
        for task, outcome in tasks.items():
            sheaf.task(task, outcome)
        s = sheaf.stages
        for stage, records in s.items():
            jsonl.write(folder / f"{stage}.jsonl", records)
        judged = (s["candidates"], s["builds"], s["verdicts"])
        found = score(s["tasks"], s["prompts"], s["answers"], judged, s["timings"])  # type: ignore[arg-type]
        jsonl.write(folder / "scores.jsonl", found)
        return folder

    return write
